// SPDX-License-Identifier: MIT
// What the codes of a format mean: the special codes of each convention, the ends of the range, and
// which other formats hold every value.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../../specials.hpp"
#include "word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Every constant of a format that the formulas need, from its parameters, which name a format.
/// Codes are magnitudes, right-aligned.
struct format_layout {
  int exponent_bits, mantissa_bits, bias;
  Specials specials;
  bool is_signed;

  int width = exponent_bits + mantissa_bits + (is_signed ? 1 : 0);
  std::uint32_t magnitude_mask = ~std::uint32_t{0} >> (32 - exponent_bits - mantissa_bits);
  std::uint32_t sign_mask = is_signed ? magnitude_mask + 1 : 0;

  bool is_scale = specials == Specials::scale;
  bool has_infinity = specials == Specials::ieee || specials == Specials::p3109;
  bool has_nan =
      specials != Specials::finite && !(specials == Specials::ieee && mantissa_bits == 0);
  bool has_signed_zero = is_signed && specials != Specials::fnuz && specials != Specials::p3109;
  bool has_signed_nan = has_nan && has_signed_zero;

  /// The one NaN of fnuz and signed p3109 sits at the code of -0; others are magnitudes above Inf.
  bool nan_is_negative_zero = is_signed && has_nan && !has_signed_nan;

  /// The largest finite code: all ones, less the codes that Inf and NaN take.
  std::uint32_t max_code = specials == Specials::ieee
                               ? magnitude_mask - (magnitude_mask >> exponent_bits) - 1
                           : specials == Specials::fn || is_scale     ? magnitude_mask - 1
                           : specials == Specials::p3109 && is_signed ? magnitude_mask - 1
                           : specials == Specials::p3109              ? magnitude_mask - 2
                                                                      : magnitude_mask;

  /// Subnormals are the codes below the smallest normal. A format without normals (E = 0; E = 1
  /// with ieee) is a fixed-point format and has none.
  bool has_subnormals = mantissa_bits > 0 && max_code >= (std::uint32_t{1} << mantissa_bits);

  /// Where Inf exists it follows the largest finite code; so does every NaN that overflow gives.
  std::uint32_t infinity_code = max_code + 1;
  /// The canonical NaN: quiet, its sign joined later; the whole code where it is the code of -0.
  std::uint32_t nan_code = nan_is_negative_zero         ? sign_mask
                           : specials == Specials::ieee ? infinity_code | (1u << mantissa_bits >> 1)
                                                        : magnitude_mask;

  /// Exponent of the smallest normal value; of code 0 where there is no zero.
  int min_exponent = is_scale ? -bias : 1 - bias;
  /// Exponent of the distance between the smallest values: every value is a multiple of 2^quantum.
  int quantum = min_exponent - mantissa_bits;
  /// Exponent of the largest finite value. A builtin: after a call nvcc 13.0 has lost the members.
  int max_exponent = is_scale ? static_cast<int>(max_code) - bias
                     : max_code < (1u << mantissa_bits)
                         ? quantum + 31 - __builtin_clz(max_code | 1)
                         : static_cast<int>(max_code >> mantissa_bits) - bias;
  /// Bits after the leading one that some value uses.
  int significant_bits =
      max_code < (1u << mantissa_bits) ? 31 - __builtin_clz(max_code | 1) : mantissa_bits;
};

/// The same of a format that is a type.
template <int E, int M, int Bias, Specials S, Signedness Sign>
struct layout {
  static constexpr format_layout all{E, M, Bias, S, Sign == Signedness::is_signed};
  static constexpr int exponent_bits = E, mantissa_bits = M, bias = Bias;
  static constexpr Specials specials = S;
  static constexpr bool is_signed = all.is_signed;
  static constexpr int width = all.width;
  static constexpr std::uint32_t magnitude_mask = all.magnitude_mask, sign_mask = all.sign_mask;
  static constexpr bool is_scale = all.is_scale, has_infinity = all.has_infinity;
  static constexpr bool has_nan = all.has_nan, has_signed_nan = all.has_signed_nan;
  static constexpr bool has_signed_zero = all.has_signed_zero;
  static constexpr bool nan_is_negative_zero = all.nan_is_negative_zero;
  static constexpr bool has_subnormals = all.has_subnormals;
  static constexpr std::uint32_t max_code = all.max_code, infinity_code = all.infinity_code;
  static constexpr std::uint32_t nan_code = all.nan_code;
  static constexpr int min_exponent = all.min_exponent, max_exponent = all.max_exponent;
  static constexpr int quantum = all.quantum, significant_bits = all.significant_bits;
};

/// The array element that holds a code of Layout.
template <class Layout>
using code_for = std::conditional_t<
    Layout::width <= 8, std::uint8_t,
    std::conditional_t<Layout::width <= 16, std::uint16_t,
                       std::conditional_t<Layout::width <= 32, std::uint32_t, std::uint64_t>>>;

/// Whether every finite value of a format is exact in the float (W = uint32_t) or double (uint64_t)
/// layout.
template <class W, class Layout>
constexpr NF_FN bool is_exact_in(const Layout& of) {
  return of.significant_bits <= wide<W>::mantissa_bits && of.max_exponent <= wide<W>::bias &&
         of.quantum >= 1 - wide<W>::bias - wide<W>::mantissa_bits;
}
template <class Layout, class W>
inline constexpr bool exact_in = is_exact_in<W>(Layout{});

/// float as a layout like any other.
using binary32 = layout<8, 23, 127, Specials::ieee, Signedness::is_signed>;
/// The formats that processors convert to float and back.
using binary16 = layout<5, 10, 15, Specials::ieee, Signedness::is_signed>;
using bfloat = layout<8, 7, 127, Specials::ieee, Signedness::is_signed>;
/// double, whose codes fit no layout: it is only ever the wide layout of a 64-bit word.
struct binary64 {
  static constexpr int width = 64, mantissa_bits = 52, significant_bits = 52;
  static constexpr int max_exponent = 1023, quantum = -1074;
  static constexpr bool has_infinity = true;
  static constexpr std::uint64_t sign_mask = wide<std::uint64_t>::sign_mask;
  static constexpr bool is_signed = true, has_signed_zero = true, has_subnormals = true;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
