// SPDX-License-Identifier: MIT
// What the formatters of the fmt library and of <format> share: the specification, and the text
// that it asks for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "../../errors.hpp"
#include "../../text.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

enum class text_spec_kind { number, shortest, bits };

/// What a format specification asks for.
struct text_spec {
  text_spec_kind what = text_spec_kind::shortest;
  char sign = '-';
  /// [fill]align[width], how the library is to lay out the finished text; empty without a width.
  char layout[40] = {};
  std::size_t size = 0;
  bool is_too_long = false;  // of which the formatter complains

  constexpr void put(char c) {
    is_too_long = is_too_long || size == sizeof layout;
    if (!is_too_long) layout[size++] = c;
  }
  constexpr void put(const char* first, const char* last) {
    for (; first != last; ++first) put(*first);
  }
  constexpr void put_argument(int id) {
    if (id >= 10) put_argument(id / 10);
    put(static_cast<char>('0' + id % 10));
  }
};

/// Reads the specification in which `context` stands, and returns its end.
///
/// Result  text_spec_kind::number, and no end, for all that is neither a plain number nor bits:
///         that is left to the library.
template <class Context>
constexpr const char* read_spec(Context& context, text_spec& spec) {
  const char* at = std::to_address(context.begin());
  const char* const end = at + (context.end() - context.begin());
  if (at == end || *at == '}') return at;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^'; };
  const auto is_one_of = [&](const char* set) {
    for (; at != end && *set != '\0'; ++set) {
      if (*at == *set) return true;
    }
    return false;
  };

  const char* const fill = at;
  const auto lead = static_cast<unsigned char>(*at);  // a fill is one UTF-8 character
  const int fill_size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (end - at > fill_size && is_align(at[fill_size])) at += fill_size;
  if (is_align(*at)) ++at;
  const char* const fill_end = at;
  const bool has_sign = is_one_of("+- ");
  if (has_sign) spec.sign = *at++;

  const char* const width = at;
  if (is_one_of("{")) {
    while (at != end && *at++ != '}') {
    }
  } else if (!is_one_of("0")) {  // a leading 0 is a flag
    while (is_one_of("0123456789")) ++at;
  }
  const char* const width_end = at;
  if (!has_sign && is_one_of("b")) {
    spec.what = text_spec_kind::bits;
    ++at;
  }
  if (at != end && *at != '}') {
    spec.what = text_spec_kind::number;
    return nullptr;
  }

  if (width == width_end) return at;
  spec.put(fill, fill_end);
  if (fill == fill_end) spec.put('>');            // as numbers are by default
  if (width_end - width == 2 && *width == '{') {  // {}: the next argument, which needs its number
    spec.put('{');
    spec.put_argument(static_cast<int>(context.next_arg_id()));
    spec.put('}');
  } else {
    if (*width == '{' && '0' <= width[1] && width[1] <= '9') {
      int id = 0;
      for (const char* digit = width + 1; digit != width_end - 1 && id < 1000; ++digit)
        id = id * 10 + (*digit - '0');
      context.check_arg_id(static_cast<decltype(context.next_arg_id())>(id));
    }
    spec.put(width, width_end);
  }
  return at;
}

/// Writes the text that a specification asks for, and returns its end: 36 characters at most.
template <class F>
constexpr char* put_text(char* out, F x, const text_spec& spec) {
  if (spec.what == text_spec_kind::bits) {
    int place = F::width;
    for (const int field : {F::is_signed ? 1 : 0, F::exponent_bits, F::mantissa_bits}) {
      if (field != 0 && place != F::width) *out++ = '|';
      for (int i = 0; i < field; ++i) *out++ = (x.bits() >> --place & 1) != 0 ? '1' : '0';
    }
    return out;
  }
  char* const end = to_chars(out + 1, out + 33, x).ptr;
  if (spec.sign != '-' && out[1] != '-') {
    *out = spec.sign;
    return end;
  }
  return std::copy(out + 1, end, out);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
