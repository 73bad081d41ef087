// SPDX-License-Identifier: MIT
// Unit scaling of what a transformer adds: softmax, attention, gated units, norms and sums;
// multipliers inside ops; and the learning rates of u-muP.
#pragma once

#include <array>
#include <cstddef>
#include <numbers>

#include "../detail/simd/environment.hpp"
#include "detail/exact_functions.hpp"
#include "detail/softmax_moments.hpp"
#include "unit.hpp"

namespace narrowfloat {

/// Where the factors of GELU, SiLU, softmax and attention come from: the authors' library has fits
/// to measurements, which follow its formulas and are up to 20 % off. At mult 1: GELU exact 1.70093
/// / 1.48111, library 1.76678 / 1.51572; SiLU exact 1.78719 / 1.62332, library 1.76678 / 1.68179.
enum class UnitFactors {
  exact,   ///< 1 / std of the result and of the gradient, by integration
  library  ///< the fits of graphcore-research/unit-scaling
};

namespace detail {
inline namespace NF_BASELINE {

/// A multiplier inside an op, squared.
constexpr exact checked_square(const char* call, double mult) {
  require_scale(call, mult >= 0x1p-20 && mult <= 1024, "a multiplier in [2^-20, 1024]", mult);
  return product(exact_of(mult), exact_of(mult));
}
/// 1 / (1 + c / mult^2): how far an op is from its limit for small multipliers.
constexpr exact share(const exact& c, const exact& square) {
  return quotient(exact_of(1), sum(exact_of(1), quotient(c, square)));
}
constexpr exact exact_square(double x) { return product(exact_of(x), exact_of(x)); }

/// The moments of x * Phi(mult * x) or x / (1 + e^(-mult * x)).
inline moments moments_with(Activation f, double mult) {
  const float_environment environment(direction::nearest);
  mult = held(mult);
  return held(f == Activation::gelu ? integrate_moments(gelu{mult}, mult)
                                    : integrate_moments(silu{mult}, mult));
}
constexpr moments gated_moments(Activation f, double mult) {
  if (mult == 1) return activation_moments[static_cast<std::size_t>(f)];
  return moments_with(f, mult);
}

/// 1 + 1/2 + ... + 1/n, and the sum of 1 / k^2.
struct harmonic_sums {
  exact first, second;
};
/// From 64 terms on by Euler and Maclaurin's formula, whose next terms are below 2^-40 of a bit.
constexpr harmonic_sums harmonic_sums_to(std::size_t n) {
  exact first = exact::zero(false), second = exact::zero(false);
  if (n < 64) {
    for (std::size_t k = 1; k <= n; ++k) {
      const exact term = quotient(exact_of(1), exact_of(k));
      first = sum(first, term);
      second = sum(second, product(term, term));
    }
    return {first, second};
  }
  const exact x = quotient(exact_of(1), exact_of(n)), square = product(x, x);
  const auto over = [](const exact& a, int divisor) { return quotient(a, exact_of(divisor)); };
  // ln n + gamma + x / 2 - x^2 / 12 + x^4 / 120 - x^6 / 252
  exact tail = sum(over(exact_of(1), 12), over(negated(square), 120));
  tail = sum(tail, over(product(square, square), 252));
  first = sum(sum(logarithm(exact_of(n)), exact_of(std::numbers::egamma)),
              sum(over(x, 2), negated(product(square, tail))));
  // pi^2 / 6 - x + x^2 / 2 - x^3 / 6 + x^5 / 30 - x^7 / 42
  const exact pi = exact_of(std::numbers::pi);
  exact odd = sum(over(exact_of(1), 6), over(negated(square), 30));
  odd = sum(odd, over(product(square, square), 42));
  second = sum(sum(over(product(pi, pi), 6), negated(x)),
               sum(over(square, 2), negated(product(x, product(square, odd)))));
  return {first, second};
}

}  // namespace NF_BASELINE
}  // namespace detail

/// An activation by its factors, with a multiplier: x * Phi(mult * x) for GELU and
/// x / (1 + e^(-mult * x)) for SiLU, the library's. Others have exact factors at mult 1 alone.
///
/// Result    the integrals of another mult than 1 to 12 digits.
/// Special   std::invalid_argument for a mult outside [2^-20, 1024], and where there is no factor.
///
/// Example   const OpScales s = activation_scales(Activation::gelu, UnitFactors::library);
///           assert(std::abs(s.forward - 1.76678) < 5e-6 && std::abs(s.grad - 1.51572) < 5e-6);
constexpr NF_INLINE OpScales activation_scales(Activation f, UnitFactors factors, double mult = 1,
                                               Constraint constraint = Constraint::none) {
  using namespace detail;
  const bool has_mult = f == Activation::gelu || f == Activation::silu;
  require_scale("activation_scales", has_mult || mult == 1,
                "GELU or SiLU with a multiplier other than 1, not", mult);
  const exact square = checked_square("activation_scales", mult);
  if (factors == UnitFactors::exact || !has_mult) {
    if (!has_mult) return activation_scales(f, constraint);
    const moments m = gated_moments(f, mult);
    return constrained("activation_scales", constraint,
                       OpScales{root_of_quotient(exact_of(1), exact_of(m.variance)),
                                root_of_quotient(exact_of(1), exact_of(m.square_of_slope))});
  }
  const OpScales relu = activation_scales(Activation::relu);
  const exact quarter = quotient(exact_of(1), exact_of(4)), one = exact_of(1);
  const auto between = [&](const exact& c, double high) {
    return nearest_double(interpolated(share(c, square), exact_of(2), exact_of(high)));
  };
  return constrained("activation_scales", constraint,
                     OpScales{between(quarter, relu.forward),
                              between(f == Activation::gelu ? quarter : one, relu.grad)});
}

/// A SiLU-gated linear unit, input * silu(gate): left is the input, right the gate.
///
/// Example   const BinaryScales s = silu_glu_scales();
///           assert(s.forward == s.grad_left && s.forward > 1.67 && s.grad_right < 1.63);
constexpr NF_INLINE BinaryScales silu_glu_scales(UnitFactors factors = UnitFactors::exact,
                                                 double mult = 1,
                                                 Constraint constraint = Constraint::none) {
  using namespace detail;
  const exact square = checked_square("silu_glu_scales", mult);
  if (factors == UnitFactors::library) {
    const double x = nearest_double(
        interpolated(share(exact_of(1), square), exact_of(2), exact_of(std::numbers::sqrt2)));
    return {x, x, x};
  }
  const moments m = gated_moments(Activation::silu, mult);
  const double all = root_of_quotient(exact_of(1), exact_of(m.square));
  return constrained(
      "silu_glu_scales", constraint,
      BinaryScales{all, all, root_of_quotient(exact_of(1), exact_of(m.square_of_slope))});
}

/// softmax(mult * x) over `classes` numbers; the results about their mean 1 / classes.
///
/// Result    exact factors by integration, to 4 digits and more.
/// Special   fewer than 2 classes and a mult outside [2^-20, 16] throw std::invalid_argument.
/// Cost      10 ms at mult 1, 2 s at 16: for the making of a model.
///
/// Example   const OpScales s = softmax_scales(1024);
///           assert(std::abs(s.forward - 785.7) < 0.1 && std::abs(s.grad - 626.9) < 0.1);
NF_INLINE OpScales softmax_scales(std::size_t classes, double mult = 1,
                                  UnitFactors factors = UnitFactors::exact,
                                  Constraint constraint = Constraint::none) {
  using namespace detail;
  constexpr const char* call = "softmax_scales";
  require_scale(call, classes >= 2, "at least 2 classes", static_cast<double>(classes));
  require_scale(call, mult <= 16, "a multiplier of at most 16", mult);
  const exact square = checked_square(call, mult), s = exact_of(classes);
  if (factors == UnitFactors::library) {
    const exact a = share(exact_of(4), square), over = quotient(s, exact_of(mult));
    return constrained(call, constraint,
                       OpScales{nearest_double(interpolated(a, s, root(s))),
                                nearest_double(interpolated(a, over, root(over)))});
  }
  // to first order in mult^2, E y^2 = (1 + mult^2 (1 - 1/s)) / s^2; 1 / s^2 is the mean's square
  const exact ones = product(s, s);
  exact variance = product(square, quotient(exact_of(classes - 1), product(ones, s)));
  exact slope = variance;
  if (mult > 0x1p-8) {
    const softmax_moments m = integrate_softmax(classes, mult);
    variance = sum(exact_of(m.square), negated(quotient(exact_of(1), ones)));
    slope = product(square, exact_of(m.slope));
  }
  return constrained(
      call, constraint,
      OpScales{root_of_quotient(exact_of(1), variance), root_of_quotient(exact_of(1), slope)});
}

/// The shape of attention_scales(): softmax(mult / d_head * q k^T) v over `length` keys, or,
/// causal, over those up to the query's own; `dropout` of the probabilities.
struct AttentionShape {
  /// Keys of a query, and elements of a head.
  std::size_t length, d_head;
  /// Whether a query sees no later keys.
  bool causal = false;
  /// The share of probabilities that is dropped, and the multiplier of the logits.
  double dropout = 0, mult = 1;
};
/// The factors of attention; `logits` is what q k^T is multiplied by before the softmax.
struct AttentionScales {
  /// What the logits, the result and the gradients of q, k and v are multiplied by.
  double logits = 1, forward = 1, grad_q = 1, grad_k = 1, grad_v = 1;
};
/// Attention of unit-scaled q, k, v. Logits times mult / d_head, u-muP's, not mult / sqrt(d_head).
///
/// Result    exact factors in the limits of many keys and of small logits (within 1 % where the
///           logits' standard deviation, mult / sqrt(d_head), is up to 0.3), averages over the
///           positions where causal (the few keys of the first ones make their results larger). The
///           library's has one factor for all, which is that of the result: its gradients of q and
///           k are smaller by mult / sqrt(d_head).
/// Special   a length or d_head of 0, a length of 1, a dropout outside [0, 1) and a mult outside
///           [2^-20, 1024] or above 16 sqrt(d_head) throw std::invalid_argument.
///
/// Example   const AttentionScales s = attention_scales({.length = 1024, .d_head = 64});
///           assert(s.logits == 1 / 64.0 && s.forward > 31 && s.forward < 32 && s.grad_q > 8 * 31);
constexpr NF_INLINE AttentionScales attention_scales(const AttentionShape& shape,
                                                     UnitFactors factors = UnitFactors::exact) {
  using namespace detail;
  const exact square = checked_square("attention_scales", shape.mult),
              n = size_of("attention_scales", shape.length),
              d = size_of("attention_scales", shape.d_head);
  require_scale("attention_scales", shape.length >= 2, "at least 2 keys",
                static_cast<double>(shape.length));
  const exact kept = exact_square(dropout_scales(shape.dropout).forward);
  const exact logit = quotient(square, d);  // the variance of a logit
  require_scale("attention_scales", nearest_double(logit) <= 256,
                "a multiplier of at most 16 sqrt(d_head)", shape.mult);
  const double logits = nearest_double(quotient(exact_of(shape.mult), d));
  if (factors == UnitFactors::library) {
    const exact rows = shape.causal ? logarithm(n) : exact_of(1);
    const exact from =
        interpolated(share(exact_of(4), logit), root(quotient(rows, n)), exact_of(1));
    const double all = nearest_double(quotient(root(kept), from));
    return {logits, all, all, all, all};
  }
  // A result of i keys has the variance sum y^2 = (1 + (e^logit - 1) (1 - 1/i)) / i, the gradient
  // of its q logit times e^logit (1 - 1/i) / i; averages over i = 1 ... n, or n alone.
  const exact inverse = quotient(exact_of(1), n);
  harmonic_sums rows{exact_of(1), inverse};
  if (shape.causal) rows = harmonic_sums_to(shape.length);
  const exact power = exponential(logit), spread = sum(rows.first, negated(rows.second));
  const exact result = sum(rows.first, product(sum(power, exact_of(-1)), spread));
  const exact slope = product(product(logit, power), spread);
  const double forward = root_of_quotient(product(kept, n), result);
  const double grad = root_of_quotient(product(kept, n), slope);
  return {logits, forward, grad, grad, forward};
}

/// The sum of n independent numbers.
///
/// Example   assert(sum_scales(64).forward == 0.125 && sum_scales(64).grad == 1);
constexpr NF_INLINE OpScales sum_scales(std::size_t n) {
  return {detail::root_of_quotient(detail::exact_of(1), detail::size_of("sum_scales", n)), 1};
}

/// The factors of a weighted sum of N independent tensors.
template <std::size_t N>
struct WeightedAddScales {
  /// What the sum, and the gradient of each tensor, is multiplied by.
  double forward = 1;
  std::array<double, N> grad{};
};
/// The sum of w[i] x[i]: forward is 1 / sqrt of the sum of squares, the gradient of x[i] is
/// multiplied by 1 / |w[i]|.
///
/// Special   a weight of 0, Inf or NaN throws std::invalid_argument.
///
/// Example   const auto s = weighted_add_scales(std::array{3.0, -4.0});
///           assert(s.forward == 0.2 && s.grad[1] == 0.25);
template <std::size_t N>
constexpr NF_INLINE WeightedAddScales<N> weighted_add_scales(const std::array<double, N>& weights) {
  using namespace detail;
  WeightedAddScales<N> scales;
  exact squares = exact::zero(false);
  for (std::size_t i = 0; i < N; ++i) {
    const double w = weights[i];
    require_scale("weighted_add_scales",
                  (w > 0x1p-200 && w < 0x1p200) || (w < -0x1p-200 && w > -0x1p200),
                  "weights that are finite and not 0", w);
    squares = sum(squares, exact_square(w));
    scales.grad[i] = nearest_double(quotient(exact_of(1), exact_of(w < 0 ? -w : w)));
  }
  scales.forward = root_of_quotient(exact_of(1), squares);
  return scales;
}

/// An RMS norm over the last dimension of `rows` vectors; grad_w is that of the weight.
///
/// Example   assert(rms_norm_scales(64).grad_w == 0.125);
constexpr NF_INLINE LinearScales rms_norm_scales(std::size_t rows) {
  return layer_norm_scales(rows);
}

/// What a parameter is, for u-muP's learning rates.
enum class ParameterKind {
  weight,  ///< of a hidden layer
  bias,    ///< of any layer
  norm,    ///< the gain or the bias of a norm
  output   ///< the weight of the output layer
};
/// What the learning rate of Adam is multiplied by for a parameter in u-muP (Blake et al., arXiv
/// 2407.17465): 1 / sqrt(fan_in) for the weights of hidden layers, 1 for biases, norms and the
/// output layer; times 1 / sqrt(depth) for parameters inside one of `depth` residual branches.
///
/// Example   assert(adam_rate_scale(ParameterKind::weight, 64) == 0.125);
///           assert(adam_rate_scale(ParameterKind::norm, 1, 16) == 0.25);
constexpr NF_INLINE double adam_rate_scale(ParameterKind kind, std::size_t fan_in = 1,
                                           std::size_t depth = 1) {
  using namespace detail;
  const exact width =
      kind == ParameterKind::weight ? size_of("adam_rate_scale", fan_in) : exact_of(1);
  return root_of_quotient(exact_of(1), product(width, size_of("adam_rate_scale", depth)));
}

}  // namespace narrowfloat
