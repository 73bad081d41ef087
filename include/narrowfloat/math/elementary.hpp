// SPDX-License-Identifier: MIT
// Exponentials, logarithms, powers, trigonometric and hyperbolic functions, erf and gamma of
// Floats: double's function, rounded once. The compiler's builtins stand for <cmath>, in device
// code too, and cost nothing to compile.
#pragma once

#include "../float.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// A Float, or the integer beside one, as the argument of a function of double: its exact value.
template <class F, class T>
constexpr NF_FN double argument(T x) {
  if constexpr (std::integral<T>)
    return real_number<double>(round_to<F>(exact_of(x), NearestEven{}, Saturation::none));
  else
    return real_number<double>(x);
}

/// The nearest F to the value of a function that double's came close to, within 8 units of its last
/// place.
///
/// The last four bits, in which mathematical libraries differ, are rounded away first. So an exact
/// result of up to 49 bits is exact, and a tie goes to even, though the library missed it; no other
/// value of a function that rounds to 16 bits lies as near to a tie (tests/unit/math_elementary.cpp
/// measures how near: docs/math.md).
///
/// A zero that can only be an underflow of double's is the smallest value of a format without zero.
template <class F>
constexpr NF_HD F function_value(double y, bool zero_is_underflow = false) {
  constexpr std::uint64_t step = std::uint64_t{16} << (exact::leading - 52);
  exact value = exact_double_value(__builtin_bit_cast(std::uint64_t, y));
  if (layout_of<F>::is_scale && zero_is_underflow && value.what == exact::kind::zero) return F{};
  if (value.what == exact::kind::finite) {
    const std::uint64_t rounded = (value.significand + step / 2) & ~(step - 1);
    value = exact::finite(value.negative, rounded, value.exponent);
  }
  return round_nearest<F>(value);
}

