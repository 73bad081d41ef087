// SPDX-License-Identifier: MIT
// The MAC of E5M2 products in E6M5 a second time, by integers of 128 bits alone: nothing of the
// library, and nothing of the oracle of all formats.
#pragma once

#include <bit>
#include <cstdint>

namespace oracle::mac {

__extension__ typedef __int128 Integer;

inline constexpr std::uint32_t e6m5_sign = 0x800, e6m5_infinity = 0x7e0, e6m5_nan = 0x7f0,
                               e6m5_largest = 0x7df;

/// How a step rounds: to nearest even without bits, else up where floor(fraction * 2^bits) + r >=
/// 2^bits.
struct Rounding {
  int bits = 0;
  std::uint32_t r = 0;
  bool saturates = false;           ///< a finite overflow is the largest number
  bool saturates_infinity = false;  ///< so is an infinity
  bool flush = false;
};

/// A code of `mantissa` and `exponent` bits, as a multiple of its format's least number.
struct Number {
  Number(std::uint32_t code, int exponent, int mantissa, bool flush) {
    const std::uint32_t field = code >> mantissa & ((1u << exponent) - 1);
    const std::uint32_t fraction = code & ((1u << mantissa) - 1);
    negative = (code >> (exponent + mantissa) & 1) != 0;
    const bool is_special = field == (1u << exponent) - 1;
    is_nan = is_special && fraction != 0;
    is_infinity = is_special && fraction == 0;
    if (is_special) return;
    if (field == 0) {
      magnitude = flush ? 0 : fraction;
    } else {
      magnitude = static_cast<Integer>(fraction | 1u << mantissa) << (field - 1);
    }
  }
  bool negative, is_nan, is_infinity;
  Integer magnitude = 0;
};

inline int bit_length(Integer magnitude) {
  const auto high = static_cast<std::uint64_t>(magnitude >> 64);
  const auto low = static_cast<std::uint64_t>(magnitude);
  return high != 0 ? 128 - std::countl_zero(high) : 64 - std::countl_zero(low);
}

/// The code of a multiple of 2^-35, the least number of E6M5, rounded.
inline std::uint32_t rounded(Integer value, const Rounding& how) {
  if (value == 0) return 0;
  const std::uint32_t sign = value < 0 ? e6m5_sign : 0;
  const Integer magnitude = value < 0 ? -value : value;
  const int length = bit_length(magnitude), drop = length > 6 ? length - 6 : 0;
  Integer kept = magnitude >> drop;
  const Integer rest = magnitude - (kept << drop), unit = Integer{1} << drop;
  const bool up = how.bits == 0 ? 2 * rest > unit || (2 * rest == unit && kept % 2 != 0)
                                : ((rest << how.bits) >> drop) + how.r >= Integer{1} << how.bits;
  if (up) ++kept;
  // 32 * 2^drop is the first number of exponent field drop + 1
  const std::uint32_t code =
      static_cast<std::uint32_t>(kept) + static_cast<std::uint32_t>(drop) * 32;
  if (how.flush && code < 32) return sign;
  if (code >= e6m5_infinity) return sign | (how.saturates ? e6m5_largest : e6m5_infinity);
  return sign | code;
}

/// The code of sum + a * b, for codes of E6M5, E5M2 and E5M2.
inline std::uint32_t step(std::uint32_t sum, std::uint32_t a, std::uint32_t b,
                          const Rounding& how) {
  const Number c(sum, 6, 5, how.flush), x(a, 5, 2, how.flush), y(b, 5, 2, how.flush);
  const bool product_negative = x.negative != y.negative;
  const bool product_infinite = x.is_infinity || y.is_infinity;
  if (c.is_nan || x.is_nan || y.is_nan) return e6m5_nan;
  if (product_infinite &&
      ((!x.is_infinity && x.magnitude == 0) || (!y.is_infinity && y.magnitude == 0)))
    return e6m5_nan;
  if (c.is_infinity && product_infinite && c.negative != product_negative) return e6m5_nan;
  if (c.is_infinity || product_infinite) {
    const bool negative = c.is_infinity ? c.negative : product_negative;
    return (negative ? e6m5_sign : 0) | (how.saturates_infinity ? e6m5_largest : e6m5_infinity);
  }
  const Integer product = x.magnitude * y.magnitude * 8;  // from multiples of 2^-32
  return rounded(
      (c.negative ? -c.magnitude : c.magnitude) + (product_negative ? -product : product), how);
}

/// A sum that a * b cancels but for some units in its last place.
inline std::uint32_t near_cancellation(std::uint32_t a, std::uint32_t b, int units) {
  const std::uint32_t opposite = step(0, a, b ^ 0x80, {});
  const int code = static_cast<int>(opposite & 0x7ff) + units;
  return ((opposite & e6m5_sign) ^ (code < 0 ? e6m5_sign : 0)) |
         static_cast<std::uint32_t>(code < 0 ? -code : code);
}

/// E5M2 codes h and l with h * 2^log2 twice and l * 2^log2 making a sum; 0 where they do not exist.
struct Parts {
  std::uint32_t h, l;
};
/// The code of significand * 2^exponent, of at most 3 bits, in E5M2.
inline std::uint32_t e5m2_code(std::uint32_t significand, int exponent) {
  if (significand == 0) return 0;
  for (; significand % 2 == 0 && exponent < -16; ++exponent) significand /= 2;
  while (significand < 4 && exponent > -16) {
    significand *= 2;
    --exponent;
  }
  if (exponent < -16 || exponent > 13) return 0;
  return significand < 4 ? significand
                         : static_cast<std::uint32_t>(exponent + 16) * 4 + significand;
}
inline Parts parts_of(std::uint32_t sum, int log2) {
  const std::uint32_t field = sum >> 5 & 63, sign = (sum & e6m5_sign) != 0 ? 0x80 : 0;
  const std::uint32_t significand = (sum & 31) | (field != 0 ? 32u : 0);
  const int exponent = static_cast<int>(field != 0 ? field - 1 : 0) - 35 - log2;
  return {sign | e5m2_code(significand >> 3, exponent + 2),
          sign | e5m2_code(significand & 7, exponent)};
}

}  // namespace oracle::mac
