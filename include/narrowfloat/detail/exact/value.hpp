// SPDX-License-Identifier: MIT
// exact: the value of a code, a float, a double, a long double or an integer, or a result of
// arithmetic, which is rounded once, at the end. All of it is integer work, so that no
// floating-point environment, flush-to-zero flag or -ffast-math changes a bit.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "../codec/round.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The value of a code, or an exact result: significand * 2^exponent with the leading one at bit
/// `exact::leading`. An inexact tail of a result is jammed into bit 0: at least 36 bits lie between
/// it and the last bit of a format, more than the 33 that the finest stochastic rounding looks at.
struct exact {
  enum class kind { zero, finite, infinity, nan };
  static constexpr int leading = 60;
  kind what = kind::nan;
  bool negative = false;
  std::uint64_t significand = 0;
  int exponent = 0;

  static constexpr NF_HD exact zero(bool negative) { return {kind::zero, negative}; }
  static constexpr NF_HD exact infinity(bool negative) { return {kind::infinity, negative}; }
  static constexpr NF_HD exact nan() { return {}; }

  /// Any significand, moved to where its leading one belongs.
  static constexpr NF_HD exact finite(bool negative, std::uint64_t significand, int exponent) {
    const int up = leading_zeros(significand) - (63 - leading);
    if (up >= 0) return {kind::finite, negative, significand << up, exponent - up};
    const std::uint64_t tail = significand & ((std::uint64_t{1} << -up) - 1);
    return {kind::finite, negative, (significand >> -up) | (tail != 0 ? 1u : 0u), exponent - up};
  }
};

/// The value of a code of a Layout of at most 32 bits.
template <class Layout>
constexpr NF_HD exact exact_value(std::uint32_t code, const Layout& of = {}) {
  const bool negative = (code & of.sign_mask) != 0;
  const std::uint32_t value = code & ~of.sign_mask;
  if (of.nan_is_negative_zero && code == of.sign_mask) return exact::nan();
  if (of.has_infinity && value == of.infinity_code) return exact::infinity(negative);
  if (value > of.max_code) return exact::nan();
  if (of.is_scale) return exact::finite(negative, 1, static_cast<int>(value) + of.quantum);
  if (value == 0) return exact::zero(negative);
  const std::uint32_t field = value >> of.mantissa_bits, steps = field == 0 ? 0 : field - 1;
  return exact::finite(negative, value - (steps << of.mantissa_bits),
                       static_cast<int>(steps) + of.quantum);
}

/// The value of a float.
constexpr NF_HD exact exact_float(float x) {
  return exact_value<binary32>(__builtin_bit_cast(std::uint32_t, x));
}

/// The value of the bits of a double.
constexpr NF_HD exact exact_double_value(std::uint64_t code) {
  using wide64 = wide<std::uint64_t>;
  const std::uint64_t magnitude = code & ~wide64::sign_mask;
  const bool negative = code != magnitude;
  if (magnitude > wide64::infinity) return exact::nan();
  if (magnitude == wide64::infinity) return exact::infinity(negative);
  if (magnitude == 0) return exact::zero(negative);
  const std::uint64_t field = magnitude >> 52, steps = field == 0 ? 0 : field - 1;
  return exact::finite(negative, magnitude - (steps << 52), static_cast<int>(steps) - 1074);
}

/// Beyond 2^+-4000 a number is as good as 2^+-4000 itself: every format, and double, ends at
/// 2^+-1100.
inline constexpr int far_exponent = 4000;

/// The value of 1.f * 2^exponent: the one and the fraction fill `significand`, `tail` if bits below
/// it are set.
constexpr exact exact_wide(bool negative, std::uint64_t significand, bool tail, int exponent) {
  const int near = exponent > far_exponent    ? far_exponent
                   : exponent < -far_exponent ? -far_exponent
                                              : exponent;
  return exact::finite(negative, significand | (tail ? 1u : 0u), near - 63);
}

/// The value, by arithmetic that is exact in any type: of a constant expression.
constexpr exact exact_by_arithmetic(long double x, bool flush) {
  const bool negative = __builtin_copysignl(1, x) < 0;
  if (x != x) return {exact::kind::nan, negative};
  long double magnitude = negative ? -x : x;
  if (magnitude > __LDBL_MAX__) return exact::infinity(negative);
  if (magnitude == 0 || (flush && magnitude < __LDBL_MIN__)) return exact::zero(negative);
  int exponent = 63;
  for (; magnitude >= 0x1p64L; exponent += 64) magnitude *= 0x1p-64L;
  for (; magnitude < 1; exponent -= 64) magnitude *= 0x1p64L;
  for (; magnitude < 0x1p63L; --exponent) magnitude *= 2;
  const auto significand = static_cast<std::uint64_t>(magnitude);
  return exact_wide(negative, significand, magnitude != static_cast<long double>(significand),
                    exponent);
}

