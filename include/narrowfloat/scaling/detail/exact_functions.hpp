// SPDX-License-Identifier: MIT
// The exponential and the logarithm in integers, to about 55 bits: the same in every floating-point
// environment.
#pragma once

#include "../../detail/exact/arithmetic.hpp"
#include "../../float.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// 2 atanh(z) = ln((1 + z) / (1 - z)), |z| <= 1/3.
constexpr exact twice_atanh(const exact& z) {
  const exact square = product(z, z);
  exact series = quotient(exact_of(1), exact_of(41));
  for (int n = 39; n > 0; n -= 2)
    series = sum(quotient(exact_of(1), exact_of(n)), product(square, series));
  return product(exact_of(2), product(z, series));
}
inline constexpr exact log_of_2 = twice_atanh(quotient(exact_of(1), exact_of(3)));

/// ln x of a positive number.
constexpr exact logarithm(const exact& x) {
  const int exponent = x.exponent + exact::leading;
  const exact mantissa = {x.what, false, x.significand, -exact::leading};  // in [1, 2)
  const exact z = quotient(sum(mantissa, exact_of(-1)), sum(mantissa, exact_of(1)));
  return sum(twice_atanh(z), product(exact_of(exponent), log_of_2));
}

/// e^x, |x| < 2^9.
constexpr exact exponential(const exact& x) {
  const auto halvings = static_cast<int>(nearest_double(quotient(x, log_of_2)));
  exact rest = sum(x, product(exact_of(-halvings), log_of_2));  // |rest| < ln 2
  rest.exponent -= 3;
  exact result = exact_of(1);
  for (int n = 16; n > 0; --n)
    result = sum(exact_of(1), quotient(product(rest, result), exact_of(n)));
  for (int i = 0; i < 3; ++i) result = product(result, result);
  result.exponent += halvings;
  return result;
}

/// high^a * low^(1 - a).
constexpr exact interpolated(const exact& a, const exact& low, const exact& high) {
  const exact rest = sum(exact_of(1), negated(a));
  return exponential(sum(product(a, logarithm(high)), product(rest, logarithm(low))));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
