// SPDX-License-Identifier: MIT
// Conversion by look-up: a code of at most 8 bits has at most 256 results, made by the scalar
// formula when the program is compiled.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../codec/transcode.hpp"
#include "../simd/loops.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// For each code, the low and the high byte of 16 bits: a code of the target, or the upper half of
/// a float whose lower half is 0.
struct code_table {
  std::uint8_t low[256] = {}, high[256] = {};
};

/// Whether a table can stand for a conversion without random bits. To float it leaves out Inf that
/// becomes the largest float.
template <class From, class To>
constexpr bool has_table() {
  if constexpr (std::is_same_v<From, binary64> || From::width > 8) {
    return false;
  } else if constexpr (std::is_same_v<To, binary32>) {
    return From::significant_bits <= bfloat::mantissa_bits && From::quantum >= bfloat::quantum &&
           From::max_exponent <= bfloat::max_exponent;
  } else {
    return To::width <= 16;
  }
}

template <class From, class To, rule Rule>
constexpr code_table make_code_table(saturates policy) {
  using W = word_for<From, To, 0>;
  const bounds<W> bound = bounds_for<To, Rule, 0, W>(policy);
  code_table table;
  for (unsigned code = 0; code < 1u << From::width; ++code) {
    W result = transcode_joined<From, To, Rule, 0, W>(code, 0, bound, false);
    if constexpr (std::is_same_v<To, binary32>) result >>= 16;
    table.low[code] = static_cast<std::uint8_t>(result);
    table.high[code] = static_cast<std::uint8_t>(result >> 8);
  }
  return table;
}

/// The tables of a conversion: whether a finite overflow saturates, whether Inf does.
template <class From, class To, rule Rule, bool Overflow, bool Infinity>
inline constexpr code_table code_table_of = make_code_table<From, To, Rule>({Overflow, Infinity});

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../detail/array/look_up.inl"
#define NF_LOOP_VBMI "../../detail/array/look_up.inl"
#include "../simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using look_up_kernel = void (*)(const void*, void*, std::size_t, const code_table&, bool);

/// The kernel of a look-up, or a null pointer where the formula is faster.
template <std::size_t OutBytes>
look_up_kernel look_up_kernel_of([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (has_vbmi(isa)) return &avx512_vbmi::look_up<OutBytes>;
  if (isa != Isa::generic) {
    if constexpr (OutBytes == 4) {
      return nullptr;
    } else {
      return &avx2::look_up<OutBytes>;
    }
  }
#elif defined(__aarch64__)
  if (isa == Isa::neon) return &neon::look_up<OutBytes>;
#endif
  return &generic::look_up<OutBytes>;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
