// SPDX-License-Identifier: MIT
// The transforms of groups of floats, within rows and down columns.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"
#include "calls.hpp"

#define NF_LOOP "../../hadamard/detail/hadamard.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using row_transform = void (*)(const void*, void*, std::size_t, const hadamard_factors&, bool);
template <std::size_t Group>
inline constexpr isa_table<row_transform> row_transforms NF_EACH_ISA(transform_rows<Group>);
using column_transform = void (*)(const hadamard_matrix&, const hadamard_factors&, bool);
template <std::size_t Group>
inline constexpr isa_table<column_transform> column_transforms
    NF_EACH_ISA(transform_columns<Group>);

template <std::size_t Group>
void transform_groups(here, Isa isa, const hadamard_matrix& matrix, bool within_rows,
                      const hadamard_factors& factors, bool stream) {
  const auto& [in, in_leading, out, out_leading, rows, cols] = matrix;
  const float_environment environment(direction::nearest);
  if (!within_rows) {
    column_transforms<Group>[isa](matrix, factors, stream);
  } else if (in_leading == cols && out_leading == cols) {
    row_transforms<Group>[isa](in, out, rows * cols / Group, factors, stream);
  } else {
    for (std::size_t row = 0; row < rows; ++row) {
      row_transforms<Group>[isa](in + row * in_leading, out + row * out_leading, cols / Group,
                                 factors, stream);
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
