// SPDX-License-Identifier: MIT
// The texts of a Float, written into a buffer that is large enough for the longest.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>

#include "../../detail/exact/decimal.hpp"
#include "../../float.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A text of at most N characters.
template <std::size_t N>
struct text_buffer {
  char characters[N] = {};
  std::size_t size = 0;

  constexpr NF_HD void put(char c) { characters[size++] = c; }
  constexpr NF_HD void put(const char* text) {
    for (; *text != '\0'; ++text) put(*text);
  }
  /// The digits first ... last - 1 of a number, zeros around those it has.
  constexpr NF_HD void put_digits(const decimal& number, int first, int last) {
    for (int i = first; i < last; ++i) {
      put(0 <= i && i < number.count ? number.digits[static_cast<std::size_t>(i)] : '0');
    }
  }
  constexpr NF_HD void put_integer(std::uint64_t integer) {
    std::uint64_t unit = 1;
    while (integer / unit >= 10) unit *= 10;
    for (; unit != 0; unit /= 10) put(static_cast<char>('0' + integer / unit % 10));
  }
  template <int Words>
  constexpr NF_HD void put_integer(big<Words> integer) {
    const std::size_t first = size;
    do put(static_cast<char>('0' + integer.divide(10)));
    while (integer.bit_width() != 0);
    for (std::size_t low = first, high = size - 1; low < high; ++low, --high) {
      const char digit = characters[low];
      characters[low] = characters[high];
      characters[high] = digit;
    }
  }
  constexpr NF_HD void put_exponent(char mark, int exponent, int least_digits) {
    const int distance = exponent < 0 ? -exponent : exponent;
    put(mark);
    put(exponent < 0 ? '-' : '+');
    if (least_digits == 2 && distance < 10) put('0');
    put_integer(static_cast<std::uint64_t>(distance));
  }
};

using short_text = text_buffer<32>;  // every shortest text fits
using long_text =
    text_buffer<400>;  // every text without a precision: 2^1023 has 308 digits, 2^-1074 323 zeros

/// An integer's text has all its digits: every integer near it is a code of its own.
template <class Text>
constexpr NF_HD void put_fixed(Text& text, const decimal& number, const binary_step& step) {
  const int places = step.exponent >= 0 ? 0 : step.exponent < -31 ? 31 : -step.exponent;
  if ((step.significand & ((1u << places) - 1)) == 0) {
    if (step.exponent < 0) return text.put_integer(std::uint64_t{step.significand >> places});
    if (step.exponent <= 32)
      return text.put_integer(std::uint64_t{step.significand} << step.exponent);
    return text.put_integer(big<34>::shifted(step.significand, step.exponent));
  }
  if (number.point <= 0) text.put('0');
  text.put_digits(number, 0, number.point);
  text.put('.');
  text.put_digits(number, number.point, number.count);
}

template <class Text>
constexpr NF_HD void put_scientific(Text& text, const decimal& number) {
  text.put(number.digits[0]);
  if (number.count > 1) text.put('.');
  text.put_digits(number, 1, number.count);
  text.put_exponent('e', number.point - 1, 2);
}

/// 1.8p+1, the leading digit always 1.
template <class Text>
constexpr NF_HD void put_hex(Text& text, const binary_step& step) {
  const int leading = 63 - leading_zeros(step.significand);
  std::uint32_t fraction = step.significand << (24 - leading) & 0xffffffu;
  text.put('1');
  if (fraction != 0) text.put('.');
  for (; fraction != 0; fraction = fraction << 4 & 0xffffffu)
    text.put("0123456789abcdef"[fraction >> 20]);
  text.put_exponent('p', step.exponent + leading, 1);
}

/// The sign, and all of a text that names no finite number but zero. Whether more must follow.
template <class Text, class F>
constexpr NF_HD bool put_start(Text& text, F x) {
  using layout = layout_of<F>;
  const exact value = exact_of(x);
  const bool nan = value.what == exact::kind::nan;
  if ((x.bits() & layout::sign_mask) != 0 && !(nan && !layout::has_signed_nan)) text.put('-');
  if (nan) text.put("nan");
  if (value.what == exact::kind::infinity) text.put("inf");
  if (value.what == exact::kind::zero) text.put('0');
  return value.what == exact::kind::finite;
}

template <class F>
constexpr NF_HD short_text shortest_text(F x) {
  using layout = layout_of<F>;
  short_text text;
  if (!put_start(text, x)) return text;
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
constexpr NF_HD long_text text_in(F x, std::chars_format format) {
  using layout = layout_of<F>;
  long_text text;
  if (!put_start(text, x)) {
    const bool zero = text.size != 0 && text.characters[text.size - 1] == '0';
    if (zero && format == std::chars_format::scientific) text.put("e+00");
    if (zero && format == std::chars_format::hex) text.put("p+0");
    return text;
  }
  const std::uint32_t magnitude = x.bits() & ~layout::sign_mask;
  const binary_step step = step_of<layout>(magnitude);
  if (format == std::chars_format::hex) {
    put_hex(text, step);
    return text;
  }
  const decimal number = shortest_digits<layout>(magnitude);
  const bool wide = number.point - 1 < -4 || number.point - 1 >= 6;  // as printf's %g
  if (format == std::chars_format::scientific || (format == std::chars_format::general && wide))
    put_scientific(text, number);
  else
    put_fixed(text, number, step);
  return text;
}

template <std::size_t N>
constexpr NF_HD std::to_chars_result copy_text(char* first, char* last,
                                               const text_buffer<N>& text) {
  if (last - first < static_cast<std::ptrdiff_t>(text.size)) {
    return {last, std::errc::value_too_large};
  }
  for (std::size_t i = 0; i < text.size; ++i) first[i] = text.characters[i];
  return {first + text.size, std::errc{}};
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
