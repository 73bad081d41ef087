// SPDX-License-Identifier: MIT
// Block formats: MX and NVFP4.
#include "common.hpp"

namespace train {

namespace {

using Bfloat = nf::FloatCast<nf::bfloat16>;
/// One pass of NVFP4; the other has bfloat16 operands.
struct Nvfp4Forward {
  nf::SplitCast<nf::BlockCast<nf::nvfp4>, Bfloat> x;
  nf::SplitCast<nf::BlockCast<nf::nvfp4_2d>, Bfloat> w;
  Bfloat dy;
  nf::LayerProduct<Sums> forward, input_gradient, weight_gradient;
};
struct Nvfp4Backward {
  nf::SplitCast<Bfloat, nf::BlockCast<nf::nvfp4>> x;
  nf::SplitCast<Bfloat, nf::BlockCast<nf::nvfp4_2d>> w;
  nf::BlockCast<nf::nvfp4, nf::Stochastic<>> dy;
  nf::LayerProduct<Sums> forward, input_gradient,
      weight_gradient = nf::recipes::Nvfp4<Sums>{}.weight_gradient;
};
LayerMaker nvfp4(const RecipeOptions& options) {
  if (options.part == Part::forward) return layer<Nvfp4Forward>(options);
  if (options.part == Part::backward) return layer<Nvfp4Backward>(options);
  return layer<nf::recipes::Nvfp4<Sums>>(options);
}

}  // namespace

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
       .layers = {nvfp4(options), {}, bfloats},
       .weights = adamw<Floats>(),
       .row_multiple = 16},
  };
}

}  // namespace train
