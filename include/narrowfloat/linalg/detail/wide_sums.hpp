// SPDX-License-Identifier: MIT
// Sums of products by the arithmetic of floats or doubles.
#pragma once

#include "../../detail/simd/loops.hpp"
#include "wide_plan.hpp"

#define NF_LOOP "../../linalg/detail/wide_sums.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class T>
using wide_kernel = void (*)(const wide_task<T>&);
template <class T, wide_step Step>
inline constexpr isa_table<wide_kernel<T>> wide_kernels NF_EACH_ISA(wide_sums<T, Step>);

template <class T, wide_step Step>
void run_wide_sums(here, Isa isa, const wide_task<T>& task) {
  wide_kernels<T, Step>[isa](task);
}

template <class T, class Total>
using totals_kernel = void (*)(T*, Total*, std::size_t);
template <class Part, class T, class Total>
inline constexpr isa_table<totals_kernel<T, Total>> totals_kernels
    NF_EACH_ISA(wide_totals<Part, T, Total>);

template <class Part, class T, class Total>
void add_wide_sums(here, Isa isa, T* sums, Total* totals, std::size_t n) {
  totals_kernels<Part, T, Total>[isa](sums, totals, n);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
