// SPDX-License-Identifier: MIT
// The transforms of groups of floats, within rows and down columns.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/parts.hpp"
#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"
#include "calls.hpp"

#define NF_LOOP "../../hadamard/detail/hadamard.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using hadamard_kernel = void (*)(const void*, void*, std::size_t, std::size_t,
                                 const hadamard_factors&, bool);
template <std::size_t Group>
inline constexpr isa_table<hadamard_kernel> row_transform_kernels
    NF_EACH_ISA(transform_rows<Group>);
template <std::size_t Group>
inline constexpr isa_table<hadamard_kernel> column_transform_kernels
    NF_EACH_ISA(transform_columns<Group>);

template <std::size_t Group>
void transform_groups(here, Isa isa, const float* in, float* out, std::size_t rows,
                      std::size_t cols, bool within_rows, const hadamard_factors& factors) {
  constexpr std::size_t vector_bytes = 64;  // the most; a streaming store is aligned
  const bool stream = leaves_caches(2 * rows * cols * sizeof(float)) &&
                      cols % (vector_bytes / sizeof(float)) == 0 &&
                      reinterpret_cast<std::uintptr_t>(out) % vector_bytes == 0;
  const float_environment environment(direction::nearest);
  const auto& kernels =
      within_rows ? row_transform_kernels<Group> : column_transform_kernels<Group>;
  kernels[isa](in, out, rows, cols, factors, stream);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
