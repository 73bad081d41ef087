// SPDX-License-Identifier: MIT
// Sums of products in narrow formats, one output a lane.
#pragma once

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"
#include "narrow_plan.hpp"

#define NF_LOOP "../../linalg/detail/narrow_sums.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

static_assert(columns_together(Isa::generic) == generic::lanes &&
              columns_together(Isa::avx2) >= avx2::lanes);

using narrow_kernel = void (*)(const narrow_task&);
template <class Inner, class Outer>
inline constexpr isa_table<narrow_kernel> narrow_kernels NF_EACH_ISA(narrow_sums<Inner, Outer>);

template <class Inner, class Outer>
void run_narrow_sums(here, Isa isa, const narrow_task& task) {
  const float_environment environment(direction_of(Inner::rounding::rule));  // and Outer's
  narrow_kernels<Inner, Outer>[isa](task);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
