// SPDX-License-Identifier: MIT
// Elementary functions of Float: classification, sign, neighbours, exponents, and arithmetic with
// explicit rounding and saturation. All are constexpr and exact or rounded once.
#pragma once

#include <climits>

#include "float.hpp"

namespace narrowfloat {

template <narrow_float F>
constexpr NF_FN bool isnan(F x) noexcept {
  return detail::is_nan_code<detail::layout_of<F>>(x.bits());
}
template <narrow_float F>
constexpr NF_FN bool isinf(F x) noexcept {
  using layout = detail::layout_of<F>;
  return layout::has_infinity && (x.bits() & ~layout::sign_mask) == layout::infinity_code;
}
template <narrow_float F>
constexpr NF_FN bool isfinite(F x) noexcept {
  return !isnan(x) && !isinf(x);
}
/// The sign bit; false in unsigned formats, and for the one NaN of a format without signed NaNs.
template <narrow_float F>
constexpr NF_FN bool signbit(F x) noexcept {
  using layout = detail::layout_of<F>;
  return (x.bits() & layout::sign_mask) != 0 && !(layout::nan_is_negative_zero && isnan(x));
}

/// Result    x without its sign; the one NaN of fnuz and p3109 stays itself.
template <narrow_float F>
constexpr NF_FN F abs(F x) noexcept {
  if constexpr (F::is_signed) return signbit(x) ? -x : x;
  return x;
}

/// Result    x with the sign of `sign`; a zero or NaN that has no sign stays itself.
template <narrow_float F>
constexpr NF_FN F copysign(F x, F sign) noexcept {
  if constexpr (F::is_signed) return signbit(x) != signbit(sign) ? -x : x;
  return x;
}

namespace detail {
inline namespace NF_BASELINE {

/// The code of the value at a place of order(); the place 0 is +0.
template <class Layout>
constexpr NF_HD std::uint32_t code_at(std::int32_t place) {
  return place < 0 ? static_cast<std::uint32_t>(-place) | Layout::sign_mask
                   : static_cast<std::uint32_t>(place);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Result    the next value after `from` in the direction of `to`; `to` where they are equal.
/// Special   NaN if either is NaN. Inf follows the largest finite value where the format has it;
///           elsewhere the largest finite value is its own successor. One below +tiny is +0, one
///           above -tiny is -0 where the format has it. The least value of an unsigned format is
///           its own predecessor.
template <narrow_float F>
constexpr NF_FN F nextafter(F from, F to) noexcept {
  using layout = detail::layout_of<F>;
  using storage = typename F::Storage;
  if (isnan(from) || isnan(to)) return detail::round_nearest<F>(detail::exact::nan());
  const std::int32_t start = detail::order<layout>(from.bits()),
                     goal = detail::order<layout>(to.bits());
  if (start == goal) return to;
  const std::int32_t next = start < goal ? start + 1 : start - 1;
  if (next == 0 && start < 0 && layout::has_signed_zero)
    return F::from_bits(static_cast<storage>(layout::sign_mask));
  return F::from_bits(static_cast<storage>(detail::code_at<layout>(next)));
}

/// The exponent of |x| as a power of two: floor(log2 |x|).
///
/// Special   INT_MIN for zero, INT_MAX for Inf and NaN.
template <narrow_float F>
constexpr NF_FN int ilogb(F x) noexcept {
  const detail::exact value = detail::exact_of(x);
  if (value.what == detail::exact::kind::zero) return INT_MIN;
  return value.what == detail::exact::kind::finite ? value.exponent + detail::exact::leading
                                                   : INT_MAX;
}

/// Result    x * 2^exponent, rounded once, to nearest even, overflow as in arithmetic.
template <narrow_float F>
constexpr NF_FN F ldexp(F x, int exponent) noexcept {
  detail::exact value = detail::exact_of(x);
  if (value.what != detail::exact::kind::finite) return x;
  // Beyond +-4096 every result is an overflow or zero: exponents of a format are within +-1100.
  value.exponent += exponent > 4096 ? 4096 : exponent < -4096 ? -4096 : exponent;
  return detail::round_nearest<F>(value);
}

/// Result    the fraction f and, in *exponent, n, with x = f * 2^n and 1/2 <= |f| < 1; f is rounded
///           once where the format does not hold it.
/// Special   zero, Inf and NaN give x and 0.
template <narrow_float F>
constexpr NF_FN F frexp(F x, int* exponent) noexcept {
  const int n = isfinite(x) && ilogb(x) != INT_MIN ? ilogb(x) + 1 : 0;
  *exponent = n;
  return n == 0 ? x : ldexp(x, -n);
}

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
///           Subnormals::flush reads subnormal operands as zero and makes zero of a subnormal result.
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
/// The same of operands of other formats than the result's, which is named: fma<bfloat16>(a, b, sum) is one step of a
/// dot product of 8-bit numbers.
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

}  // namespace narrowfloat
