// SPDX-License-Identifier: MIT
// What the loops between floats and elements see of an element type: its codes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/codec/transcode.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What the loops of blocks see of an element: the codes of a format.
template <class Layout>
struct float_code {
  using layout = Layout;
  using rounded = Layout;  ///< the format that values are rounded to
  using stored = Layout;   ///< one of the codes' own width
  static constexpr bool is_fixed = false;
  static constexpr int width = Layout::width;
  /// Whether the conversion of half-words serves, where the instruction set has it.
  template <bool ConvertsHalf>
  static constexpr bool is_half() {
    return is_upper_half<Layout> || (ConvertsHalf && is_in_half<Layout>());
  }
  template <class W>
  static constexpr NF_FN W to_float(const W& code) {
    return decode<Layout>(code);
  }
};

/// The codes of a two's-complement number of Width bits.
template <int Width, int FractionBits>
struct fixed_code {
  using rounded =
      layout<0, Width, 1 - Width + FractionBits, Specials::finite, Signedness::is_signed>;
  using stored =
      layout<0, Width - 1, 2 - Width + FractionBits, Specials::finite, Signedness::is_signed>;
  static constexpr bool is_fixed = true;
  static constexpr int width = Width;
  template <bool>
  static constexpr bool is_half() {
    return false;
  }
  template <class W>
  static constexpr NF_FN W to_float(const W& code) {
    return decode_fixed<Width, FractionBits>(code);
  }
};

/// What the code 1 stands for; 0 if it is no fixed-point code.
template <class Code>
inline constexpr float fixed_unit = 0;
template <int Width, int FractionBits>
inline constexpr float fixed_unit<fixed_code<Width, FractionBits>> =
    __builtin_bit_cast(float, static_cast<std::uint32_t>(127 - FractionBits) << 23);

/// A rounded number as an element, limited to `most_negative` below zero if it is fixed-point.
template <class Code, class W>
constexpr NF_FN unsigned_code<W> element_code(const unsigned_code<W>& x, const W& most_negative) {
  if constexpr (!Code::is_fixed) {
    return x;
  } else {
    constexpr lane<W> range = lane<W>{1} << Code::width;
    const W sign = x.sign >> (wide<lane<W>>::bits - 1), negative = W(0) - sign;
    const W most = select_equal(sign, W(0), W(range / 2 - 1), most_negative);
    return {((smaller(x.magnitude, most) ^ negative) - negative) & W(range - 1), W(0)};
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
