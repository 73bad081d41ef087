// SPDX-License-Identifier: MIT
// Narrow states of optimizers, and optimizers that are about stability; products in float.
#include "common.hpp"

namespace train {

namespace {

WeightMakers adam4bit(Part part) {
  using nf::Codebook4State, nf::FloatState;
  if (part == Part::m) return adamw<Floats, Codebook4State, FloatState>();
  if (part == Part::v) return adamw<Floats, FloatState, Codebook4State>();
  return adamw<Floats, Codebook4State>();
}

}  // namespace

std::vector<Recipe> optimizer_recipes(const RecipeOptions& options) {
  const Layers floats{float_layer(options)};
  WeightMakers adam8 = adamw<Floats, nf::CodebookState>(), adam4 = adam4bit(options.part);
  adam8.last = adam8.table = adam4.last = adam4.table = adamw<Floats>().hidden;
  const nf::MuonOptions muon{.lr = 2e-2, .weight_decay = 0.01};
  WeightMakers muon_float = adamw<Floats>(), muon8 = adamw<Floats, nf::CodebookState>();
  muon_float.table = muon_float.last = muon_float.hidden;
  muon_float.hidden = weights<Floats, nf::Muon<>>(muon);
  muon8.table = muon8.last = muon8.hidden;
  muon8.hidden = weights<Floats, nf::Muon<nf::CodebookState>>(muon);
  return {
      {.name = "fp32-stable-embedding",
       .summary = "float, a norm after the token table: what adam8bit is compared with",
       .layers = floats,
       .weights = adamw<Floats>(),
       .stable_embedding = true},
      {.name = "adam8bit",
       .summary = "8-bit states of AdamW, a stable embedding (Dettmers et al. 2022)",
       .baseline = "fp32-stable-embedding",
       .layers = floats,
       .weights = adam8,
       .stable_embedding = true},
      {.name = "adam4bit",
       .summary = "4-bit states of AdamW (Li et al. 2023)",
       .baseline = "fp32-stable-embedding",
       .layers = floats,
       .weights = adam4,
       .stable_embedding = true},
      {.name = "stable-adamw",
       .summary = "float, clipped updates (StableAdamW): what int8 is compared with",
       .layers = floats,
       .weights = stable_adamw(),
       .max_norm = 0},
      {.name = "fp32-layer-scale",
       .summary = "the same, layer scale from 0: what fp8-all-layer-scale is compared with",
       .layers = floats,
       .weights = stable_adamw(),
       .max_norm = 0,
       .layer_scale = true,
       .gain = options.gain},
      {.name = "fp32-lion",
       .summary = "float, Lion: what own is compared with",
       .layers = floats,
       .weights = {weights<Floats, nf::Lion<>>(own_lion)}},
      {.name = "muon",
       .summary = "float, Muon for matrices: what muon-8bit is compared with",
       .layers = floats,
       .weights = muon_float},
      {.name = "muon-8bit",
       .summary = "Muon with an 8-bit momentum, 8-bit AdamW for the rest",
       .baseline = "muon",
       .layers = floats,
       .weights = muon8},
  };
}

}  // namespace train
