// SPDX-License-Identifier: MIT
// Floats, float16 and bfloat16.
#include <narrowfloat/loops.hpp>

#include "common.hpp"

namespace train {

LayerMaker float_layer(const RecipeOptions& options) {
  return layer<nf::recipes::Float32<Sums>>(options);
}
LayerMaker bfloat16_layer(const RecipeOptions& options) {
  return layer<nf::recipes::Bfloat16<Sums>>(options);
}

std::vector<Recipe> sixteen_bit_recipes(const RecipeOptions& options) {
  const Layers floats{float_layer(options)}, bfloats{bfloat16_layer(options)};
  using bfloat16s = std::vector<nf::bfloat16>;
  using nf::FloatState;
  return {
      {.name = "fp32",
       .summary = "float throughout: what the others are compared with",
       .layers = floats,
       .weights = adamw<Floats>()},
      {.name = "mixed-fp16",
       .summary = "float16, a float master copy, a dynamic loss scale (Micikevicius et al. 2018)",
       .layers = {layer<nf::recipes::Float16<Sums>>(options)},
       .weights = adamw<nf::MasterWeights<nf::float16>>(),
       .loss_scaling = usual_loss_scale},
      {.name = "fp16-unscaled",
       .summary = "mixed-fp16 without a loss scale",
       .layers = {layer<nf::recipes::Float16<Sums>>(options)},
       .weights = adamw<nf::MasterWeights<nf::float16>>()},
      {.name = "bf16",
       .summary = "bfloat16, a float master copy",
       .layers = bfloats,
       .weights = adamw<nf::MasterWeights<nf::bfloat16>>()},
      {.name = "bf16-nearest",
       .summary = "bfloat16 weights alone, rounded to nearest: small updates are lost",
       .layers = bfloats,
       .weights = adamw<bfloat16s>()},
      {.name = "bf16-sr",
       .summary = "bfloat16 weights alone, rounded stochastically",
       .layers = bfloats,
       .weights = adamw<bfloat16s, FloatState, FloatState, nf::Stochastic<>>()},
      {.name = "bf16-kahan",
       .summary = "bfloat16 weights with Kahan's compensation in bfloat16",
       .layers = bfloats,
       .weights = adamw<nf::KahanWeights<>>()},
      {.name = "bf16-remainder",
       .summary = "bfloat16 weights and the 16 bits that a float has more: bf16-away, bit for bit",
       .baseline = "bf16-away",
       .layers = bfloats,
       .weights = adamw<nf::RemainderWeights>()},
      {.name = "bf16-away",
       .summary = "bf16 with ties away from zero: what bf16-remainder is in 4 bytes",
       .layers = bfloats,
       .weights =
           adamw<nf::MasterWeights<nf::bfloat16>, FloatState, FloatState, nf::NearestAway>()},
  };
}

}  // namespace train
