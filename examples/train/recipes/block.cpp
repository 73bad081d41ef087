// SPDX-License-Identifier: MIT
// Block formats: MX and NVFP4.
#include "common.hpp"

namespace train {

std::vector<Recipe> block_recipes(const RecipeOptions& options) {
  namespace recipes = nf::recipes;
  const LayerMaker bfloats = bfloat16_layer(options);
  return {
      {.name = "mxfp8",
       .summary = "E4M3 in blocks of 32 (OCP MX; arXiv 2506.08027)",
       .layers = {layer<recipes::Mxfp8<Sums>>(options), {}, bfloats},
       .weights = adamw<Floats>()},
      {.name = "mxfp6",
       .summary = "E3M2 in blocks of 32, weights, activations and gradients (OCP MX)",
       .layers = {layer<recipes::Mxfp6<Sums>>(options), {}, bfloats},
       .weights = adamw<Floats>()},
      {.name = "mxfp4",
       .summary = "bfloat16 forward, MXFP4 backward: 3/4, Hadamard, stochastic (Tseng et al. 2025)",
       .layers = {layer<recipes::Mxfp4<nf::FloatCast<nf::bfloat16>, Sums>>(options), {}, bfloats},
       .weights = adamw<Floats>(),
       .row_multiple = 64},
      {.name = "nvfp4",
       .summary =
           "NVFP4, 16 x 16 weights, Hadamard for dw, stochastic gradients (arXiv 2509.25149)",
       .layers = {layer<recipes::Nvfp4<Sums>>(options), {}, bfloats},
       .weights = adamw<Floats>(),
       .row_multiple = 16},
  };
}

}  // namespace train
