// SPDX-License-Identifier: MIT
// Arithmetic with explicit rounding and saturation, and what an exact sum or root gives besides.
#pragma once

#include "../float.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

template <class To, class A, class B, class C, class R>
constexpr NF_HD To fused(A a, B b, C c, const R& rounding, Saturation saturation,
                         Subnormals subnormals) {
  constexpr bool down = R::rule == rule::up_if_negative;
  const exact all = product(exact_of(a, subnormals), exact_of(b, subnormals));
  return round_to<To>(sum(all, exact_of(c, subnormals), down), rounding, saturation, subnormals);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The exact result of an operation, rounded once by explicit policies; a + b here.
///
/// Special   as the operators, with overflow, Inf and invalid negative results by `saturation`; an
///           exact zero sum of opposite signs is -0 when rounding toward negative, else +0.
///           Subnormals::flush reads subnormal operands as zero and makes zero of a subnormal
///           result.
/// Example   const float8_e4m3fn a(448.0f), b(32.0f);
///           assert(isnan(a + b));  // an operator never saturates
///           assert(add(a, b, nearest_even, Saturation::finite) == 448.0f);
///           assert(add(b, float8_e4m3fn(1.0f), toward_positive) == 36.0f);
template <narrow_float F, rounding_policy R = NearestEven>
constexpr NF_FN F add(F a, F b, R rounding = {}, Saturation saturation = Saturation::none,
                      Subnormals subnormals = Subnormals::keep) noexcept {
  constexpr bool down = R::rule == detail::rule::up_if_negative;
  return detail::round_to<F>(
      detail::sum(detail::exact_of(a, subnormals), detail::exact_of(b, subnormals), down), rounding,
      saturation, subnormals);
}
/// a - b; see add().
template <narrow_float F, rounding_policy R = NearestEven>
constexpr NF_FN F sub(F a, F b, R rounding = {}, Saturation saturation = Saturation::none,
                      Subnormals subnormals = Subnormals::keep) noexcept {
  constexpr bool down = R::rule == detail::rule::up_if_negative;
  return detail::round_to<F>(
      detail::sum(detail::exact_of(a, subnormals), negated(detail::exact_of(b, subnormals)), down),
      rounding, saturation, subnormals);
}
/// a * b; see add().
template <narrow_float F, rounding_policy R = NearestEven>
constexpr NF_FN F mul(F a, F b, R rounding = {}, Saturation saturation = Saturation::none,
                      Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::round_to<F>(
      detail::product(detail::exact_of(a, subnormals), detail::exact_of(b, subnormals)), rounding,
      saturation, subnormals);
}
/// a / b; see add().
template <narrow_float F, rounding_policy R = NearestEven>
constexpr NF_FN F div(F a, F b, R rounding = {}, Saturation saturation = Saturation::none,
                      Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::round_to<F>(
      detail::quotient(detail::exact_of(a, subnormals), detail::exact_of(b, subnormals)), rounding,
      saturation, subnormals);
}
/// a * b + c, rounded once; see add().
template <narrow_float F, rounding_policy R = NearestEven>
constexpr NF_FN F fma(F a, F b, F c, R rounding = {}, Saturation saturation = Saturation::none,
                      Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::fused<F>(a, b, c, rounding, saturation, subnormals);
}
/// The same of operands of other formats than the result's, which is named: fma<bfloat16>(a, b,
/// sum) is one step of a dot product of 8-bit numbers.
template <narrow_float To, narrow_float A, narrow_float B, narrow_float C,
          rounding_policy R = NearestEven>
requires(!(std::same_as<A, To> && std::same_as<B, To> && std::same_as<C, To>)) constexpr NF_FN To
    fma(A a, B b, C c, R rounding = {}, Saturation saturation = Saturation::none,
        Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::fused<To>(a, b, c, rounding, saturation, subnormals);
}
/// The square root of a; see add(). The root of -0 is -0, of a negative value NaN.
template <narrow_float F, rounding_policy R = NearestEven>
constexpr NF_FN F sqrt(F a, R rounding = {}, Saturation saturation = Saturation::none,
                       Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::round_to<F>(detail::root(detail::exact_of(a, subnormals)), rounding, saturation,
                             subnormals);
}

/// The exact result of an operation on two operands as an operator takes them, rounded once, to
/// nearest even; specials as the operators where nothing else is said. (a + b) / 2 here, which
/// never overflows.
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F midpoint(A a, B b) noexcept {
  detail::exact half = detail::sum(detail::operand<F>(a), detail::operand<F>(b), false);
  --half.exponent;
  return detail::round_nearest<F>(half);
}
/// a - b where a > b, else +0.
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F fdim(A a, B b) noexcept {
  using detail::exact;
  const exact x = detail::operand<F>(a), y = detail::operand<F>(b);
  const bool unordered = x.what == exact::kind::nan || y.what == exact::kind::nan;
  const exact difference = detail::sum(x, negated(y), false);
  const bool none = difference.negative || difference.what == exact::kind::nan;  // Inf - Inf
  return detail::round_nearest<F>(none && !unordered ? exact::zero(false) : difference);
}
/// The root of a^2 + b^2. Inf where either is, beside a NaN too.
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F hypot(A a, B b) noexcept {
  using detail::exact;
  const exact x = detail::operand<F>(a), y = detail::operand<F>(b);
  const bool infinite = x.what == exact::kind::infinity || y.what == exact::kind::infinity;
  return detail::round_nearest<F>(
      infinite ? exact::infinity(false)
               : detail::root(detail::sum(detail::product(x, x), detail::product(y, y), false)));
}
/// The cube root, with the sign of x.
template <narrow_float F>
constexpr NF_FN F cbrt(F x) noexcept {
  return detail::round_nearest<F>(detail::cube_root(detail::exact_of(x)));
}

// Two formats of which neither holds the other do not meet here either.
template <class A, detail::does_not_mix_with<A> B>
void midpoint(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void fdim(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void hypot(A, B) = delete;

}  // namespace narrowfloat
