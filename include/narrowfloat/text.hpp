// SPDX-License-Identifier: MIT
// to_chars() and from_chars() of every Float, in the shape of the standard's for float; formats by
// their texts, described.
#pragma once

#include <charconv>
#include <system_error>

#include "rounding.hpp"
#include "text/describe.hpp"
#include "text/detail/read.hpp"
#include "text/detail/write.hpp"
#include "text/format_spec.hpp"

namespace narrowfloat {

/// Writes the shortest decimal text of x to [first, last), as std::to_chars does for float.
///
/// Result    the end of the text. It has the fewest digits that, converted exactly and rounded to
///           nearest even, read back as x, and of those the closest to the value of x. Fixed
///           notation, with integers exact, where that is not longer than scientific: 65504, 0.1,
///           3.39e+38.
/// Special   nan, inf and 0 follow a '-' where the format has the negative one. A text that does
///           not fit gives {last, std::errc::value_too_large}, and nothing is written; 32
///           characters always fit.
/// Promises  noexcept, constexpr, no allocation; independent of the locale.
/// Example   char text[32];
///           const auto end = to_chars(text, text + 32, float8_e4m3fn(0.1f)).ptr;
///           assert(std::string(text, end) == "0.1");
template <narrow_float F>
constexpr NF_FN std::to_chars_result to_chars(char* first, char* last, F x) noexcept {
  return detail::copy_text(first, last, detail::shortest_text(x));
}

/// The same digits in a notation that is named: fixed (0.1, 65504), scientific (1e-01, 6.5504e+04),
/// hex (1.9ap-4), or general, which is fixed where the decimal exponent is -4 to 5.
///
/// Special   as above; 400 characters always fit. The leading digit of hex is 1, of subnormal
///           numbers too.
/// Promises  as above.
template <narrow_float F>
constexpr NF_FN std::to_chars_result to_chars(char* first, char* last, F x,
                                              std::chars_format format) noexcept {
  return detail::copy_text(first, last, detail::text_in(x, format));
}

/// The value of x, which is exact, rounded to `precision` decimals, or significant digits in
/// general notation, as printf does it: std::to_chars of the double.
///
/// Promises  noexcept, no allocation; independent of the locale; not constexpr.
template <narrow_float F>
NF_INLINE std::to_chars_result to_chars(char* first, char* last, F x, std::chars_format format,
                                        int precision) noexcept {
  return std::to_chars(first, last, static_cast<double>(x), format, precision);
}

/// Reads the number that begins [first, last), as std::from_chars does for float: 0.1, -3e5, inf,
/// nan; with std::chars_format::hex 1.8p+1.
///
/// Result    the end of the text, and in `value` the number that the text names, of any length,
///           rounded once.
/// Special   Inf, NaN, overflow and negative numbers as by convert(). No number gives {first,
///           std::errc::invalid_argument}. Under Saturation::none what becomes zero, Inf or NaN and
///           was neither gives the end and std::errc::result_out_of_range. With an error `value` is
///           left as it was.
/// Promises  noexcept, constexpr, no allocation; independent of the locale and the floating-point
///           environment.
/// Cost      tens of nanoseconds up to 18 digits and powers of ten, microseconds beyond.
/// Example   float8_e4m3fn number;
///           const std::string_view list = "0.3, 1";
///           const auto end = from_chars(list.data(), list.data() + list.size(), number).ptr;
///           assert(number == float8_e4m3fn(0.3125f) && *end == ',');
template <narrow_float F, rounding_policy R = NearestEven>
constexpr NF_FN std::from_chars_result from_chars(
    const char* first, const char* last, F& value,
    std::chars_format format = std::chars_format::general, R rounding = {},
    Saturation saturation = default_saturation<F>) noexcept {
  using layout = detail::layout_of<F>;
  using kind = detail::exact::kind;
  const detail::found_number text = detail::number_in(first, last, format);
  if (text.end == nullptr) return {first, std::errc::invalid_argument};
  F number = detail::round_to<F>(text.value, rounding, saturation);
  const bool is_number = text.value.what == kind::finite || text.value.what == kind::zero;
  if (saturation == Saturation::none && is_number &&
      detail::exact_of(number).what != kind::finite &&
      !(text.value.what == kind::zero && detail::exact_of(number).what == kind::zero)) {
    return {text.end, std::errc::result_out_of_range};
  }
  if (text.value.what == kind::nan && text.value.negative && layout::has_signed_nan)
    number = F::from_bits(static_cast<typename F::Storage>(number.bits() | layout::sign_mask));
  value = number;
  return {text.end, std::errc{}};
}

}  // namespace narrowfloat
