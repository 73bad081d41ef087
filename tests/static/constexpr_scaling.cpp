// SPDX-License-Identifier: MIT
// Scales in constant expressions, and the types that make a saved state a plain copy.
#include <narrowfloat/scaling/bias.hpp>
#include <narrowfloat/scaling/current.hpp>
#include <narrowfloat/scaling/delayed.hpp>
#include <narrowfloat/scaling/fp8_lm.hpp>
#include <narrowfloat/scaling/loss.hpp>
#include <narrowfloat/scaling/unit.hpp>
#include <narrowfloat/scaling/unit_transformer.hpp>

#include <type_traits>

using namespace narrowfloat;

static_assert(std::is_aggregate_v<DelayedScaling<float8_e4m3fn>>);
static_assert(std::is_aggregate_v<ScalingMeta<float8_e4m3fn>>);
template <class T>
constexpr bool is_plain = std::is_aggregate_v<T>&& std::is_trivially_copyable_v<T>;
static_assert(is_plain<AllReduceScale<float8_e4m3fn>> && is_plain<AutoScale> &&
              is_plain<DynamicLossScale> && is_plain<StaticLossScale> && is_plain<ScalingBias> &&
              is_plain<CurrentScalingOptions> && is_plain<BlockShape>);

static_assert(current_scale<float8_e4m3fn>(7) == 64);
static_assert(current_scale<float8_e5m2>(3, {.power_of_two = true}) == 16384);
static_assert(current_scale<float4_e2m1fn>(12) == 0.5f);
static_assert(amax_bias<float8_e4m3fnuz>(1) == ScalingBias{7});
static_assert(amax_bias<float8_e5m2fnuz>(1, gradient_bias_margin) == ScalingBias{12});
static_assert(output_scale(ScalingBias{3}, ScalingBias{-5}) == 4);
static_assert(reducible_amax(-2.5f) == 2.5f);
static_assert(AutoScale::growth_of(2, 1) == 2);

static_assert(matmul_scales(4, 16, 64).forward == 0.25);
static_assert(matmul_scales(64, 64, 64, Constraint::gmean).grad_right == 0.125);
static_assert(activation_scales(Activation::relu).grad > 1.41421356237309 &&
              activation_scales(Activation::relu).grad < 1.41421356237310);
static_assert(residual_scales(1).skip == residual_scales(1).residual);
static_assert(softmax_cross_entropy_scales(2).grad == 2);
static_assert(dropout_scales(0.75).forward == 0.5);
static_assert(sum_scales(64).forward == 0.125);
static_assert(silu_glu_scales().forward > silu_glu_scales().grad_right);
static_assert(attention_scales({.length = 64, .d_head = 64}).logits == 1 / 64.0);
static_assert(activation_scales(Activation::silu, UnitFactors::library).grad < 1.6818);
static_assert(adam_rate_scale(ParameterKind::weight, 4, 4) == 0.25);
static_assert(AutoScale::bounded().highest == 2 && AutoScale::unbounded().highest > 2);
