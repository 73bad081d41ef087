// SPDX-License-Identifier: MIT
// Exponents of a Float: reading them, and scaling by powers of two, rounded once.
#pragma once

#include <climits>

#include "classes.hpp"

namespace narrowfloat {

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

/// The same as a value of the format, rounded once where it does not hold it.
///
/// Special   -Inf for zero, +Inf for either Inf, as overflow in arithmetic; NaN for NaN.
template <narrow_float F>
constexpr NF_FN F logb(F x) noexcept {
  const detail::exact value = detail::exact_of(x);
  using kind = detail::exact::kind;
  return detail::round_nearest<F>(value.what == kind::nan ? value
                                  : value.what == kind::finite
                                      ? detail::exact_integer(ilogb(x))
                                      : detail::exact::infinity(value.what == kind::zero));
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
template <narrow_float F>
constexpr NF_FN F scalbn(F x, int exponent) noexcept {
  return ldexp(x, exponent);
}
template <narrow_float F>
constexpr NF_FN F scalbln(F x, long exponent) noexcept {
  return ldexp(x, exponent > 4096 ? 4096 : exponent < -4096 ? -4096 : static_cast<int>(exponent));
}

/// Result    the fraction f and, in *exponent, n, with x = f * 2^n and 1/2 <= |f| < 1; f is rounded
///           once where the format does not hold it.
/// Special   zero, Inf and NaN give x and 0.
/// Example   int n = 0;
///           assert(frexp(float8_e4m3fn(12.0f), &n) == 0.75f && n == 4);  // 0.75 * 2^4
///           assert(ilogb(float8_e4m3fn(12.0f)) == 3 && ldexp(float8_e4m3fn(12.0f), 2) == 48.0f);
template <narrow_float F>
constexpr NF_FN F frexp(F x, int* exponent) noexcept {
  const int n = isfinite(x) && ilogb(x) != INT_MIN ? ilogb(x) + 1 : 0;
  *exponent = n;
  return n == 0 ? x : ldexp(x, -n);
}

}  // namespace narrowfloat
