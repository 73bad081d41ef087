// SPDX-License-Identifier: MIT
// Formats a Float with the fmt library, version 9.1 and later.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "../errors.hpp"
#include "../text.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What a format specification asks for.
struct text_spec {
  enum class kind { number, shortest, bits };
  kind what = kind::shortest;
  char sign = '-';
  /// [fill]align[width], how fmt is to lay out the finished text; empty without a width.
  char layout[40] = {};
  std::size_t size = 0;

  constexpr void put(char c) {
    if (size == sizeof layout) fail<fmt::format_error>("formatter", "the format is too long");
    layout[size++] = c;
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
/// Result  kind::number, and no end, for all that is neither a plain number nor bits: that is left
///         to fmt.
template <class Context>
constexpr const char* read_spec(Context& context, text_spec& spec) {
  const char *at = context.begin(), *const end = context.end();
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
    spec.what = text_spec::kind::bits;
    ++at;
  }
  if (at != end && *at != '}') {
    spec.what = text_spec::kind::number;
    return nullptr;
  }

  if (width == width_end) return at;
  spec.put(fill, fill_end);
  if (fill == fill_end) spec.put('>');            // as numbers are by default
  if (width_end - width == 2 && *width == '{') {  // {}: the next argument, which needs its number
    spec.put('{');
    spec.put_argument(context.next_arg_id());
    spec.put('}');
  } else {
    spec.put(width, width_end);
  }
  return at;
}

/// Writes the text that a specification asks for, and returns its end: 36 characters at most.
template <class F>
constexpr char* put_text(char* out, F x, const text_spec& spec) {
  if (spec.what == text_spec::kind::bits) {
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

/// Formats a Float as fmt formats numbers, and its code in binary.
///
/// Result    `{}`, with fill, align, sign and width, is the shortest text, see to_chars(); `{:b}`,
///           with fill, align and width, the fields of the code: 0|1111|110. Every other
///           specification of a floating-point number ({:.3f}, {:e}, {:a}, {:010}) shows the exact
///           value as float or double.
/// Example   const float8_e4m3fn a(0.1f);
///           assert(fmt::format("{} {:.4f} {:b}", a, a, a) == "0.1 0.1016 0|0011|101");
///           assert(fmt::format("{:>8}", float8_e5m2(-57344.0f)) == "  -57344");
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign>
struct fmt::formatter<narrowfloat::Float<E, M, Bias, S, Sign>> {
 private:
  using type = narrowfloat::Float<E, M, Bias, S, Sign>;
  using spec = narrowfloat::detail::text_spec;
  using wider = std::conditional_t<narrowfloat::lossless_to<type, float>, float, double>;

 public:
  /// What fmt calls: reads the specification.
  template <class Context>
  constexpr auto parse(Context& context) {
    const auto end = narrowfloat::detail::read_spec(context, spec_);
    return spec_.what == spec::kind::number ? number_.parse(context) : end;
  }

  /// What fmt calls: writes the number.
  template <class Context>
  auto format(type x, Context& context) const {
    if (spec_.what == spec::kind::number) return number_.format(x, context);
    char text[40] = {};
    const char* const end = narrowfloat::detail::put_text(text, x, spec_);
    fmt::formatter<fmt::string_view> padded;
    fmt::format_parse_context layout({spec_.layout, spec_.size});
    padded.parse(layout);
    return padded.format({text, static_cast<std::size_t>(end - text)}, context);
  }

 private:
  spec spec_;
  fmt::formatter<wider> number_;
};
