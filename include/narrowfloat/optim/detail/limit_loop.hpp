// SPDX-License-Identifier: MIT
// Numbers limited to what a narrow format holds.
#pragma once

#include "../../detail/simd/loops.hpp"
#include "limit_state.hpp"

#define NF_LOOP "../../optim/detail/limit_loop.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using limit_kernel = void (*)(const float*, float*, std::size_t, const state_limits&,
                              state_counts&);
inline constexpr isa_table<limit_kernel> limit_kernels NF_EACH_ISA(limit_array);

inline state_counts limit_floats(here, Isa isa, const float* in, float* out, std::size_t n,
                                 const state_limits& limits) {
  state_counts counts;
  limit_kernels[isa](in, out, n, limits, counts);
  return counts;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
