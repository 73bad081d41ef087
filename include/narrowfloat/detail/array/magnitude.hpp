// SPDX-License-Identifier: MIT
// The largest magnitudes of arrays, and of the elements that share a scale.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../codec/transcode.hpp"
#include "../simd/loops.hpp"
#include "sources.hpp"

#define NF_LOOP "../../detail/array/magnitude.inl"
#include "../simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Word>
using largest_kernel = Word (*)(const void*, std::size_t);
template <class Word>
inline constexpr isa_table<largest_kernel<Word>> largest_kernels
    NF_EACH_ISA(largest_magnitude<Word>);

template <class Code>
using largest_code_kernel = Code (*)(const void*, std::size_t, Code);
template <class Code, bool NanIsNegativeZero>
inline constexpr isa_table<largest_code_kernel<Code>> largest_code_kernels
    NF_EACH_ISA(largest_code<Code, NanIsNegativeZero>);

using join_kernel = void (*)(const float*, std::size_t, std::size_t, std::size_t, std::uint32_t,
                             std::uint32_t*);
inline constexpr isa_table<join_kernel> join_kernels NF_EACH_ISA(join_magnitudes);
using join_rows_kernel = void (*)(const float*, std::size_t, std::size_t, std::size_t,
                                  std::uint32_t, std::uint32_t*);
inline constexpr isa_table<join_rows_kernel> join_rows_kernels NF_EACH_ISA(join_rows);

inline std::uint32_t largest_bits(here, Isa isa, const float* in, std::size_t n) {
  return largest_kernels<std::uint32_t>[isa](in, n);
}
inline std::uint64_t largest_bits(here, Isa isa, const double* in, std::size_t n) {
  return largest_kernels<std::uint64_t>[isa](in, n);
}
template <class Code>
Code largest_code(here, Isa isa, const void* in, std::size_t n, Code mask,
                  bool nan_is_negative_zero) {
  return nan_is_negative_zero ? largest_code_kernels<Code, true>[isa](in, n, mask)
                              : largest_code_kernels<Code, false>[isa](in, n, mask);
}
inline std::uint32_t largest_finite_bits(here, Isa isa, const float* in, std::size_t n) {
  const std::uint32_t bits = largest_bits(here{}, isa, in, n);
  if (bits < binary32::infinity_code) return bits;
  std::uint32_t largest = 0;
  join_kernels[isa](in, n, 0, n, binary32::infinity_code - 1, &largest);
  return largest;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
