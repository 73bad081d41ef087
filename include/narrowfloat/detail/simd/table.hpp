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

template <class From, class To, class R, bool Flush>
constexpr code_table make_code_table(saturates policy) {
  using W = word_for<From, To, 0>;
  const bounds<W> bound = bounds_for<To, R::rule, 0, W>(policy);
  code_table table;
  for (unsigned code = 0; code < 1u << From::width; ++code) {
    W result = transcode_joined<From, To, R::rule, 0, W>(code, 0, bound, Flush);
    if constexpr (std::is_same_v<To, binary32>) result >>= 16;
    table.low[code] = static_cast<std::uint8_t>(result);
    table.high[code] = static_cast<std::uint8_t>(result >> 8);
  }
  return table;
}

/// The tables of a conversion: whether a finite overflow saturates, whether Inf does.
template <class From, class To, class R, bool Flush, bool Overflow, bool Infinity>
inline constexpr code_table code_table_of = make_code_table<From, To, R, Flush>({Overflow,
                                                                                 Infinity});

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
