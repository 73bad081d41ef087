// SPDX-License-Identifier: MIT
// Floats and doubles as bits, and as integers times powers of two.
#pragma once

#include "arithmetic.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

inline constexpr std::uint32_t float_infinity = wide<std::uint32_t>::infinity;

constexpr NF_FN std::uint32_t bits_of_float(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
constexpr NF_FN float float_of_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
constexpr NF_FN double double_of_bits(std::uint64_t bits) {
  return __builtin_bit_cast(double, bits);
}

/// A positive number: significand * 2^exponent; a float has at most 24 bits.
struct binary {
  std::uint64_t significand;
  int exponent;
};

/// A finite positive float, its leading one at bit 23.
constexpr NF_FN binary binary_of(std::uint32_t bits) {
  const auto field = static_cast<int>(bits >> 23);
  const std::uint32_t fraction = bits & 0x7fffffu;
  if (field != 0) return {fraction | 0x800000u, field - 150};
  const int up = leading_zeros(fraction) - 40;
  return {std::uint64_t{fraction} << up, -149 - up};
}

/// The product, its leading one anywhere.
constexpr NF_FN binary product(const binary& a, const binary& b) {
  return {a.significand * b.significand, a.exponent + b.exponent};
}

constexpr NF_FN exact exact_binary(const binary& x) {
  return exact::finite(false, x.significand, x.exponent);
}

/// a / b, to odd.
///
/// Requires  the result in double's normal range.
constexpr NF_FN double quotient_to_odd(const binary& a, const binary& b) {
  return odd_double(quotient(exact_binary(a), exact_binary(b)));
}

/// The double of a number of at most 53 bits within its normal range; 0 for 0.
constexpr NF_FN double exact_double(const binary& x) {
  if (x.significand == 0) return 0;
  const std::uint64_t bits = float_bits(x.significand);
  return double_of_bits(bits + (static_cast<std::uint64_t>(x.exponent) << 52));
}

/// x * factor without a floating-point exception. The product has to be exact in double, as that of
/// two floats is.
constexpr NF_FN double scaled_up(double x, double factor) {
  constexpr std::uint64_t magnitude_mask = ~wide<std::uint64_t>::sign_mask;
  constexpr std::uint64_t infinity = wide<std::uint64_t>::infinity;
  const auto x_bits = __builtin_bit_cast(std::uint64_t, x);
  const auto factor_bits = __builtin_bit_cast(std::uint64_t, factor);
  const std::uint64_t a = x_bits & magnitude_mask, b = factor_bits & magnitude_mask;
  if (b != 0 && b < infinity && a < infinity) return x * factor;  // exact
  const std::uint64_t sign = (x_bits ^ factor_bits) & wide<std::uint64_t>::sign_mask;
  if (a > infinity || b > infinity || (a == infinity && b == 0) || (a == 0 && b == infinity))
    return double_of_bits(wide<std::uint64_t>::quiet_nan & magnitude_mask);
  return double_of_bits(sign | (a == infinity || b == infinity ? infinity : 0));
}

/// A finite nonzero double's magnitude, without trailing zeros.
constexpr NF_FN binary odd_binary(double x) {
  const std::uint64_t bits = __builtin_bit_cast(std::uint64_t, x) & ~wide<std::uint64_t>::sign_mask;
  const std::uint64_t significand =
      (bits & ((std::uint64_t{1} << 52) - 1)) | (std::uint64_t{1} << 52);
  const int zeros = trailing_zeros(significand);
  return {significand >> zeros, static_cast<int>(bits >> 52) - 1075 + zeros};
}

/// 2^exponent: a normal number, or a subnormal float.
template <class Real>
constexpr NF_FN Real power_of_two(int exponent) {
  if constexpr (std::same_as<Real, float>) {
    return float_of_bits(exponent >= -126 ? static_cast<std::uint32_t>(exponent + 127) << 23
                                          : 1u << (exponent + 149));
  } else {
    return double_of_bits(static_cast<std::uint64_t>(exponent + 1023) << 52);
  }
}

// Magnitudes as bits: a NaN is larger than Inf, and no flag turns a subnormal one into zero.
constexpr NF_FN std::uint32_t magnitude_bits(float x) {
  return bits_of_float(x) & ~wide<std::uint32_t>::sign_mask;
}
constexpr NF_FN bool is_finite(float x) {
  return magnitude_bits(x) < wide<std::uint32_t>::infinity;
}
constexpr NF_FN bool is_zero(float x) { return magnitude_bits(x) == 0; }
/// Whether an amax says anything about a scale: neither zero nor Inf nor NaN.
constexpr NF_FN bool is_usable(float amax) { return !is_zero(amax) && is_finite(amax); }
constexpr NF_FN float larger_magnitude(float a, float b) {
  return float_of_bits(larger(magnitude_bits(a), magnitude_bits(b)));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