/// atan(y / x) = t - t^3 / 3 of a small t = y / x > 0 lies so near to t that double loses it, and t
/// may be a tie.
constexpr NF_HD bool is_small_angle(const exact& y, const exact& x) {
  return y.what == exact::kind::finite && x.what == exact::kind::finite && !x.negative &&
         y.exponent - x.exponent < -20;
}
/// t - t^3 / 3 to 2^-59 of itself: the next term, t^5 / 5, is below 2^-80.
constexpr NF_HD exact small_angle(const exact& y, const exact& x) {
  const exact t = quotient(y, x), cube = product(product(t, t), t);
  return sum(t, negated(quotient(cube, exact_integer(3))), false);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// A function of one Float, its exact value rounded once, to nearest even; e^x here.
///
/// Result    correctly rounded in every named format, whatever the mathematical library; the
///           largest error of wider formats is in docs/math.md. Exact results are exact.
/// Special   those of Annex F of C for double, then as the operators: an exact Inf, as log(0), and
///           an overflow are Inf, else NaN, else the largest finite value; an invalid argument is
///           the positive canonical NaN, else the positive largest finite value. NaN gives NaN.
/// Promises  noexcept; independent of rounding mode, FTZ, DAZ and -ffast-math where the format's
///           values are normal doubles, as those of every named format are. Not constexpr: double's
///           functions are not.
///
/// Example   using std::exp;  // generic code: the type of the argument chooses
///           const bfloat16 small(0.01f);
///           static_assert(std::same_as<decltype(exp(small)), bfloat16>);
///           assert(exp(small) == bfloat16(1.0078125f) && expm1(small) == bfloat16(0.0100708f));
///           assert(pow(float16(2), -3) == 0.125f && hypot(float16(3), 4) == 5);
///           assert(rint(float16(2.5f)) == 2 && lround(float16(2.5f)) == 3);
///           assert(isnan(log(float8_e4m3fn(0))) && isinf(log(float8_e5m2(0))));  // -Inf, or NaN
template <narrow_float F>
NF_FN F exp(F x) noexcept {
  return detail::function_value<F>(__builtin_exp(detail::argument<F>(x)));
}
/// 2^x.
template <narrow_float F>
NF_FN F exp2(F x) noexcept {
  return detail::function_value<F>(__builtin_exp2(detail::argument<F>(x)));
}
/// e^x - 1.
template <narrow_float F>
NF_FN F expm1(F x) noexcept {
  return detail::function_value<F>(__builtin_expm1(detail::argument<F>(x)));
}
/// The natural logarithm.
template <narrow_float F>
NF_FN F log(F x) noexcept {
  return detail::function_value<F>(__builtin_log(detail::argument<F>(x)));
}
/// The logarithm to base 2.
template <narrow_float F>
NF_FN F log2(F x) noexcept {
  return detail::function_value<F>(__builtin_log2(detail::argument<F>(x)));
}
/// The logarithm to base 10.
template <narrow_float F>
NF_FN F log10(F x) noexcept {
  return detail::function_value<F>(__builtin_log10(detail::argument<F>(x)));
}
/// log(1 + x).
template <narrow_float F>
NF_FN F log1p(F x) noexcept {
  return detail::function_value<F>(__builtin_log1p(detail::argument<F>(x)));
}
/// The sine of x radians, its relatives, the hyperbolic functions, and the inverse of each; see
/// exp().
template <narrow_float F>
NF_FN F sin(F x) noexcept {
  return detail::function_value<F>(__builtin_sin(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F cos(F x) noexcept {
  return detail::function_value<F>(__builtin_cos(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F tan(F x) noexcept {
  return detail::function_value<F>(__builtin_tan(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F asin(F x) noexcept {
  return detail::function_value<F>(__builtin_asin(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F acos(F x) noexcept {
  return detail::function_value<F>(__builtin_acos(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F atan(F x) noexcept {
  return detail::function_value<F>(__builtin_atan(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F sinh(F x) noexcept {
  return detail::function_value<F>(__builtin_sinh(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F cosh(F x) noexcept {
  return detail::function_value<F>(__builtin_cosh(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F tanh(F x) noexcept {
  return detail::function_value<F>(__builtin_tanh(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F asinh(F x) noexcept {
  return detail::function_value<F>(__builtin_asinh(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F acosh(F x) noexcept {
  return detail::function_value<F>(__builtin_acosh(detail::argument<F>(x)));
}
template <narrow_float F>
NF_FN F atanh(F x) noexcept {
  return detail::function_value<F>(__builtin_atanh(detail::argument<F>(x)));
}
/// The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
template <narrow_float F>
NF_FN F erf(F x) noexcept {
  return detail::function_value<F>(__builtin_erf(detail::argument<F>(x)));
}
/// 1 - erf(x).
template <narrow_float F>
NF_FN F erfc(F x) noexcept {
  return detail::function_value<F>(__builtin_erfc(detail::argument<F>(x)), true);
}
/// The gamma function, (x - 1)! of an integer.
template <narrow_float F>
NF_FN F tgamma(F x) noexcept {
  return detail::function_value<F>(__builtin_tgamma(detail::argument<F>(x)));
}
/// The logarithm of |tgamma(x)|. Of threads that call it at once, each sets the C library's
/// signgam, as std::lgamma does.
template <narrow_float F>
NF_FN F lgamma(F x) noexcept {
  return detail::function_value<F>(__builtin_lgamma(detail::argument<F>(x)));
}

/// A function of two operands, which meet as an operator's do; see exp(). a^b here.
template <class A, class B, class F = detail::common_format_t<A, B>>
NF_FN F pow(A a, B b) noexcept {
  return detail::function_value<F>(__builtin_pow(detail::argument<F>(a), detail::argument<F>(b)),
                                   true);
}
/// The angle of the point (b, a), from -pi to pi.
template <class A, class B, class F = detail::common_format_t<A, B>>
NF_FN F atan2(A a, B b) noexcept {
  const detail::exact y = detail::operand<F>(a), x = detail::operand<F>(b);
  if (detail::is_small_angle(y, x)) return detail::round_nearest<F>(detail::small_angle(y, x));
  return detail::function_value<F>(__builtin_atan2(detail::argument<F>(a), detail::argument<F>(b)));
}

// Two formats of which neither holds the other do not meet here either.
template <class A, detail::does_not_mix_with<A> B>
void pow(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void atan2(A, B) = delete;

}  // namespace narrowfloat
