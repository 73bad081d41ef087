// SPDX-License-Identifier: MIT
// A format as parameters of run time, and its text: float8_e4m3fn, e3m2b5:finite.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "../detail/array/checks.hpp"
#include "../formats.hpp"
#include "detail/read.hpp"

namespace narrowfloat {

/// The parameters of Float<E, M, Bias, Specials, Signedness> as values, of a format that there is
/// or not.
///
/// Example   constexpr FormatSpec f = parse_format("e3m2b5:finite");
///           static_assert(std::is_same_v<FloatOf<f>, Float<3, 2, 5, Specials::finite>>);
///           assert(!FormatSpec{.exponent_bits = 9}.is_valid());  // a Float has 0 to 8
struct FormatSpec {
  /// The parameters of Float, in its order.
  int exponent_bits = 4;
  int mantissa_bits = 3;
  int bias = 7;
  Specials specials = Specials::ieee;
  Signedness signedness = Signedness::is_signed;

  /// Whether there is such a Float.
  constexpr NF_INLINE bool is_valid() const noexcept;
  friend bool operator==(const FormatSpec&, const FormatSpec&) = default;
};

/// The parameters of a format.
template <narrow_float F>
inline constexpr FormatSpec spec_of{F::exponent_bits, F::mantissa_bits, F::bias, F::specials,
                                    F::is_signed ? Signedness::is_signed : Signedness::is_unsigned};

/// The format with these parameters.
template <FormatSpec S>
using FloatOf = Float<S.exponent_bits, S.mantissa_bits, S.bias, S.specials, S.signedness>;

/// The usual bias of a format: 2^(E-1) for `fnuz` and `p3109`, whose codes leave it one binade
/// more, else ieee_bias(); 1 without exponent bits.
constexpr NF_INLINE int usual_bias(int exponent_bits, Specials specials) noexcept {
  const bool one_more = specials == Specials::fnuz || specials == Specials::p3109;
  return ieee_bias(exponent_bits) + (one_more && exponent_bits > 0 ? 1 : 0);
}

namespace detail {
inline namespace NF_BASELINE {

/// In the order of Specials.
inline constexpr std::string_view specials_names[] = {"ieee",   "fn",    "fnuz",
                                                      "finite", "scale", "p3109"};
constexpr std::string_view name_of_specials(Specials specials) {
  const auto i = static_cast<std::size_t>(specials);
  return i < std::size(specials_names) ? specials_names[i] : "?";
}

constexpr format_layout layout_of_spec(const FormatSpec& f) {
  return {f.exponent_bits, f.mantissa_bits, f.bias, f.specials,
          f.signedness == Signedness::is_signed};
}

inline constexpr const char inexact[] = "not every value is exact in double";

/// Why there is no such Float; nullptr where there is.
constexpr const char* fault_of(const FormatSpec& f) {
  const auto [E, M, bias, specials, signedness] = f;
  if (static_cast<std::size_t>(specials) >= std::size(specials_names))
    return "the special codes are none of ieee, fn, fnuz, finite, scale and p3109";
  if (signedness != Signedness::is_signed && signedness != Signedness::is_unsigned)
    return "the signedness is neither is_signed nor is_unsigned";
  if (E < 0 || E > 8) return "a format has 0 to 8 exponent bits";
  if (M < 0 || M > 23) return "a format has 0 to 23 mantissa bits";
  if (E + M == 0) return "a format has at least one exponent or mantissa bit";
  if (E == 0 && specials != Specials::finite && specials != Specials::fn &&
      specials != Specials::fnuz)
    return "without exponent bits a format is finite, fn or fnuz";
  if (specials == Specials::fnuz && signedness != Signedness::is_signed)
    return "fnuz puts NaN at the code of -0, so the format is signed";
  if (specials == Specials::scale && (M != 0 || signedness != Signedness::is_unsigned))
    return "a scale is unsigned and has no mantissa bits";
  if (bias < -5000 || bias > 5000) return inexact;
  const format_layout layout = layout_of_spec(f);
  if (layout.max_code == 0 || layout.max_code > layout.magnitude_mask)
    return "its special codes leave no positive finite value";
  return is_exact_in<std::uint64_t>(layout) ? nullptr : inexact;
}

/// The same with the numbers; `fault` is not nullptr.
inline std::string explained(const FormatSpec& f, const char* fault) {
  if (std::string_view(fault) != inexact) return fault;
  format_layout at_zero =
      layout_of_spec({f.exponent_bits, f.mantissa_bits, 0, f.specials, f.signedness});
  return std::string(fault) + ": its bias is from " + std::to_string(at_zero.max_exponent - 1023) +
         " to " + std::to_string(at_zero.quantum + 1074);
}

constexpr bool is_same_text(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(),
                                                [](char x, char y) { return lower_case(x) == y; });
}

/// The name of a format without float8_ and the like before it.
constexpr std::string_view short_name(std::string_view name) {
  return name.substr(name.find('_') + 1);
}

/// What is left to read of the text of a format.
struct format_text {
  std::string_view rest;

