// SPDX-License-Identifier: MIT
// Classes, signs, neighbours, the smaller and the larger of Floats: answers from the codes alone.
#pragma once

#include "../float.hpp"
#if !defined(__linux__) || defined(__ANDROID__)
#include <cmath>
#endif

namespace narrowfloat {

namespace detail {
// What fpclassify answers: the numbers of <cmath>, which costs more to compile than all of this and
// is included only where they are not known.
#if !defined(__linux__) || defined(__ANDROID__)
inline constexpr int class_nan = FP_NAN, class_infinite = FP_INFINITE, class_zero = FP_ZERO,
                     class_subnormal = FP_SUBNORMAL, class_normal = FP_NORMAL;
#else
inline constexpr int class_nan = 0, class_infinite = 1, class_zero = 2, class_subnormal = 3,
                     class_normal = 4;
#endif
}  // namespace detail

/// Whether x is NaN, or Inf; false where the format has no such code.
template <narrow_float F>
constexpr NF_FN bool isnan(F x) noexcept {
  return detail::is_nan_code<detail::layout_of<F>>(x.bits());
}
template <narrow_float F>
constexpr NF_FN bool isinf(F x) noexcept {
  using layout = detail::layout_of<F>;
  if constexpr (layout::has_infinity)
    return (x.bits() & ~layout::sign_mask) == layout::infinity_code;
  return false;
}
/// Whether x is a number: neither Inf nor NaN.
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
/// Result    FP_NAN, FP_INFINITE, FP_ZERO, FP_SUBNORMAL or FP_NORMAL of <cmath>.
template <narrow_float F>
constexpr NF_FN int fpclassify(F x) noexcept {
  using layout = detail::layout_of<F>;
  const std::uint32_t magnitude = x.bits() & ~layout::sign_mask;
  if (isnan(x)) return detail::class_nan;
  if (isinf(x)) return detail::class_infinite;
  if (magnitude == 0 && !layout::is_scale) return detail::class_zero;
  return layout::has_subnormals && magnitude >> layout::mantissa_bits == 0 ? detail::class_subnormal
                                                                           : detail::class_normal;
}
/// Finite, nonzero and not subnormal. A fixed-point format (E = 0, or E = 1 with `ieee`) has no
/// subnormals, as in numeric_limits: all its nonzero values are normal.
template <narrow_float F>
constexpr NF_FN bool isnormal(F x) noexcept {
  return fpclassify(x) == detail::class_normal;
}
// In brackets because it is a macro of glibc's <math.h>, by which an unqualified call comes to the
// same.
/// Finite, nonzero and below the least normal value. Call it unqualified.
template <narrow_float F>
constexpr NF_FN bool(issubnormal)(F x) noexcept {
  return fpclassify(x) == detail::class_subnormal;
}

/// Result    x without its sign; the one NaN of fnuz and p3109 stays itself.
template <narrow_float F>
constexpr NF_FN F abs(F x) noexcept {
  if constexpr (F::is_signed) return signbit(x) ? -x : x;
  return x;
}
template <narrow_float F>
constexpr NF_FN F fabs(F x) noexcept {
  return abs(x);
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
/// Example   const float8_e4m3fn one(1.0f), smallest =
///                                              std::numeric_limits<float8_e4m3fn>::denorm_min();
///           assert(nextafter(one, float8_e4m3fn(2.0f)) == 1.125f &&
///                  copysign(one, -smallest) == -1.0f);
///           assert(fpclassify(smallest) == FP_SUBNORMAL && isnormal(one) && !isnan(one));
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

namespace detail {
inline namespace NF_BASELINE {

template <class F, class A, class B>
constexpr NF_HD F extreme(A a, B b, bool largest) {
  using layout = layout_of<F>;
  const F x = round_nearest<F>(operand<F>(a)), y = round_nearest<F>(operand<F>(b));
  if (isnan(x) || isnan(y)) return isnan(x) ? y : x;
  const std::int32_t first = order<layout>(x.bits()), second = order<layout>(y.bits());
  const bool x_is_smaller = first == second ? signbit(x) : first < second;
  return x_is_smaller != largest ? x : y;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The smaller and the larger operand, in the format in which an operator would meet them.
///
/// Special   -0 is smaller than +0; a NaN gives the other operand, two the canonical NaN.
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F fmin(A a, B b) noexcept {
  return detail::extreme<F>(a, b, false);
}
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F fmax(A a, B b) noexcept {
  return detail::extreme<F>(a, b, true);
}

// Two formats of which neither holds the other do not meet here either.
template <class A, detail::does_not_mix_with<A> B>
void fmin(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void fmax(A, B) = delete;

}  // namespace narrowfloat
