// SPDX-License-Identifier: MIT
// What a text says: the grammar of std::from_chars, and the exact value of what was read.
#pragma once

#include <charconv>
#include <cstdint>

#include "../../detail/exact/decimal.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A number and the end of its text; no end where there is no number.
struct found_number {
  exact value;
  const char* end = nullptr;
};

constexpr NF_HD char lower_case(char c) {
  return 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// The digit's value, or -1.
constexpr NF_HD int digit_value(char c, bool hex) {
  if ('0' <= c && c <= '9') return c - '0';
  const char letter = lower_case(c);
  return hex && 'a' <= letter && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// The end of a word, in letters of either case, or nullptr.
constexpr NF_HD const char* after_word(const char* at, const char* last, const char* word) {
  for (; *word != '\0'; ++word, ++at)
    if (at == last || lower_case(*at) != *word) return nullptr;
  return at;
}

/// Digits around at most one point. Returns their end, or nullptr without a digit.
constexpr NF_HD const char* read_digits(const char* at, const char* last, bool hex,
                                        written_decimal& to) {
  bool any = false, point = false;
  for (; at != last; ++at) {
    if (*at == '.' && !point) {
      point = true;
      continue;
    }
    const int digit = digit_value(*at, hex);
    if (digit < 0) break;
    any = true;
    if (digit == 0 && to.count == 0) {
      if (point) --to.point;
      continue;
    }
    if (!point) ++to.point;
    if (to.count < written_decimal::most_digits)
      to.digits[static_cast<std::size_t>(to.count++)] = *at;
    else if (digit != 0)
      to.more = true;
  }
  return any ? at : nullptr;
}

/// An exponent after its mark; the text ends before the mark where no digit follows.
constexpr NF_HD const char* read_exponent(const char* at, const char* last, char mark,
                                          std::int64_t& exponent) {
  if (at == last || lower_case(*at) != mark) return at;
  const char* digit = at + 1;
  const bool negative = digit != last && *digit == '-';
  if (digit != last && (*digit == '-' || *digit == '+')) ++digit;
  if (digit == last || digit_value(*digit, false) < 0) return at;
  exponent = 0;
  for (; digit != last && digit_value(*digit, false) >= 0; ++digit)
    if (exponent < std::int64_t{1} << 50) exponent = exponent * 10 + (*digit - '0');
  if (negative) exponent = -exponent;
  return digit;
}

/// digits * 16^point * 2^exponent
constexpr NF_HD exact hex_value(const written_decimal& text, std::int64_t exponent, bool negative) {
  if (text.count == 0) return exact::zero(negative);
  constexpr int most = 15;  // 60 bits
  std::uint64_t significand = 0;
  bool tail = text.more;
  for (int i = 0; i < text.count; ++i) {
    const int digit = digit_value(text.digits[static_cast<std::size_t>(i)], true);
    if (i < most)
      significand = significand << 4 | static_cast<std::uint64_t>(digit);
    else
      tail = tail || digit != 0;
  }
  const int used = text.count < most ? text.count : most;
  const std::int64_t power = exponent + 4 * (text.point - used);
  const int bounded = static_cast<int>(power > 4000 ? 4000 : power < -4000 ? -4000 : power);
  return exact::finite(negative, significand << 3 | (tail ? 1u : 0u), bounded - 3);
}

constexpr NF_HD found_number number_in(const char* first, const char* last,
                                       std::chars_format format) {
  const char* at = first;
  const bool negative = at != last && *at == '-';
  if (negative) ++at;
  if (const char* const end = after_word(at, last, "inf"); end != nullptr) {
    const char* const longer = after_word(end, last, "inity");
    return {exact::infinity(negative), longer != nullptr ? longer : end};
  }
  if (const char* end = after_word(at, last, "nan"); end != nullptr) {
    exact nan = exact::nan();
    nan.negative = negative;
    if (end != last && *end == '(') {  // nan(payload), as std::from_chars reads it
      const char* close = end + 1;
      while (close != last && (digit_value(*close, false) >= 0 || *close == '_' ||
                               ('a' <= lower_case(*close) && lower_case(*close) <= 'z')))
        ++close;
      if (close != last && *close == ')') end = close + 1;
    }
    return {nan, end};
  }
  const bool hex = format == std::chars_format::hex;
  written_decimal digits;
  at = read_digits(at, last, hex, digits);
  if (at == nullptr) return {};
  std::int64_t exponent = 0;
  const char* const end =
      format == std::chars_format::fixed ? at : read_exponent(at, last, hex ? 'p' : 'e', exponent);
  if (format == std::chars_format::scientific && end == at) return {};
  if (hex) return {hex_value(digits, exponent, negative), end};
  digits.point += exponent;
  return {decimal_value(digits, negative), end};
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
