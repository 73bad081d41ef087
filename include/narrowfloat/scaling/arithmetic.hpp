// SPDX-License-Identifier: MIT
// private: include a header beside it. What scales are made of: products, quotients and roots in integers, rounded
// once, so that no floating-point environment and no compiler flag changes a scale.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "../float.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

__extension__ typedef unsigned __int128 wide_scale_bits;

constexpr exact real(float x) { return exact_value<binary32>(number_traits<float>::to_code(x)); }
constexpr exact real(double x) {
  const std::uint64_t code = number_traits<double>::to_code(x);
  const std::uint64_t magnitude = code & ~wide<std::uint64_t>::sign_mask;
  const bool negative = code != magnitude;
  if (magnitude > wide<std::uint64_t>::infinity) return exact::nan();
  if (magnitude == wide<std::uint64_t>::infinity) return exact::infinity(negative);
  if (magnitude == 0) return exact::zero(negative);
  const std::uint64_t field = magnitude >> 52, steps = field == 0 ? 0 : field - 1;
  return exact::finite(negative, magnitude - (steps << 52), static_cast<int>(steps) - 1074);
}
template <std::integral T>
constexpr exact real(T x) {
  return exact_of(x);
}

/// The nearest float.
constexpr float to_float(const exact& x) {
  return number_traits<float>::from_code(rounded<binary32, rule::half_even, 0>(
      x, 0, outcomes_of<binary32, rule::half_even, 0>({false, false})));
}
/// The nearest double.
constexpr double to_double(const exact& x) {
  using traits = number_traits<double>;
  const std::uint64_t sign = x.negative ? wide<std::uint64_t>::sign_mask : 0;
  const int exponent = x.exponent + exact::leading;
  if (x.what == exact::kind::nan) return traits::from_code(std::uint64_t{0x7ff8} << 48);
  if (x.what == exact::kind::infinity || exponent > 1023)
    return traits::from_code(sign | wide<std::uint64_t>::infinity);
  const int shift = 8 + std::max(0, -1022 - exponent);  // 61 bits to 53, or fewer
  if (x.what == exact::kind::zero || shift > 62) return traits::from_code(sign);
  const std::uint64_t kept = x.significand >> shift, rest = x.significand - (kept << shift);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  const std::uint64_t up = rest > half || (rest == half && (kept & 1) != 0) ? 1 : 0;
  const auto below = static_cast<std::uint64_t>(std::max(0, exponent + 1022));
  return traits::from_code(sign | ((below << 52) + kept + up));
}

/// a * b and a / b of any two results, to 61 bits with the tail jammed.
constexpr exact times(const exact& a, const exact& b) {
  if (a.what != exact::kind::finite || b.what != exact::kind::finite) return product(a, b);
  const wide_scale_bits all = wide_scale_bits{a.significand} * b.significand;  // below 2^122
  const auto high = static_cast<std::uint64_t>(all >> exact::leading);
  const bool tail = (wide_scale_bits{high} << exact::leading) != all;
  return exact::finite(a.negative != b.negative, high | (tail ? 1u : 0u),
                       a.exponent + b.exponent + exact::leading);
}
constexpr exact over(const exact& a, const exact& b) {
  if (a.what != exact::kind::finite || b.what != exact::kind::finite) return quotient(a, b);
  const wide_scale_bits dividend = wide_scale_bits{a.significand} << 62;
  const auto all = static_cast<std::uint64_t>(dividend / b.significand);  // 62 or 63 bits
  const bool tail = dividend % b.significand != 0;
  return exact::finite(a.negative != b.negative, all | (tail ? 1u : 0u),
                       a.exponent - b.exponent - 62);
}
constexpr exact plus(const exact& a, const exact& b) { return sum(a, b, false); }

/// Whether a <= b, of positive numbers.
constexpr bool at_most(const exact& a, const exact& b) {
  return a.exponent < b.exponent || (a.exponent == b.exponent && a.significand <= b.significand);
}
/// x^n of a positive number.
constexpr exact power(exact x, int n) {
  exact result = real(1);
  for (; n > 0; n /= 2) {
    if (n % 2 != 0) result = times(result, x);
    x = times(x, x);
  }
  return result;
}
/// The n-th root of a positive number, bit by bit.
constexpr exact nth_root(const exact& a, int n) {
  if (a.what != exact::kind::finite || n == 1) return a;
  if (n == 2) return root(a);
  const int exponent = a.exponent + exact::leading;
  const int below = exponent >= 0 ? exponent / n : -((-exponent + n - 1) / n);
  exact x = exact::finite(false, 1, below);
  for (int bit = exact::leading - 1; bit >= 0; --bit) {
    exact more = x;
    more.significand |= std::uint64_t{1} << bit;
    if (at_most(power(more, n), a)) x = more;
  }
  return x;
}

/// floor(log2(a / b)) of positive numbers.
constexpr int floor_log2_quotient(const exact& a, const exact& b) {
  return a.exponent - b.exponent - (a.significand < b.significand ? 1 : 0);
}

/// 2^exponent, for exponents of a float.
constexpr float float_power(int exponent) {
  return number_traits<float>::from_code(
      exponent >= -126 ? static_cast<std::uint32_t>(exponent + 127) << 23 : 1u << (exponent + 149));
}

template <class F>
inline constexpr exact largest_of = exact_value<layout_of<F>>(layout_of<F>::max_code);

// Magnitudes as bits: a NaN is larger than Inf, and no flag turns a subnormal one into zero.
constexpr std::uint32_t magnitude_bits(float x) {
  return number_traits<float>::to_code(x) & ~wide<std::uint32_t>::sign_mask;
}
constexpr bool is_finite(float x) { return magnitude_bits(x) < wide<std::uint32_t>::infinity; }
constexpr bool is_zero(float x) { return magnitude_bits(x) == 0; }
/// Whether an amax says anything about a scale: neither zero nor Inf nor NaN.
constexpr bool is_usable(float amax) { return !is_zero(amax) && is_finite(amax); }
constexpr float larger_magnitude(float a, float b) {
  return number_traits<float>::from_code(std::max(magnitude_bits(a), magnitude_bits(b)));
}
template <class Range>
constexpr float largest_of_range(const Range& values) {
  float most = 0;
  for (const float x : values) most = larger_magnitude(most, x);
  return most;
}

/// A number in a message.
inline std::string shown(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

constexpr void require_history(std::size_t held, std::size_t wanted) {
  if (held != wanted || wanted == 0) {
    throw std::invalid_argument("narrowfloat: the amax history has " + std::to_string(held) +
                                " entries, its length is " + std::to_string(wanted) +
                                " and must be at least 1");
  }
}

/// A scale at least 2^-126, so that its inverse is finite, and no larger than `most`.
constexpr float limited_scale(float scale, float most) {
  using traits = number_traits<float>;
  return traits::from_code(std::clamp(traits::to_code(scale), 0x00800000u, traits::to_code(most)));
}
inline constexpr float largest_float = __builtin_bit_cast(float, 0x7f7fffffu);

/// 1 / x, rounded once.
constexpr float inverse(float x) { return to_float(over(real(1), real(x))); }

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
