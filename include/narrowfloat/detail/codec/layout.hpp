// SPDX-License-Identifier: MIT
// What the codes of a format mean: the special codes of each convention, the ends of the range, and
// which other formats hold every value.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "../../specials.hpp"
#include "word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Every constant of a format that the formulas need. Codes are magnitudes, right-aligned.
template <int E, int M, int Bias, Specials S, Signedness Sign>
struct layout {
  static constexpr int exponent_bits = E, mantissa_bits = M, bias = Bias;
  static constexpr Specials specials = S;
  static constexpr bool is_signed = Sign == Signedness::is_signed;
  static constexpr int width = E + M + (is_signed ? 1 : 0);

  static constexpr std::uint32_t magnitude_mask = ~std::uint32_t{0} >> (32 - E - M);
  static constexpr std::uint32_t sign_mask = is_signed ? magnitude_mask + 1 : 0;

  static constexpr bool is_scale = S == Specials::scale;
  static constexpr bool has_infinity = S == Specials::ieee || S == Specials::p3109;
  static constexpr bool has_nan = S != Specials::finite && !(S == Specials::ieee && M == 0);
  static constexpr bool has_signed_zero = is_signed && S != Specials::fnuz && S != Specials::p3109;
  static constexpr bool has_signed_nan = has_nan && has_signed_zero;

  /// The one NaN of fnuz and signed p3109 sits at the code of -0; others are magnitudes above Inf.
  static constexpr bool nan_is_negative_zero = is_signed && has_nan && !has_signed_nan;

  /// The largest finite code: all ones, less the codes that Inf and NaN take.
  static constexpr std::uint32_t max_code =
      S == Specials::ieee                         ? magnitude_mask - (magnitude_mask >> E) - 1
      : S == Specials::fn || S == Specials::scale ? magnitude_mask - 1
      : S == Specials::p3109 && is_signed         ? magnitude_mask - 1
      : S == Specials::p3109                      ? magnitude_mask - 2
                                                  : magnitude_mask;

  /// Subnormals are the codes below the smallest normal. A format without normals (E = 0; E = 1
  /// with ieee) is a fixed-point format and has none.
  static constexpr bool has_subnormals = M > 0 && max_code >= (std::uint32_t{1} << M);

  /// Where Inf exists it follows the largest finite code; so does every NaN that overflow gives.
  static constexpr std::uint32_t infinity_code = max_code + 1;
  /// The canonical NaN: quiet, its sign joined later; the whole code where it is the code of -0.
  static constexpr std::uint32_t nan_code = nan_is_negative_zero  ? sign_mask
                                            : S == Specials::ieee ? infinity_code | (1u << M >> 1)
                                                                  : magnitude_mask;

  /// Exponent of the smallest normal value; of code 0 where there is no zero.
  static constexpr int min_exponent = is_scale ? -Bias : 1 - Bias;
  /// Exponent of the distance between the smallest values: every value is a multiple of 2^quantum.
  static constexpr int quantum = min_exponent - M;
  /// Exponent of the largest finite value.
  static constexpr int max_exponent = is_scale ? static_cast<int>(max_code) - Bias
                                      : max_code < (1u << M)
                                          ? quantum + static_cast<int>(std::bit_width(max_code)) - 1
                                          : static_cast<int>(max_code >> M) - Bias;
  /// Bits after the leading one that some value uses.
  static constexpr int significant_bits =
      max_code < (1u << M) ? static_cast<int>(std::bit_width(max_code)) - 1 : M;
};

/// The array element that holds a code of Layout.
template <class Layout>
using code_for = std::conditional_t<
    Layout::width <= 8, std::uint8_t,
    std::conditional_t<Layout::width <= 16, std::uint16_t,
                       std::conditional_t<Layout::width <= 32, std::uint32_t, std::uint64_t>>>;

/// Whether every finite value of `Layout` is exact in the float (W = uint32_t) or double (uint64_t)
/// layout.
template <class Layout, class W>
inline constexpr bool exact_in =
    Layout::significant_bits <= wide<W>::mantissa_bits&& Layout::max_exponent <=
    wide<W>::bias&& Layout::quantum >= 1 - wide<W>::bias - wide<W>::mantissa_bits;

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
