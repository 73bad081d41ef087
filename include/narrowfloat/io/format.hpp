// SPDX-License-Identifier: MIT
// Formats a Float with std::format, where the standard library has it; elsewhere, as in that of GCC
// 12, the header is empty.
#pragma once

#if __has_include(<format>)
#include <format>
#endif

#if defined(__cpp_lib_format)

#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>

#include "detail/text_spec.hpp"

/// Formats a Float as std::format formats numbers, and its code in binary: std::format("{:.2f}",
/// x).
///
/// Result    `{}`, with fill, align, sign and width, is the shortest text, see to_chars(); `{:b}`,
///           with fill, align and width, the fields of the code: 0|1111|110. Every other
///           specification of a floating-point number ({:.3f}, {:e}, {:a}, {:010}) shows the exact
///           value as float or double.
///
/// Example   #if defined(__cpp_lib_format)  // libstdc++ 13, libc++ 17
///           const float8_e4m3fn a(0.1f);
///           assert(std::format("{} {:.4f} {:b}", a, a, a) == "0.1 0.1016 0|0011|101");
///           #endif
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign>
struct std::formatter<narrowfloat::Float<E, M, Bias, S, Sign>> {
 private:
  using type = narrowfloat::Float<E, M, Bias, S, Sign>;
  using spec = narrowfloat::detail::text_spec;
  using kind = narrowfloat::detail::text_spec_kind;
  using wider = std::conditional_t<narrowfloat::lossless_to<type, float>, float, double>;

 public:
  /// What std::format calls: reads the specification.
  template <class Context>
  constexpr auto parse(Context& context) {
    const auto first = context.begin();
    const char* const end = narrowfloat::detail::read_spec(context, spec_);
    if (spec_.is_too_long)
      narrowfloat::detail::fail<std::format_error>("formatter", "the format is too long");
    if (spec_.what == kind::number) return number_.parse(context);
    for (std::size_t i = 1; i + 1 < spec_.size; ++i) {
      const char c = spec_.layout[i];  // the library of the standard has no names for a width
      if (spec_.layout[i - 1] == '{' && (c < '0' || c > '9'))
        narrowfloat::detail::fail<std::format_error>("formatter", "a width has a number, no name");
    }
    return first + (end - std::to_address(first));
  }

  /// What std::format calls: writes the number.
  template <class Context>
  auto format(type x, Context& context) const {
    if (spec_.what == kind::number) return number_.format(static_cast<wider>(x), context);
    char text[40] = {};
    const char* const end = narrowfloat::detail::put_text(text, x, spec_);
    std::formatter<std::string_view> padded;
    std::format_parse_context layout(std::string_view(spec_.layout, spec_.size));
    padded.parse(layout);
    return padded.format(std::string_view(text, static_cast<std::size_t>(end - text)), context);
  }

 private:
  spec spec_;
  std::formatter<wider> number_;
};

#endif