  constexpr bool take(std::string_view lower) {
    const bool is_next = is_same_text(rest.substr(0, lower.size()), lower);
    if (is_next) rest.remove_prefix(lower.size());
    return is_next;
  }
  /// Up to four digits.
  constexpr bool take_number(int& number) {
    std::size_t count = 0;
    for (int value = 0; count < rest.size() && digit_value(rest[count], false) >= 0; ++count) {
      if (count == 4) return false;
      number = value = value * 10 + digit_value(rest[count], false);
    }
    rest.remove_prefix(count);
    return count > 0;
  }
};

/// A text of anyone's for a message: one line, quoted, not long.
inline std::string quoted_format(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string quoted = "\"";
  for (const char c : text.substr(0, most)) quoted += ' ' <= c && c <= '~' ? c : '?';
  return quoted + (text.size() > most ? "...\"" : "\"");
}

[[noreturn]] inline void refuse_format(const char* call, std::string_view text,
                                       const std::string& why) {
  throw_invalid(call, quoted_format(text) + " is no format: " + why);
}

inline std::string name_of_format(const FormatSpec& format) {
  std::string found;
  for_each_format([&]<class F>(std::string_view name) {
    if (spec_of<F> == format) found = name;
  });
  if (!found.empty()) return found;
  return (format.signedness == Signedness::is_signed ? "e" : "ue") +
         std::to_string(format.exponent_bits) + "m" + std::to_string(format.mantissa_bits) + "b" +
         std::to_string(format.bias) + ":" + std::string(name_of_specials(format.specials));
}

constexpr FormatSpec read_format(std::string_view text) {
  const char* const call = "parse_format";
  FormatSpec format;
  bool is_name = false;
  for_each_format([&]<class F>(std::string_view name) {
    if (!is_same_text(text, name) && !is_same_text(text, short_name(name))) return;
    format = spec_of<F>;
    is_name = true;
  });
  if (is_name) return format;

  format_text at{text};
  format.signedness = at.take("u") ? Signedness::is_unsigned : Signedness::is_signed;
  if (!at.take("e") || !at.take_number(format.exponent_bits) || !at.take("m") ||
      !at.take_number(format.mantissa_bits))
    refuse_format(call, text,
                  "expected a name, as float8_e4m3fn, or bits, as e3m2, ue5m3, e3m2b5:finite");
  const bool has_bias = at.take("b");
  if (has_bias) {
    const bool is_negative = at.take("-");
    if (!at.take_number(format.bias)) refuse_format(call, text, "expected a bias, as b5 or b-3");
    if (is_negative) format.bias = -format.bias;
  }
  const bool has_colon = at.take(":");
  if (has_colon || !at.rest.empty()) {
    const std::string_view* const last = specials_names + std::size(specials_names);
    const std::string_view* const found = std::find_if(
        specials_names, last, [&](std::string_view name) { return is_same_text(at.rest, name); });
    if (found == last)
      refuse_format(call, text,
                    "expected :ieee, :fn, :fnuz, :finite, :scale or :p3109 behind the bits");
    format.specials = static_cast<Specials>(found - specials_names);
  }
  const bool has_bits = 0 <= format.exponent_bits && format.exponent_bits <= 8;
  if (!has_bias && has_bits) format.bias = usual_bias(format.exponent_bits, format.specials);
  if (const char* const fault = fault_of(format))
    refuse_format(call, text, explained(format, fault));
  return format;
}

}  // namespace NF_BASELINE
}  // namespace detail

constexpr NF_INLINE bool FormatSpec::is_valid() const noexcept {
  return detail::fault_of(*this) == nullptr;
}

/// The name of special codes: specials_name(Specials::fn) is "fn"; of a value that is none of them
/// "?".
constexpr NF_INLINE std::string_view specials_name(Specials specials) noexcept {
  return detail::name_of_specials(specials);
}

/// The name of a format that has one in formats.hpp; else its parameters: e3m2b5:finite,
/// ue5m3b16:p3109.
///
/// Promises  parse_format() of it is the format again; of what is no format, too, the text says all
///           parameters.
NF_INLINE std::string format_name(const FormatSpec& format) {
  return detail::name_of_format(format);
}

/// Reads the text of a format, in letters of either case: a name of formats.hpp, as float8_e4m3fn,
/// its end, as e4m3fn or ue4m3, or parameters, as e3m2b5:finite: u where it is unsigned, the
/// numbers of exponent and mantissa bits, b and the bias, usual_bias() else, and the special codes,
/// `ieee` else, with or without the colon.
///
/// Result    a name goes before parameters: e4m3b11 is float8_e4m3b11, which is `finite`, and
///           e2m1fn float4_e2m1fn. With a colon a text has one meaning: e4m3b11:ieee, e2m1:fn.
/// Special   what is no such text, and parameters of which there is no Float, throw
///           std::invalid_argument with the text and what was expected, in a line.
/// Promises  constexpr; no allocation but for a message; independent of the locale.
/// Example   assert(parse_format("e5m2") == spec_of<float8_e5m2>);
///           assert(parse_format("ue4m3") == spec_of<float8_ue4m3>);  // the end of its name, so fn
///           const FormatSpec mine = parse_format("e3m2:fn");
///           assert(mine.bias == 3 && format_name(mine) == "e3m2b3:fn");
constexpr NF_INLINE FormatSpec parse_format(std::string_view text) {
  return detail::read_format(text);
}

}  // namespace narrowfloat
