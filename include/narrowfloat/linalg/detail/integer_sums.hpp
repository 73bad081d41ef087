// SPDX-License-Identifier: MIT
// Exact sums of products of integers: rows of a block tensor, as they lie in memory, by a vector.
#pragma once

#include "../../detail/simd/loops.hpp"
#include "integer_task.hpp"

#define NF_LOOP "../../linalg/detail/integer_sums.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using integer_row_kernel = void (*)(const integer_task&);
template <bool Nibbles, int Digits>
inline constexpr isa_table<integer_row_kernel> integer_row_kernels
    NF_EACH_ISA(integer_sums<Nibbles, Digits>);

template <bool Nibbles, int Digits>
void run_integer_sums(here, Isa isa, const integer_task& task) {
  integer_row_kernels<Nibbles, Digits>[isa](task);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
