// SPDX-License-Identifier: MIT
// The values of the codes of a code-book, times the largest magnitude of their block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../detail/simd/loops.hpp"
#include "codebook_tables.hpp"

#define NF_LOOP "../../quantize/detail/codebook_decode.inl"
#define NF_LOOP_VBMI "../../quantize/detail/codebook_decode.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using decode_codebook_kernel = void (*)(const void*, void*, std::size_t, const codebook_tables&,
                                        const float*, std::size_t, std::size_t, bool);

inline decode_codebook_kernel decode_codebook_kernel_of(Isa isa,
                                                        [[maybe_unused]] std::size_t codes) {
#if defined(__x86_64__)
  if (has_vbmi(isa) && codes > avx512::few_values::most) return &avx512_vbmi::decode_codebook;
#endif
  constexpr isa_table<decode_codebook_kernel> kernels NF_EACH_ISA(decode_codebook);
  return kernels[isa];
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
