// SPDX-License-Identifier: MIT
// Rounding a Float to an integer, its integer and fraction, and remainders: exact, then rounded
// once.
#pragma once

#include "../float.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// The integer to which Rule takes x; a zero keeps the sign of x.
template <rule Rule>
constexpr NF_HD exact integral(const exact& x) {
  if (x.what != exact::kind::finite || x.exponent >= 0) return x;
  // a shift by 62 leaves less than half of the first step, whatever the significand
  const int shift = -x.exponent < 62 ? -x.exponent : 62;
  const std::uint64_t down = x.significand >> shift, rest = x.significand - (down << shift);
  const std::uint64_t n = down + (rounds_up<Rule>(down, rest, shift, x.negative) ? 1 : 0);
  return n == 0 ? exact::zero(x.negative) : exact::finite(x.negative, n, 0);
}

/// The same as an integer type: its nearer end beyond its range, 0 for NaN.
template <std::signed_integral T, rule Rule>
constexpr NF_HD T integer(const exact& x) {
  const exact rounded = integral<Rule>(x);
  if (rounded.what == exact::kind::zero || rounded.what == exact::kind::nan) return 0;
  constexpr std::uint64_t end = std::uint64_t{1} << (8 * sizeof(T) - 1);
  const std::uint64_t most = rounded.negative ? end : end - 1;
  std::uint64_t magnitude = most;
  if (rounded.what == exact::kind::finite && rounded.exponent <= 2) {  // below 2^63
    magnitude = rounded.exponent >= 0 ? rounded.significand << rounded.exponent
                                      : rounded.significand >> -rounded.exponent;
    if (magnitude > most) magnitude = most;
  }
  return static_cast<T>(rounded.negative ? 0 - magnitude : magnitude);  // modulo 2^64
}

/// What is left of a after the multiple of b next below it, or the nearest one, the even one of
/// two.
///
/// Requires  operands of at most 24 significant bits.
constexpr NF_HD exact rest_of_division(const exact& a, const exact& b, bool nearest) {
  using kind = exact::kind;
  if (a.what == kind::nan || b.what == kind::nan || a.what == kind::infinity ||
      b.what == kind::zero) {
    return exact::nan();
  }
  if (a.what == kind::zero || b.what == kind::infinity) return a;
  constexpr int spare = exact::leading - 23;
  // In halves of the last of the 24 bits of b. Where b has two binades on a, a is below half of it.
  int steps = a.exponent - b.exponent + 1;
  if (steps < 0) return a;
  const std::uint64_t divisor = b.significand >> (spare - 1);
  std::uint64_t rest = a.significand >> spare;
  for (; steps > 0;
       steps -= 32) {  // modulo 2 * divisor, of 26 bits, which leaves the last quotient bit
    rest = (rest << (steps < 32 ? steps : 32)) % (2 * divisor);
  }
  const bool odd = rest >= divisor;
  if (odd) rest -= divisor;
  const bool up = nearest && (2 * rest > divisor || (2 * rest == divisor && odd));
  if (up) rest = divisor - rest;
  if (rest == 0) return exact::zero(a.negative);
  return exact::finite(a.negative != up, rest, b.exponent + spare - 1);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The integer next below x, next above it, next toward zero, and the nearest one, halves away from
/// zero.
///
/// Result    an integer, with the sign of x where it is zero; rounded once to the format where that
///           does not hold it.
/// Special   Inf stays itself; NaN is the canonical NaN.
template <narrow_float F>
constexpr NF_FN F floor(F x) noexcept {
  return detail::round_nearest<F>(
      detail::integral<detail::rule::up_if_negative>(detail::exact_of(x)));
}
template <narrow_float F>
constexpr NF_FN F ceil(F x) noexcept {
  return detail::round_nearest<F>(
      detail::integral<detail::rule::up_if_positive>(detail::exact_of(x)));
}
template <narrow_float F>
constexpr NF_FN F trunc(F x) noexcept {
  return detail::round_nearest<F>(detail::integral<detail::rule::floor>(detail::exact_of(x)));
}
template <narrow_float F>
constexpr NF_FN F round(F x) noexcept {
  return detail::round_nearest<F>(detail::integral<detail::rule::half_up>(detail::exact_of(x)));
}
/// The nearest integer, halves to even, whatever rounding the floating-point environment asks for;
/// see floor().
template <narrow_float F>
constexpr NF_FN F rint(F x) noexcept {
  return detail::round_nearest<F>(detail::integral<detail::rule::half_even>(detail::exact_of(x)));
}
template <narrow_float F>
constexpr NF_FN F nearbyint(F x) noexcept {
  return rint(x);
}

/// The nearest integer as an integer: halves away from zero in lround and llround, to even in lrint
/// and llrint.
///
/// Special   beyond the type's range, and for Inf, the nearer of its ends; 0 for NaN.
template <narrow_float F>
constexpr NF_FN long lround(F x) noexcept {
  return detail::integer<long, detail::rule::half_up>(detail::exact_of(x));
}
template <narrow_float F>
constexpr NF_FN long long llround(F x) noexcept {
  return detail::integer<long long, detail::rule::half_up>(detail::exact_of(x));
}
template <narrow_float F>
constexpr NF_FN long lrint(F x) noexcept {
  return detail::integer<long, detail::rule::half_even>(detail::exact_of(x));
}
template <narrow_float F>
constexpr NF_FN long long llrint(F x) noexcept {
  return detail::integer<long long, detail::rule::half_even>(detail::exact_of(x));
}

/// Result    x less trunc(x) and, in *integer, trunc(x), both with the sign of x.
/// Special   Inf gives a zero and Inf, NaN gives NaN twice.
template <narrow_float F>
constexpr NF_FN F modf(F x, F* integer) noexcept {
  using detail::exact;
  const exact value = detail::exact_of(x),
              whole_part = detail::integral<detail::rule::floor>(value);
  *integer = detail::round_nearest<F>(whole_part);
  return detail::round_nearest<F>(value.what == exact::kind::infinity
                                      ? exact::zero(value.negative)
                                      : detail::sum(value, negated(whole_part), value.negative));
}

/// a - n * b, exact: n is a / b toward zero in fmod, and the integer nearest to a / b, halves to
/// even, in remainder. Operands of two formats meet as an operator's do.
///
/// Result    below b, or at most half of it; a zero has the sign of a.
/// Special   of Inf, and by zero, invalid; of a finite a by Inf, a.
/// Example   const float8_e4m3fn a(5.5f), b(2.0f);
///           // rint: halves to even
///           assert(floor(a) == 5.0f && rint(a) == 6.0f && trunc(-a) == -5.0f);
///           assert(fmod(a, b) == 1.5f && remainder(a, b) == -0.5f);
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F fmod(A a, B b) noexcept {
  return detail::round_nearest<F>(
      detail::rest_of_division(detail::operand<F>(a), detail::operand<F>(b), false));
}
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F remainder(A a, B b) noexcept {
  return detail::round_nearest<F>(
      detail::rest_of_division(detail::operand<F>(a), detail::operand<F>(b), true));
}

// Two formats of which neither holds the other do not meet here either.
template <class A, detail::does_not_mix_with<A> B>
void fmod(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void remainder(A, B) = delete;

}  // namespace narrowfloat
