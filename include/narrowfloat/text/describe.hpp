// SPDX-License-Identifier: MIT
// What one wants to know of a format, of compile time or of run time: its range, its steps, its
// special codes.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "../rounding.hpp"
#include "format_spec.hpp"

namespace narrowfloat {

/// The numbers that describe a format, as describe() makes them; every value is exact.
struct FormatDescription {
  FormatSpec format;  ///< the parameters
  int width = 0;      ///< bits of a code

  /// How many of the 2^width codes are finite numbers, both zeros included, Inf and NaN.
  std::uint64_t finite_codes = 0, infinity_codes = 0, nan_codes = 0;
  /// Whether 0, -0 and subnormal numbers are among them.
  bool has_zero = false, has_negative_zero = false, has_subnormals = false;

  double largest = 0;  ///< the largest finite value
  double lowest = 0;   ///< the most negative one; 0, or the smallest of a scale, without a sign
  double smallest_normal =
      0;  ///< the smallest positive value with a full mantissa; without subnormals
          ///< smallest_positive
  double smallest_positive = 0;  ///< the smallest above 0
  double epsilon = 0;  ///< 2^-M: the step from 1, or from another power of two, to the next value
  std::uint64_t exact_integers =
      0;  ///< the largest n for which 1, 2, ... n are values; 0 where 1 is none
  Saturation saturation = Saturation::propagate;  ///< default_saturation

  /// The name, as format_name() has it.
  NF_INLINE std::string name() const { return format_name(format); }
  /// The numbers that differ: -0 is none beside 0.
  constexpr NF_INLINE std::uint64_t finite_values() const noexcept {
    return finite_codes - (has_negative_zero ? 1 : 0);
  }
  /// largest / smallest_positive, as the exponent of a power of two, of ten, and in decibels of an
  /// amplitude; by the C library's log2, which need not round correctly.
  NF_INLINE double binades() const { return std::log2(largest) - std::log2(smallest_positive); }
  NF_INLINE double decades() const { return binades() * 0.30102999566398120; }  // log10(2)
  NF_INLINE double decibels() const { return 20 * decades(); }
  /// All of it in words, a line each.
  NF_INLINE std::string text() const;

  friend bool operator==(const FormatDescription&, const FormatDescription&) = default;
};

namespace detail {
inline namespace NF_BASELINE {

constexpr void require_format(const char* call, const FormatSpec& format) {
  if (const char* const fault = fault_of(format))
    refuse_format(call, format_name(format), explained(format, fault));
}

constexpr double value_of_code(const format_layout& layout, std::uint32_t code) {
  return round_to<double>(exact_value(code, layout), NearestEven{}, Saturation::none);
}

inline std::string shortest(double x) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, x).ptr);
}

