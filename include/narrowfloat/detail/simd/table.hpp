// SPDX-License-Identifier: MIT
// Conversion by look-up: a code of at most 8 bits has at most 256 results, made by the scalar formula when
// the program is compiled.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../codec/transcode.hpp"
#include "group.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// For each code, the low and the high byte of 16 bits: a code of the target, or the upper half of a float
/// whose lower half is 0.
struct code_table {
  std::uint8_t low[256] = {}, high[256] = {};
};

/// Whether a table can stand for a conversion. To float it leaves out Inf that becomes the largest float.
template <class From, class To, class R>
constexpr bool has_table() {
  if constexpr (std::is_same_v<From, binary64> || R::random_bits != 0 || From::width > 8) {
    return false;
  } else if constexpr (std::is_same_v<To, binary32>) {
    return From::significant_bits <= bfloat::mantissa_bits && From::quantum >= bfloat::quantum &&
           From::max_exponent <= bfloat::max_exponent;
  } else {
    return To::width <= 16;
  }
}

template <class From, class To, class R>
constexpr code_table make_code_table(saturates policy) {
  using W = word_for<From, To, 0>;
  const bounds<W> bound = bounds_for<To, R::rule, 0, W>(policy);
  code_table table;
  for (unsigned code = 0; code < 1u << From::width; ++code) {
    W result = transcode_joined<From, To, R::rule, 0, W>(code, 0, bound, false);
    if constexpr (std::is_same_v<To, binary32>) result >>= 16;
    table.low[code] = static_cast<std::uint8_t>(result);
    table.high[code] = static_cast<std::uint8_t>(result >> 8);
  }
  return table;
}

/// The tables of a conversion: whether a finite overflow saturates, whether Inf does.
template <class From, class To, class R, bool Overflow, bool Infinity>
inline constexpr code_table code_table_of = make_code_table<From, To, R>({Overflow, Infinity});

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

/// Whether the elements are the upper halves of floats, and a table of them has at most 256 entries.
template <class Code>
constexpr bool has_decode_table() {
  if constexpr (Code::width > 8) {
    return false;
  } else {
    for (std::uint32_t code = 0; code < 1u << Code::width; ++code)
      if ((Code::template to_float<std::uint32_t>(code) & 0xffff) != 0) return false;
    return true;
  }
}

template <class Code>
constexpr code_table make_decode_table() {
  code_table table;
  for (std::uint32_t code = 0; code < 1u << Code::width; ++code) {
    const std::uint32_t bits = Code::template to_float<std::uint32_t>(code);
    table.low[code] = static_cast<std::uint8_t>(bits >> 16);
    table.high[code] = static_cast<std::uint8_t>(bits >> 24);
  }
  return table;
}

template <class Code>
inline constexpr code_table decode_table = make_decode_table<Code>();

/// The bits of the floats of 16 codes.
struct nibble_table {
  alignas(64) std::uint32_t value[16];
};
template <class Code>
inline constexpr nibble_table nibble_values = [] {
  nibble_table table{};
  for (std::uint32_t code = 0; code < 16; ++code)
    table.value[code] = Code::template to_float<std::uint32_t>(code);
  return table;
}();

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
