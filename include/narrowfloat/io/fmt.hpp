// SPDX-License-Identifier: MIT
// Formats a Float with the fmt library, version 9.1 and later.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <type_traits>

#include "detail/text_spec.hpp"

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
  using kind = narrowfloat::detail::text_spec_kind;
  using wider = std::conditional_t<narrowfloat::lossless_to<type, float>, float, double>;

 public:
  /// What fmt calls: reads the specification.
  template <class Context>
  constexpr auto parse(Context& context) {
    const auto end = narrowfloat::detail::read_spec(context, spec_);
    if (spec_.is_too_long) {  // by fmt's own function, in units without exceptions too
      const char* const what = "narrowfloat::formatter: the format is too long";
#if FMT_VERSION >= 110000
      fmt::report_error(what);
#else
      context.on_error(what);
#endif
    }
    return spec_.what == kind::number ? number_.parse(context) : end;
  }

  /// What fmt calls: writes the number.
  template <class Context>
  auto format(type x, Context& context) const {
    if (spec_.what == kind::number) return number_.format(x, context);
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
