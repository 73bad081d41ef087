// SPDX-License-Identifier: MIT
// FP8 with one scale a tensor, with blocks of scales, and without any.
#include <narrowfloat/loops.hpp>

#include "common.hpp"

namespace train {

namespace {

/// Graphcore's CSCALE: one bias for all tensors, for the whole run.
struct ConstantBias {
  nf::ScaledCast<nf::float8_e4m3fnuz, nf::Scale> x, w;
  nf::ScaledCast<nf::float8_e5m2fnuz, nf::Scale> dy;
  nf::LayerProduct<Sums, nf::float16> forward, input_gradient, weight_gradient;

  explicit ConstantBias(int bias)
      : x{.source = nf::Scale{nf::ScalingBias{bias}.scale()}}, w(x), dy{.source = x.source} {}
};

/// Unit scaling's layers; those of the last one are free of constraints, since nothing else reads
/// its input.
template <class Formats>
nf::recipes::UnitScaled<Formats, Sums> unit_scaled(nf::Constraint constraint) {
  nf::recipes::UnitScaled<Formats, Sums> recipe;
  recipe.constraint = constraint;
  return recipe;
}
struct Float16Pair {
  using forward = nf::float16;
  using backward = nf::float16;
};
struct FloatPair {
  using forward = float;
  using backward = float;
};
/// u-muP's learning rates: those of matrices fall with the root of their inputs.
WeightMakers unit_adam(double rate) {
  const auto maker = [](double lr, bool decays = true) {  // by 4e-4 a step at the full rate
    return weights<Floats, nf::AdamW<>>(
        nf::AdamWRule{.lr = lr, .beta2 = 0.99, .weight_decay = decays ? 4e-4 / lr : 0});
  };
  const auto of_matrices = [=](const TensorInfo& info, std::span<const float> initial) {
    return maker(rate * nf::adam_rate_scale(nf::ParameterKind::weight, info.cols))
        .make(info, initial);
  };
  return {.hidden = {of_matrices},
          .last = maker(rate / 4),
          .table = maker(rate / 4),
          .vector = maker(rate / 8, false)};
}

}  // namespace

std::vector<Recipe> fp8_recipes(const RecipeOptions& options) {
  namespace recipes = nf::recipes;
  const LayerMaker bfloats = bfloat16_layer(options);
  const auto graphcore = options.has_bias ? layer(options, ConstantBias(options.bias))
                                          : layer<recipes::GraphcoreFp8<Sums>>(options);
  const auto unit_last = layer(options, unit_scaled<Float16Pair>(nf::Constraint::none));
  WeightMakers fp8_lm = adamw<nf::Fp8LmWeights, nf::Fp8LmFirst, nf::Fp8LmSecond, nf::NearestEven,
                              nf::float8_e4m3fn>();
  fp8_lm.last = fp8_lm.table = adamw<Floats>().hidden;
  fp8_lm.vector = adamw<Floats>().vector;
  WeightMakers fp8_lm_v8 = fp8_lm;
  fp8_lm_v8.hidden =
      adamw<nf::Fp8LmWeights, nf::Fp8LmFirst, nf::Fp8LmFirst, nf::NearestEven, nf::float8_e4m3fn>()
          .hidden;
  return {
      {.name = "fp8-hybrid",
       .summary = "E4M3 forward, E5M2 backward, delayed scaling (Transformer Engine)",
       .layers = {layer<recipes::Fp8Delayed<nf::HybridFormats, Sums>>(options), {}, bfloats},
       .weights = adamw<Floats>()},
      {.name = "fp8-current",
       .summary = "the same, scales from the tensors themselves",
       .layers = {layer<recipes::Fp8Current<nf::HybridFormats, Sums>>(options), {}, bfloats},
       .weights = adamw<Floats>()},
      {.name = "fp8-block",
       .summary = "E4M3, 1 x 128 and 128 x 128 blocks, sums promoted every 128 (DeepSeek-V3)",
       .layers = {layer<recipes::Fp8Blocks<>>(options), {}, bfloats},
       .weights = adamw<Floats>()},
      {.name = "fp8-lm",
       .summary =
           "FP8 gradients and first moment, float16 master weights and second moment (FP8-LM; one worker, mu = 1)",
       .layers = {layer<recipes::Fp8Lm<Sums>>(options), {}, bfloats},
       .weights = fp8_lm},
      {.name = "fp8-lm-v8",
       .summary = "fp8-lm with the second moment in FP8 as well",
       .layers = {layer<recipes::Fp8Lm<Sums>>(options), {}, bfloats},
       .weights = fp8_lm_v8},
      {.name = "fp8-graphcore",
       .summary =
           "FNUZ formats, a bias by the largest magnitude (FP8-AMAX; --cscale B: one for all)",
       .layers = {graphcore, {}, layer<recipes::Float16<Sums>>(options)},
       .weights = adamw<nf::MasterWeights<nf::float16>>(),
       .loss_scaling = usual_loss_scale},
      {.name = "fp8-all-layer-scale",
       .summary = "tensor-wise FP8 in all products, layer scale from 0 (--layer-scale 0: without)",
       .baseline = options.layer_scale ? "fp32-layer-scale" : "stable-adamw",
       .layers = {layer<recipes::Fp8Current<nf::HybridFormats, Sums>>(options)},
       .weights = stable_adamw(),
       .max_norm = 0,
       .layer_scale = options.layer_scale,
       .gain = options.gain},
      {.name = "unit-scaling-fp8",
       .summary = "E4M3 forward, E5M2 backward, no scale and no loss scale (Unit Scaling)",
       .baseline = "unit-scaling",
       .layers = {layer(options, unit_scaled<nf::HybridFormats>(nf::Constraint::gmean)),
                  {},
                  unit_last},
       .weights = unit_adam(0.4),
       .unit_scaling = true},
      {.name = "unit-scaling-fp16",
       .summary = "float16 without a loss scale, by unit scaling",
       .baseline = "unit-scaling",
       .layers = {layer(options, unit_scaled<Float16Pair>(nf::Constraint::gmean)), {}, unit_last},
       .weights = unit_adam(0.4),
       .unit_scaling = true},
      {.name = "unit-scaling",
       .summary = "float, unit scaling: what its FP8 is compared with",
       .layers = {layer(options, unit_scaled<FloatPair>(nf::Constraint::gmean)),
                  {},
                  layer(options, unit_scaled<FloatPair>(nf::Constraint::none))},
       .weights = unit_adam(0.4),
       .unit_scaling = true},
  };
}

}  // namespace train