/// The value of the fields of x87's or binary128's long double: the sign and 15 exponent bits, 64
/// significant bits with the leading one, and whether more are set below.
constexpr exact exact_of_fields(std::uint32_t head, std::uint64_t significand, bool tail,
                                bool flush) {
  constexpr std::uint64_t one = std::uint64_t{1} << 63;
  const bool negative = (head & 0x8000) != 0;
  const std::uint32_t field = head & 0x7fff;
  if (field == 0) {
    if (flush || (significand == 0 && !tail)) return exact::zero(negative);
    return exact::finite(negative, 1, -far_exponent);
  }
  const bool is_infinity = field == 0x7fff && significand == one && !tail;
  if (is_infinity) return exact::infinity(negative);
  // without its leading one, which x87 alone can be, it is no number to x87's instructions either
  if (field == 0x7fff || significand < one) return {exact::kind::nan, negative};
  return exact_wide(negative, significand, tail, static_cast<int>(field) - 16383);
}

/// The value of a long double, which device code has not; zero of a subnormal one if `flush`.
///
/// Result    of all bits, so that a rounding of it is the only one; a NaN with its sign.
constexpr exact exact_long_double(long double x, bool flush) {
  static_assert(__LDBL_MANT_DIG__ == 53 || __LDBL_MANT_DIG__ == 64 || __LDBL_MANT_DIG__ == 113,
                "narrowfloat: this long double is a pair of doubles: convert a double");
  if (std::is_constant_evaluated()) return exact_by_arithmetic(x, flush);
  std::uint64_t words[2] = {};
#if __LDBL_MANT_DIG__ == 64
  __builtin_memcpy(words, &x, 10);  // the rest is padding
  return exact_of_fields(static_cast<std::uint32_t>(words[1]), words[0], false, flush);
#elif __LDBL_MANT_DIG__ == 113
  __builtin_memcpy(words, &x, sizeof x);
  const auto head = static_cast<std::uint32_t>(words[1] >> 48);
  const std::uint64_t one = (head & 0x7fff) != 0 ? std::uint64_t{1} << 63 : 0;
  return exact_of_fields(head, one | (words[1] << 16) >> 1 | words[0] >> 49, words[0] << 15 != 0,
                         flush);
#else
  exact value = exact_double_value(__builtin_bit_cast(std::uint64_t, x));
  if (value.what == exact::kind::nan) value.negative = __builtin_copysignl(1, x) < 0;
  const bool is_subnormal =
      value.what == exact::kind::finite && value.exponent < -1022 - exact::leading;
  return flush && is_subnormal ? exact::zero(value.negative) : value;
#endif
}

/// The value of an integer. Of 128 bits, which are integers to std::integral under -std=gnu++20,
/// the first 64 significant ones, those below jammed into the last.
template <std::integral T>
constexpr NF_HD exact exact_integer(T x) {
  if (x == T{0}) return exact::zero(false);
  bool negative = false;
  if constexpr (std::signed_integral<T>) negative = x < T{0};
  if constexpr (sizeof(T) > sizeof(std::uint64_t)) {
    using word = std::make_unsigned_t<T>;
    const auto bits = static_cast<word>(x), magnitude = negative ? 0 - bits : bits;
    if (const auto high = static_cast<std::uint64_t>(magnitude >> 64); high != 0) {
      const int shift = 64 - leading_zeros(high);
      const word kept = magnitude >> shift;
      const bool tail = kept << shift != magnitude;
      return exact::finite(negative, static_cast<std::uint64_t>(kept) | (tail ? 1u : 0u), shift);
    }
  }
  // modulo 2^64, so that 0 - bits is the magnitude
  const auto bits = static_cast<std::uint64_t>(x);
  return exact::finite(negative, negative ? 0 - bits : bits, 0);
}

