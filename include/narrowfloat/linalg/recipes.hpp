// SPDX-License-Identifier: MIT
// The recipes of the papers and stacks for Linear: what each of the three products of a layer is
// made in. Aggregates; a recipe of one's own starts as a copy of one of these.
#pragma once

#include "../mx.hpp"
#include "../scaling/unit.hpp"
#include "casts.hpp"
#include "exact.hpp"
#include "layer_product.hpp"

/// Acc is how float sums are added up: FusedAccumulator<float> in the defined order unless another
/// is given.
namespace narrowfloat::recipes {

/// float throughout.
template <class Acc = FusedAccumulator<float>>
struct Float32 {
  /// How x, w and dy are quantized, and how the three products are made: all in float.
  FloatCast<> x, w, dy;
  LayerProduct<Acc> forward, input_gradient, weight_gradient;
};

/// Mixed precision: operands and results in a 16-bit type F, sums in float. float16 wants a loss
/// scale (Micikevicius et al., arXiv 1710.03740).
template <narrow_float F, class Acc = FusedAccumulator<float>>
struct Mixed {
  /// Operands in F; sums by Acc, and results rounded to F.
  FloatCast<F> x, w, dy;
  LayerProduct<Acc, F> forward, input_gradient, weight_gradient;
};
template <class Acc = FusedAccumulator<float>>
using Bfloat16 = Mixed<bfloat16, Acc>;
template <class Acc = FusedAccumulator<float>>
using Float16 = Mixed<float16, Acc>;

/// Transformer Engine's DelayedScaling, by default Format.HYBRID: E4M3 forward, E5M2 backward, the
/// scales from the largest magnitudes of earlier steps. Linear::update() ends a step.
template <class Formats = HybridFormats, class Acc = FusedAccumulator<float>>
struct Fp8Delayed {
  /// Operands in FP8, each with the scale of its history; sums by Acc, results in float.
  ScaledCast<typename Formats::forward, DelayedScaling<typename Formats::forward>> x, w;
  ScaledCast<typename Formats::backward, DelayedScaling<typename Formats::backward>> dy;
  LayerProduct<Acc> forward, input_gradient, weight_gradient;
};
/// Transformer Engine's Float8CurrentScaling: scales from the tensors themselves.
template <class Formats = HybridFormats, class Acc = FusedAccumulator<float>>
struct Fp8Current {
  /// Operands in FP8, each with a scale from its own largest magnitude; sums by Acc, results in
  /// float.
  ScaledCast<typename Formats::forward, CurrentScalingOptions> x, w;
  ScaledCast<typename Formats::backward, CurrentScalingOptions> dy;
  LayerProduct<Acc> forward, input_gradient, weight_gradient;
};

/// FP8-LM (Peng et al., arXiv 2310.18313): E4M3 forward and E5M2 gradients by power-of-two scales,
/// of the tensor itself for weights, of 16 steps for activations and gradients, as in MS-AMP's
/// FP8Linear. dw stays in float: what sums it in FP8 over workers is AllReduceScale.
template <class Acc = FusedAccumulator<float>>
struct Fp8Lm {
  /// Operands in FP8 with power-of-two scales; sums by Acc, results in float.
  ScaledCast<float8_e4m3fn, ScalingMeta<float8_e4m3fn>> x{.source = {.window = 16}}, w;
  ScaledCast<float8_e5m2, ScalingMeta<float8_e5m2>> dy{.source = {.window = 16}};
  LayerProduct<Acc> forward, input_gradient, weight_gradient;
};

/// Graphcore's FP8-AMAX (Perez et al., arXiv 2309.17224): FNUZ formats and integer biases, three
/// bits of headroom for gradients; results in float16.
template <class Acc = FusedAccumulator<float>>
struct GraphcoreFp8 {
  /// Operands in FNUZ formats with integer biases; sums by Acc, results in float16.
  ScaledCast<float8_e4m3fnuz, AmaxBias<float8_e4m3fnuz>> x, w;
  ScaledCast<float8_e5m2fnuz, AmaxBias<float8_e5m2fnuz>> dy{
      .source = {.margin = gradient_bias_margin}};
  LayerProduct<Acc, float16> forward, input_gradient, weight_gradient;
};

/// E4M3 in blocks of 1 x 128 of activations and gradients and of 128 x 128 of weights, powers of
/// two as scales, the sums promoted to float every 128 products (DeepSeek-V3, arXiv 2412.19437;
/// Transformer Engine's Float8BlockScaling). `Inner` adds up 128 products: AlignedAccumulator is a
/// tensor core's.
template <class Inner = FusedAccumulator<float>>
struct Fp8Blocks {
  /// Sums of 128 products by Inner, added up in float.
  using Promoted = ChunkedAccumulator<Inner, FusedAccumulator<float>>;
  /// Blocks of 1 x 128 for x and dy, of 128 x 128 for w; all three products promote their sums.
  BlockCast<BlockFormat<float8_e4m3fn, float8_e8m0fnu, 128>> x{
      .options = {.rule = ScaleRule::rceil}},
      dy{.options = {.rule = ScaleRule::rceil}};
  BlockCast<BlockFormat<float8_e4m3fn, float8_e8m0fnu, 128, 128>> w{
      .options = {.rule = ScaleRule::rceil}};
  LayerProduct<Promoted> forward{.accumulator = {.chunk = 128}},
      input_gradient{.accumulator = {.chunk = 128}}, weight_gradient{.accumulator = {.chunk = 128}};
};

/// MX formats, blocks of 32 along the axis that each product sums over, scales that never clip
/// (rceil: arXiv 2506.08027, Transformer Engine's MXFP8BlockScaling).
template <block_format Forward, block_format Backward = Forward,
          class Acc = FusedAccumulator<float>>
struct Mx {
  /// x and w in the format Forward, dy in Backward; sums by Acc, results in float.
  BlockCast<Forward> x{.options = {.rule = ScaleRule::rceil}},
      w{.options = {.rule = ScaleRule::rceil}};
  BlockCast<Backward> dy{.options = {.rule = ScaleRule::rceil}};
  LayerProduct<Acc> forward, input_gradient, weight_gradient;
};
/// E4M3 everywhere.
///
/// Example   Linear<recipes::Mxfp8<>> layer;
///           layer.recipe.dy.options.rule = ScaleRule::floor;  // every member can be set
///           std::vector<float> y(rows * rows);
///           layer.forward(x, weights, y, {.rows = rows, .in = cols, .out = rows});
///           assert(layer.passes == 1);
template <class Acc = FusedAccumulator<float>>
using Mxfp8 = Mx<mxfp8_e4m3, mxfp8_e4m3, Acc>;
/// E3M2 everywhere.
template <class Acc = FusedAccumulator<float>>
using Mxfp6 = Mx<mxfp6_e3m2, mxfp6_e3m2, Acc>;

/// MXFP4 backward (Tseng et al., arXiv 2502.20586): both gradients are products of MXFP4 operands
/// that went through a random Hadamard transform in groups of 64, with new signs each step, and
/// were rounded stochastically from 3/4 of their quotients; results times 16/9. Forward is in
/// bfloat16, or by another cast.
///
/// Requires  multiples of 64 rows and outputs.
template <class ForwardCast = FloatCast<bfloat16>, class Acc = FusedAccumulator<float>>
struct Mxfp4 {
  /// How the operands of both gradients are quantized: MXFP4, rounded stochastically.
  using Backward = BlockCast<mxfp4_e2m1, Stochastic<>>;
  /// Forward by ForwardCast; both gradients by Backward, through a Hadamard transform with new
  /// signs each step.
  SplitCast<ForwardCast, Backward> x{.down_columns = {.options = {.three_quarters = true}}},
      w{.down_columns = {.options = {.three_quarters = true}}};
  Backward dy{.options = {.three_quarters = true}};
  LayerProduct<Acc> forward, input_gradient{.rotation = {.group = 64, .random_signs = true}},
      weight_gradient{.rotation = {.group = 64, .random_signs = true}};
};

/// NVFP4 (NVIDIA, arXiv 2509.25149): weights in blocks of 16 x 16, gradients rounded
/// stochastically, both operands of the weight gradient through a Hadamard transform of 16 with
/// Transformer Engine's signs. Tensor scales multiply the results.
///
/// Requires  a multiple of 16 rows.
template <class Acc = FusedAccumulator<float>>
struct Nvfp4 {
  /// NVFP4 operands, dy rounded stochastically; both operands of the weight gradient are
  /// transformed first.
  BlockCast<nvfp4> x;
  BlockCast<nvfp4_2d> w;
  BlockCast<nvfp4, Stochastic<>> dy;
  LayerProduct<Acc> forward, input_gradient,
      weight_gradient{.rotation = {.group = 16, .signs = transformer_engine_signs}};
};

/// SwitchBack (Wortsman et al., arXiv 2304.13013): y and dx in int8, rows of x and dy with scales
/// of their own, w with one; dw from bfloat16 operands.
template <class Acc = FusedAccumulator<float>>
struct SwitchBack {
  /// y and dx from int8 codes, multiplied as integers; dw from bfloat16 copies, added up by Acc.
  SplitCast<Int8Cast<>, FloatCast<bfloat16>> x, dy;
  Int8Cast<> w{.along_rows = {whole, whole}, .down_columns = {whole, whole}};
  LayerProduct<ExactAccumulator> forward, input_gradient;
  LayerProduct<Acc> weight_gradient;
};
/// Its memory-efficient form: dw reads the int8 codes of x that the forward pass has made.
template <class Acc = FusedAccumulator<float>>
struct SwitchBackM {
  /// As SwitchBack, but dw reads the int8 codes of x, with the scales of their rows.
  Int8Cast<> x{.down_columns = {1, whole}};
  SplitCast<Int8Cast<>, FloatCast<bfloat16>> dy;
  Int8Cast<> w{.along_rows = {whole, whole}, .down_columns = {whole, whole}};
  LayerProduct<ExactAccumulator> forward, input_gradient;
  LayerProduct<Acc> weight_gradient;
};
/// Its vector-wise form: w has a scale an output forward, and one an input for dx.
template <class Acc = FusedAccumulator<float>>
struct SwitchBackQ {
  /// As SwitchBack, but w has vector-wise scales for each product.
  SplitCast<Int8Cast<>, FloatCast<bfloat16>> x, dy;
  Int8Cast<> w;
  LayerProduct<ExactAccumulator> forward, input_gradient;
  LayerProduct<Acc> weight_gradient;
};
/// All three products in int8 as in LLM.int8() (Dettmers et al., arXiv 2208.07339), without its
/// outliers: what SwitchBack is compared with.
template <class Acc = ExactAccumulator>
struct LlmInt8 {
  /// Vector-wise int8 operands in all three products.
  Int8Cast<> x, w, dy;
  LayerProduct<Acc> forward, input_gradient, weight_gradient;
};

/// IBM's FP8 training (Wang et al., arXiv 1812.08011): 1-5-2 operands, sums in 1-6-9 in chunks of
/// 64.
template <class Sum = FusedAccumulator<float16_e6m9>>
struct Ibm2018 {
  /// E5M2 operands without scales; sums in 1-6-9, in chunks of 64.
  FloatCast<float8_e5m2> x, w, dy;
  LayerProduct<ChunkedAccumulator<Sum, Sum>> forward, input_gradient, weight_gradient;
};
/// IBM's hybrid FP8 (Sun et al., NeurIPS 2019): 1-4-3 with bias 11 forward, 1-5-2 for gradients,
/// the same sums. 1-4-3 has neither Inf nor NaN: in x and w they become its largest number.
template <class Sum = FusedAccumulator<float16_e6m9>>
struct Hfp8 {
  /// 1-4-3 operands forward, 1-5-2 gradients, without scales; sums in 1-6-9, in chunks of 64.
  FloatCast<float8_e4m3b11> x, w;
  FloatCast<float8_e5m2> dy;
  LayerProduct<ChunkedAccumulator<Sum, Sum>> forward, input_gradient, weight_gradient;
};

/// The MAC of Ali, Filip and Sentieys (arXiv 2404.14010): E5M2 operands, stochastically rounded
/// sums in E6M5 with Bits random bits a step, saturating.
template <int Bits = 13>
struct SrMac {
  /// The MAC: each sum is rounded stochastically to E6M5.
  using Sum = FusedAccumulator<float12_e6m5, Stochastic<Bits, StochasticVariant::p3109_a>>;
  /// E5M2 operands without scales; sums saturate at the largest E6M5.
  FloatCast<float8_e5m2> x, w, dy;
  LayerProduct<Sum> forward{.accumulator = {.saturation = Saturation::finite}},
      input_gradient{.accumulator = {.saturation = Saturation::finite}},
      weight_gradient{.accumulator = {.saturation = Saturation::finite}};
};

/// Unit scaling (Blake, Orr and Luschi, arXiv 2303.11257): weights of unit variance, E4M3 forward
/// and E5M2 backward without scales of tensors; results times linear_scales().
template <class Formats = HybridFormats, class Acc = FusedAccumulator<float>>
struct UnitScaled {
  /// Operands in FP8 without scales; sums by Acc.
  FloatCast<typename Formats::forward> x, w;
  FloatCast<typename Formats::backward> dy;
  LayerProduct<Acc> forward, input_gradient, weight_gradient;
  /// Which of the three factors are made equal.
  Constraint constraint = Constraint::gmean;

  /// What the three results of a layer of this shape are multiplied by.
  LinearScales scales(const LinearShape& shape) const {
    return linear_scales(shape.rows, shape.in, shape.out, constraint);
  }
};

}  // namespace narrowfloat::recipes
