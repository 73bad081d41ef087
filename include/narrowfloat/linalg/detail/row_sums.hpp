// SPDX-License-Identifier: MIT
// Sums of products of a block tensor's rows, as they lie in memory, by a vector of floats.
#pragma once

#include "../../detail/array/lengths.hpp"
#include "../../detail/codec/layout.hpp"
#include "../../detail/simd/loops.hpp"
#include "row_task.hpp"

#define NF_LOOP "../../linalg/detail/row_sums.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using row_kernel = void (*)(const row_task&);
template <int Width, code_kind Kind>
inline constexpr isa_table<row_kernel> row_kernels NF_EACH_ISA(row_sums<Width, Kind>);

template <int Width, code_kind Kind>
void run_row_sums(here, Isa isa, const row_task& task) {
  row_kernels<Width, Kind>[isa](task);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
