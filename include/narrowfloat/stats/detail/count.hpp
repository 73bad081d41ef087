// SPDX-License-Identifier: MIT
// Counters of what became of the elements of a conversion.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"
#include "calls.hpp"

#define NF_LOOP "../../stats/detail/count.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using count_kernel = void (*)(const void*, const void*, std::size_t, std::uint32_t, error_counts&);
inline constexpr isa_table<count_kernel> count_kernels NF_EACH_ISA(count_errors);

inline void count_errors(here, Isa isa, const float* in, const float* out, std::size_t n,
                         std::uint32_t largest, error_counts& counts) {
  const float_environment environment(direction::nearest);
  count_kernels[isa](in, out, n, largest, counts);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
