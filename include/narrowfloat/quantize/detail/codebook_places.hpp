// SPDX-License-Identifier: MIT
// The codes of the values of a code-book that are nearest to exact quotients: by arithmetic where
// the code-book allows it, else by the search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../detail/array/magnitude.hpp"
#include "../../detail/array/parts.hpp"
#include "../../detail/simd/loops.hpp"
#include "codebook_search.hpp"
#include "codebook_tables.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether codes are packed to nibbles, and which of a byte is the first.
enum class nibble_use { none, low_first, high_first };

#if defined(__x86_64__)
namespace avx512_vbmi {
using avx512::encode_codebook, avx512::joined_block, avx512::largest_magnitude,
    avx512::search_instead;
}
#endif

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../quantize/detail/codebook_places.inl"
#define NF_LOOP_VBMI "../../quantize/detail/codebook_places.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using encode_places_kernel = void (*)(const void*, void*, std::size_t, const codebook_tables&,
                                      const float*, std::size_t);
inline constexpr isa_table<encode_places_kernel> encode_places_kernels NF_EACH_ISA(encode_places<>);
using quantize_places_kernel = std::size_t (*)(const codebook_tables&, const float*, std::size_t,
                                               std::size_t, nibble_use, float, float*,
                                               std::uint8_t*, bool);
inline constexpr isa_table<quantize_places_kernel> quantize_places_kernels
    NF_EACH_ISA(quantize_places<>);

inline quantize_places_kernel quantize_places_kernel_of(Isa isa) {
#if defined(__x86_64__)
  if (has_vbmi(isa)) return &avx512_vbmi::quantize_places<>;
#endif
  return quantize_places_kernels[isa];
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
