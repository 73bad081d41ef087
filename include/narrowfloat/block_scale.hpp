// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. The scale of one block, and elements divided by it: in
// integers, or in double where every operation is exact, so that no floating-point environment can
// change a bit.
#pragma once

#include <algorithm>

#include "block_format.hpp"
#include "convert.hpp"

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

/// a / b cut to a double, its last bit set where that is inexact (round to odd): rounding it again to fewer bits is as exact as one rounding.
///
/// Requires  a.significand of exactly 24 bits, b.significand of at most 32; the result in double's
///           normal range.
constexpr NF_FN double quotient_to_odd(const binary& a, const binary& b) {
  const int up = leading_zeros(b.significand) - 32;
  const std::uint64_t divisor = b.significand << up, dividend = a.significand << 39;
  const std::uint64_t first = dividend / divisor, first_rest = dividend % divisor;  // 32 bits
  const std::uint64_t second = (first_rest << 28) / divisor;                        // below 2^28
  const bool tail = (first_rest << 28) % divisor != 0;
  std::uint64_t quotient = (first << 28) | second;  // 59 or 60 bits
  int exponent = a.exponent - b.exponent + up - 67;
  const int spare = leading_zeros(quotient);
  quotient <<= spare;
  exponent -= spare;  // the leading one at bit 63
  const bool inexact = tail || (quotient & 0x7ffu) != 0;
  quotient = (quotient >> 11) | (inexact ? 1u : 0u);  // at bit 52
  const int field = exponent + 63 + 1023;
  return double_of_bits((static_cast<std::uint64_t>(field) << 52) +
                        (quotient & ((std::uint64_t{1} << 52) - 1)));
}

/// The double of a number of at most 53 bits within its normal range; 0 for 0.
constexpr NF_FN double exact_double(const binary& x) {
  if (x.significand == 0) return 0;
  const std::uint64_t bits = float_bits(x.significand);
  return double_of_bits(bits + (static_cast<std::uint64_t>(x.exponent) << 52));
}

/// x * factor without a floating-point exception. The product has to be exact in double, as that of two
/// floats is.
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

/// float arithmetic, rounded once to nearest even; an overflow is Inf.
constexpr NF_FN float float_product(float a, float b) {
  return convert<float>(scaled_up(convert<double>(a), convert<double>(b)));
}
/// Requires  positive finite a and b.
constexpr NF_FN float float_quotient(float a, float b) {
  return convert<float>(quotient_to_odd(binary_of(bits_of_float(a)), binary_of(bits_of_float(b))));
}

/// What a block format sees of its element type.
template <class Element>
struct element_traits {
  using rounded = Element;  ///< the format that values are rounded to
  using code = float_code<layout_of<Element>>;
};
template <int Width, int FractionBits>
struct element_traits<FixedPoint<Width, FractionBits>> {
  using rounded = fixed_magnitude<Width - 1, FractionBits>;
  using code = fixed_code<Width, FractionBits>;
};

template <class Element>
inline constexpr exact largest_element =
    exact_value<layout_of<typename element_traits<Element>::rounded>>(
        layout_of<typename element_traits<Element>::rounded>::max_code);
template <class Element>
inline constexpr int largest_exponent = largest_element<Element>.exponent + exact::leading;

/// The largest element without trailing zeros.
template <class Element>
constexpr NF_FN binary largest_binary() {
  constexpr std::uint64_t significand = largest_element<Element>.significand;
  constexpr int zeros = __builtin_ctzll(significand);
  return {significand >> zeros, largest_element<Element>.exponent + zeros};
}

/// With amax = (1 + fraction / 2^23) * 2^e, the fraction above which a rule other than search takes the scale's exponent
/// from e + 1.
template <class Element>
constexpr NF_FN std::uint32_t fraction_threshold(ScaleRule rule) {
  using layout = layout_of<typename element_traits<Element>::rounded>;
  constexpr std::uint32_t last = 0x7fffff;
  switch (rule) {
    case ScaleRule::ceil:
      return 0;
    case ScaleRule::rceil:
      return static_cast<std::uint32_t>(largest_element<Element>.significand >>
                                        (exact::leading - 23)) &
             last;
    case ScaleRule::even:
      // Half a unit in the last of the element's mantissa bits carries into the next binade.
      return last - (layout::significant_bits < 23 ? 0x400000u >> layout::significant_bits : 0);
    case ScaleRule::floor:
    case ScaleRule::search:
      return last;
  }
  return last;
}

template <class Scale>
struct scale_traits;
template <>
struct scale_traits<ExponentInt8> {
  static constexpr int lowest = -127, highest = 127;
  static constexpr NF_FN ExponentInt8 from_exponent(int e) {
    return ExponentInt8::from_bits(static_cast<std::uint8_t>(e));
  }
  static constexpr NF_FN ExponentInt8 nan() { return ExponentInt8::from_bits(0x80); }
};
template <power_of_two_scale Scale>
requires narrow_float<Scale>
struct scale_traits<Scale> {
  using layout = layout_of<Scale>;
  static constexpr int lowest = -layout::bias,
                       highest = static_cast<int>(layout::max_code) - layout::bias;
  static constexpr NF_FN Scale from_exponent(int e) {
    return Scale::from_bits(static_cast<typename Scale::Storage>(e - lowest));
  }
  static constexpr NF_FN Scale nan() { return Scale::from_bits(layout::nan_code); }
};

/// The bits of x / 2^e as a float, exact but near the ends of float's range: a nonzero magnitude below
/// the smallest normal float stands as that one, one above the largest float as that one. Elements
/// have neither values nor random decisions there.
constexpr NF_FN std::uint32_t scaled_down(std::uint32_t bits, int e) {
  const std::uint32_t sign = bits & 0x80000000u, magnitude = bits - sign;
  const std::uint32_t integer = float_bits(magnitude & 0x7fffffu);  // a subnormal, normalized
  const bool normal = magnitude >= 0x800000u;
  const std::uint32_t fraction = (normal ? magnitude : integer) & 0x7fffffu;
  const int field = static_cast<int>((normal ? magnitude : integer) >> 23) - (normal ? 0 : 149) - e;
  std::uint32_t scaled = (static_cast<std::uint32_t>(field) << 23) | fraction;
  if (field < 1) scaled = 0x800000u;
  if (field > 254) scaled = float_infinity - 1;
  if (magnitude == 0 || magnitude >= float_infinity) scaled = magnitude;
  return sign | scaled;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