inline std::string text_of(const FormatDescription& d) {
  const auto power = [](double x) {
    int exponent = 0;
    const double significand = 2 * std::frexp(x, &exponent);
    const std::string factor = significand == 1 ? "" : shortest(significand) + " * ";
    return shortest(x) + " = " + factor + "2^" + std::to_string(exponent - 1);
  };
  const bool is_signed = d.format.signedness == Signedness::is_signed;
  const int E = d.format.exponent_bits, M = d.format.mantissa_bits;
  const auto rounded = [](double x) { return shortest(std::round(10 * x) / 10); };
  const std::string names[] = {"finite", "propagate", "none"};
  std::string special = d.infinity_codes == 0 && d.nan_codes == 0 ? "every code is a number" : "";
  if (d.infinity_codes != 0) special += d.infinity_codes == 2 ? "Inf and -Inf" : "Inf";
  if (d.nan_codes != 0)
    special += (special.empty() ? "" : ", ") + std::to_string(d.nan_codes) +
               (d.nan_codes == 1 ? " code of NaN" : " codes of NaN");
  special += !d.has_zero ? "; no 0" : is_signed && !d.has_negative_zero ? "; no -0" : "";
  return d.name() + ": " + std::to_string(d.width) + " bits, " +
         (is_signed ? "sign, " : "no sign, ") + std::to_string(E) + " exponent, " +
         std::to_string(M) + " mantissa, bias " + std::to_string(d.format.bias) + "\n" +
         "  special codes      " + std::string(specials_name(d.format.specials)) + ": " + special +
         "\n  finite values      " + std::to_string(d.finite_values()) + "\n  largest            " +
         power(d.largest) + "\n  smallest normal    " + power(d.smallest_normal) +
         "\n  smallest positive  " + power(d.smallest_positive) +
         (d.has_subnormals ? " (subnormal)" : "") + "\n  epsilon            " + power(d.epsilon) +
         "\n  dynamic range      " + rounded(d.binades()) + " binades, " + rounded(d.decades()) +
         " decades, " + rounded(d.decibels()) + " dB\n  exact integers     " +
         (d.exact_integers == 0
              ? "1 is no value"
              : (d.has_zero ? "0 to " : "1 to ") + std::to_string(d.exact_integers)) +
         "\n  saturation         " + names[static_cast<std::size_t>(d.saturation)] +
         " unless told otherwise\n";
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The value of a code of a format of run time, which is exact: static_cast<double> of the Float's
/// from_bits(code).
///
/// Special   bits above the width are dropped. Parameters of which there is no Float throw
///           std::invalid_argument.
/// Example   const FormatSpec mine = parse_format("e3m2b5:finite");
///           assert(decode_as(mine, 0x1f) == 7 && decode_as(mine, 0x21) == -0x1p-6);
constexpr NF_INLINE double decode_as(const FormatSpec& format, std::uint32_t code) {
  detail::require_format("decode_as", format);
  const detail::format_layout layout = detail::layout_of_spec(format);
  return detail::value_of_code(layout, code & (layout.magnitude_mask | layout.sign_mask));
}

/// Describes a format of run time.
///
/// Special   parameters of which there is no Float throw std::invalid_argument that says why.
/// Promises  constexpr; the same as describe<F>() of the Float with these parameters.
/// Example   const FormatDescription d = describe(parse_format("e3m2b5:finite"));
///           assert(d.largest == 7 && d.smallest_normal == 0x1p-4 &&
///                  d.smallest_positive == 0x1p-6);
///           assert(d.finite_values() == 63 && d.nan_codes == 0 && d.exact_integers == 7);
///           static_assert(describe<float8_e4m3fn>().largest == 448);
constexpr NF_INLINE FormatDescription describe(const FormatSpec& format) {
  detail::require_format("describe", format);
  const detail::format_layout of = detail::layout_of_spec(format);
  FormatDescription d;
  d.format = format;
  d.width = of.width;
  const std::uint64_t signs = of.is_signed ? 2 : 1, codes = std::uint64_t{1} << of.width;
  d.finite_codes = signs * (std::uint64_t{of.max_code} + 1) - (of.nan_is_negative_zero ? 1 : 0);
  d.infinity_codes = of.has_infinity ? signs : 0;
  d.nan_codes = codes - d.finite_codes - d.infinity_codes;
  d.has_zero = !of.is_scale;
  d.has_negative_zero = of.has_signed_zero;
  d.has_subnormals = of.has_subnormals;

  d.largest = detail::value_of_code(of, of.max_code);
  d.lowest = of.is_signed ? detail::value_of_code(of, of.max_code | of.sign_mask)
                          : detail::value_of_code(of, 0);
  d.smallest_positive = detail::value_of_code(of, of.is_scale ? 0 : 1);
  d.smallest_normal =
      of.has_subnormals ? detail::value_of_code(of, 1u << of.mantissa_bits) : d.smallest_positive;
  d.epsilon = detail::power_of_two<double>(-of.mantissa_bits);
  // Integers are values up to 2^(M + 1), where steps become 2, or to the end of the range, if steps
  // begin at 1 or below.
  const double most = static_cast<double>(2u << of.mantissa_bits);
  if (of.quantum <= 0)
    d.exact_integers = static_cast<std::uint64_t>(d.largest < most ? d.largest : most);
  d.saturation = detail::usual_saturation(of.specials, of.width);
  return d;
}
/// Describes a format.
template <narrow_float F>
constexpr NF_INLINE FormatDescription describe() noexcept {
  return describe(spec_of<F>);
}

NF_INLINE std::string FormatDescription::text() const { return detail::text_of(*this); }

}  // namespace narrowfloat
