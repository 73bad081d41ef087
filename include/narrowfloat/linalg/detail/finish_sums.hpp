// SPDX-License-Identifier: MIT
// The floats that the sums of a matrix product become.
#pragma once

#include "../../detail/simd/loops.hpp"
#include "finish.hpp"

#define NF_LOOP "../../linalg/detail/finish.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using finish_kernel = void (*)(float*, std::size_t, float, const float*, const float*);
inline constexpr isa_table<finish_kernel> finish_kernels NF_EACH_ISA(finish_sums);

inline void finish_floats(here, Isa isa, float* x, std::size_t n, float row, const float* columns,
                          const float* bias) {
  const float_environment environment(direction::nearest);
  finish_kernels[isa](x, n, row, columns, bias);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
