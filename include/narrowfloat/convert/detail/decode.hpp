// SPDX-License-Identifier: MIT
// Elements times the factors that groups of them share, to floats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/bit_stream.hpp"
#include "../../detail/array/look_up.hpp"
#include "../../detail/array/widen.hpp"
#include "codes.hpp"
#include "factors.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What the elements of a block are multiplied by; the result is rounded once.
enum class factor_kind {
  one,  ///< a float
  sum,  ///< the sum of two floats; the product by the second one is exact
  two   ///< a float, the product by which is exact, then one that is the same for all blocks
};

/// Whether the elements are the upper halves of floats, and a table of them has at most 256
/// entries.
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

#define NF_LOOP "../../convert/detail/decode.inl"
#define NF_LOOP_VBMI "../../convert/detail/decode_vbmi.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using decode_kernel = void (*)(const std::uint8_t*, std::size_t, std::size_t, int, const float*,
                               const float*, float*, bool);

/// The kernel that decodes groups of an element.
template <class Code, factor_kind Kind>
decode_kernel decode_kernel_of(Isa isa) {
#if defined(__x86_64__)
  if constexpr (has_decode_table<Code>()) {
    if (has_vbmi(isa)) return &avx512_vbmi::decode_blocks<Code, Kind>;
  }
#endif
  constexpr isa_table<decode_kernel> kernels NF_EACH_ISA(decode_blocks<Code, Kind>);
  return kernels[isa];
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
