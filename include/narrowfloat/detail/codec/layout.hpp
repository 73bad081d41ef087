// SPDX-License-Identifier: MIT
// What the codes of a format mean: the special codes of each convention, the ends of the range, and
// which other formats hold every value.
#pragma once

#include <bit>
#include <cstdint>

#include "../../config.hpp"
#include "word.hpp"

namespace narrowfloat {

/// What the top codes of a format mean. "Magnitude" is the code without its sign bit.
enum class Specials {
  ieee,    ///< exponent all ones: Inf (mantissa 0) and NaN; with no mantissa bits, Inf and no NaN
  fn,      ///< no Inf; only the all-ones magnitude is NaN (OCP E4M3)
  fnuz,    ///< signed only: no Inf, no -0; the code 1000...0 is NaN
  finite,  ///< every code is a number (OCP FP6 and FP4, eXmY)
  scale,   ///< unsigned powers of two, no zero; the all-ones code is NaN (E8M0)
  p3109  ///< IEEE P3109 extended: signed, NaN at the code of -0 and Inf at the ends; unsigned, NaN
         ///< on top, Inf below it
};

/// Whether a format has a sign bit.
enum class Signedness { is_signed, is_unsigned };

namespace detail {
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

/// Whether every finite value of `Layout` is exact in the float (W = uint32_t) or double (uint64_t)
/// layout.
template <class Layout, class W>
inline constexpr bool exact_in =
    Layout::significant_bits <= wide<W>::mantissa_bits&& Layout::max_exponent <=
    wide<W>::bias&& Layout::quantum >= 1 - wide<W>::bias - wide<W>::mantissa_bits;

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