/// Rounds an exact result to a code; `random` holds the N random bits.
template <class Layout, rule Rule, int N>
constexpr NF_HD std::uint32_t rounded(const exact& x, std::uint32_t random, const outcomes& out) {
  using W = std::uint64_t;
  constexpr int offset =
      1 << 14;  // above every exponent: |exponent| < 4100, of products and of texts
  const W sign = x.negative ? wide<W>::sign_mask : 0;
  W code = 0;
  switch (x.what) {
    case exact::kind::nan:
      return Layout::has_nan ? Layout::nan_code : Layout::max_code;
    case exact::kind::zero:
      return static_cast<std::uint32_t>(
          join_sign<Layout, W>(Layout::is_scale && out.zero_is_nan ? Layout::nan_code : 0, sign));
    case exact::kind::infinity:
      code = out.infinity;
      break;
    case exact::kind::finite:
      code = round_code<Layout, Rule, N, exact::leading, offset, 2 * offset, W>(
          {x.significand, static_cast<W>(x.exponent + exact::leading + offset)}, sign, random);
      code = smaller<W>(code, x.negative ? out.negative_overflow : out.positive_overflow);
  }
  if (!Layout::is_signed && x.negative) return out.negative;
  return static_cast<std::uint32_t>(join_sign<Layout, W>(code, sign));
}

constexpr NF_HD exact negated(const exact& x) {
  return {x.what, !x.negative, x.significand, x.exponent};
}

/// The nearest float, ties to even; an overflow, and Inf, by `policy`.
constexpr NF_HD float nearest_float(const exact& x, saturates policy = {false, false}) {
  return __builtin_bit_cast(float, rounded<binary32, rule::half_even, 0>(
                                       x, 0, outcomes_of<binary32, rule::half_even, 0>(policy)));
}
/// Whether a magnitude, cut to the integer `kept` and the fraction rest / 2^shift, is rounded up.
template <rule Rule>
constexpr NF_HD bool rounds_up(std::uint64_t kept, std::uint64_t rest, int shift, bool negative) {
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  const bool odd = (kept & 1) != 0;
  if (Rule == rule::half_even) return rest > half || (rest == half && odd);
  if (Rule == rule::half_up) return rest >= half;
  if (Rule == rule::odd) return rest != 0 && !odd;
  if (Rule == rule::floor) return false;
  return rest != 0 && negative == (Rule == rule::up_if_negative);
}
/// The bits of an exact result as a double, rounded by a rule without random bits.
template <rule Rule>
constexpr NF_HD std::uint64_t rounded_double(const exact& x, saturates policy) {
  constexpr std::uint64_t infinity = wide<std::uint64_t>::infinity;
  const std::uint64_t sign = x.negative ? wide<std::uint64_t>::sign_mask : 0;
  if (x.what == exact::kind::nan)
    return wide<std::uint64_t>::quiet_nan & (infinity | infinity >> 1);
  if (x.what == exact::kind::zero) return sign;
  if (x.what == exact::kind::infinity) return sign | (infinity - (policy.infinity ? 1 : 0));
  const int exponent = x.exponent + exact::leading, below = -1022 - exponent;
  std::uint64_t code = infinity;
  if (exponent <= 1023) {
    // 61 bits to 53, or fewer; less than half of the first step is left of a shift by 62
    const int shift = below <= 0 ? 8 : below < 54 ? 8 + below : 62;
    const std::uint64_t kept = x.significand >> shift, rest = x.significand - (kept << shift);
    const auto field = static_cast<std::uint64_t>(below <= 0 ? -below : 0);
    code = (field << 52) + kept + (rounds_up<Rule>(kept, rest, shift, x.negative) ? 1 : 0);
  }
  if (code < infinity) return sign | code;
  const bool inward = policy.overflow || Rule == rule::floor || Rule == rule::odd ||
                      Rule == (x.negative ? rule::up_if_positive : rule::up_if_negative);
  return sign | (infinity - (inward ? 1 : 0));
}
/// The nearest double, ties to even; an overflow is Inf.
constexpr NF_HD double nearest_double(const exact& x) {
  return __builtin_bit_cast(double, rounded_double<rule::half_even>(x, {false, false}));
}
/// The double of a finite result cut to 53 bits, its last one set where that is inexact (round to
/// odd): rounding it again to fewer bits is as exact as one rounding.
///
/// Requires  a result in double's normal range.
constexpr NF_HD double odd_double(const exact& x) {
  constexpr int spare = exact::leading - 52;
  const bool inexact = (x.significand & ((std::uint64_t{1} << spare) - 1)) != 0;
  const std::uint64_t kept = (x.significand >> spare) | (inexact ? 1 : 0);
  const int exponent = x.exponent + exact::leading + 1022;
  const auto field = static_cast<std::uint64_t>(exponent);
  return __builtin_bit_cast(
      double, (x.negative ? wide<std::uint64_t>::sign_mask : 0) | ((field << 52) + kept));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
