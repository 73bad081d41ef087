// SPDX-License-Identifier: MIT
// A recipe of one's own: this file, and its name among the families in recipe.hpp and all.cpp.
#include <narrowfloat/loops.hpp>

#include "common.hpp"

namespace train {

namespace {

/// x in E4M3 by its largest magnitude, w in MXFP6, gradients in MXFP8 rounded at random; dw summed
/// in chunks of 32.
struct MyRecipe {
  nf::ScaledCast<nf::float8_e4m3fn, nf::CurrentScalingOptions> x;
  nf::BlockCast<nf::mxfp6_e2m3> w{.options = {.rule = nf::ScaleRule::rceil}};
  nf::BlockCast<nf::mxfp8_e5m2, nf::Stochastic<>> dy;
  nf::LayerProduct<Sums> forward, input_gradient;
  nf::LayerProduct<nf::ChunkedAccumulator<nf::FusedAccumulator<float>, nf::FusedAccumulator<float>>>
      weight_gradient{.accumulator = {.chunk = 32}};
};

}  // namespace

std::vector<Recipe> own_recipes(const RecipeOptions& options) {
  return {{.name = "own",
           .summary = "a recipe of one's own: recipes/own.cpp",
           .baseline = "fp32-lion",
           .layers = {.hidden = layer<MyRecipe>(options), .last = bfloat16_layer(options)},
           .weights = {.hidden = weights<std::vector<nf::bfloat16>, nf::Lion<nf::CodebookState>,
                                         nf::Stochastic<>>(own_lion)}}};
}

}  // namespace train
