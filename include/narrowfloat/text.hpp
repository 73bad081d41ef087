// SPDX-License-Identifier: MIT
// to_chars(): the shortest decimal text of a Float that reads back as the same number.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "detail/exact/decimal.hpp"
#include "float.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// A text of at most 32 characters.
struct short_text {
  std::array<char, 32> characters{};
  std::size_t size = 0;

  constexpr void put(char c) { characters[size++] = c; }
  constexpr void put(const char* text) {
    for (; *text != '\0'; ++text) put(*text);
  }
  /// The digits first ... last - 1 of a number, zeros around those it has.
  constexpr void put_digits(const decimal& number, int first, int last) {
    for (int i = first; i < last; ++i) {
      put(0 <= i && i < number.count ? number.digits[static_cast<std::size_t>(i)] : '0');
    }
  }
  constexpr void put_integer(std::uint64_t integer) {
    if (integer >= 10) put_integer(integer / 10);
    put(static_cast<char>('0' + integer % 10));
  }
};

constexpr void put_fixed(short_text& text, const decimal& number, const binary_step& step) {
  // A fraction has no digits of an integer's text only: every integer near it is a code of its own.
  const int places = std::min(std::max(-step.exponent, 0), 31);
  if ((step.significand & ((1u << places) - 1)) == 0) {
    return text.put_integer(step.exponent < 0 ? std::uint64_t{step.significand >> places}
                                              : std::uint64_t{step.significand} << step.exponent);
  }
  if (number.point <= 0) text.put('0');
  text.put_digits(number, 0, number.point);
  text.put('.');
  text.put_digits(number, number.point, number.count);
}

constexpr void put_scientific(short_text& text, const decimal& number) {
  const int exponent = number.point - 1, distance = exponent < 0 ? -exponent : exponent;
  text.put(number.digits[0]);
  if (number.count > 1) text.put('.');
  text.put_digits(number, 1, number.count);
  text.put(exponent < 0 ? "e-" : "e+");
  if (distance < 10) text.put('0');
  text.put_integer(static_cast<std::uint64_t>(distance));
}

template <class F>
constexpr short_text shortest_text(F x) {
  using layout = layout_of<F>;
  const exact value = exact_of(x);
  const bool nan = value.what == exact::kind::nan;
  short_text text;
  if ((x.bits() & layout::sign_mask) != 0 && !(nan && !layout::has_signed_nan)) text.put('-');
  if (nan) text.put("nan");
  if (value.what == exact::kind::infinity) text.put("inf");
  if (value.what == exact::kind::zero) text.put('0');
  if (value.what != exact::kind::finite) return text;

  const std::uint32_t magnitude = x.bits() & ~layout::sign_mask;
  const decimal number = shortest_digits<layout>(magnitude);
  short_text scientific = text;
  put_scientific(scientific, number);
  // Beyond these points fixed notation is longer: scientific takes 14 characters at most.
  if (number.point < -4 || number.point > 17) return scientific;
  put_fixed(text, number, step_of<layout>(magnitude));
  return text.size <= scientific.size ? text : scientific;
}

template <class F>
constexpr std::to_chars_result to_chars(char* first, char* last, F x) {
  const short_text text = shortest_text(x);
  if (last - first < static_cast<std::ptrdiff_t>(text.size)) {
    return {last, std::errc::value_too_large};
  }
  return {std::copy_n(text.characters.data(), text.size, first), std::errc{}};
}

}  // namespace NF_BASELINE
}  // namespace detail

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
template <narrow_float F>
constexpr NF_INLINE std::to_chars_result to_chars(char* first, char* last, F x) noexcept {
  return detail::to_chars(first, last, x);
}

}  // namespace narrowfloat
