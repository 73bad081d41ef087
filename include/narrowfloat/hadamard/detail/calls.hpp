// SPDX-License-Identifier: MIT
// The transforms of groups as hadamard.hpp sees them: their loops stand in detail/hadamard.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

/// What a transform of groups multiplies the elements of a group by. Plain data, the same in every translation unit.
struct hadamard_factors {
  static constexpr std::size_t most = 128;
  std::uint32_t before[most];  ///< the sign bits that change first
  std::uint32_t after[most];   ///< the bits of a float, last
};

// Transforms the groups of a matrix, which lie within its rows or down its columns.
template <std::size_t Group>
void transform_groups(in_library, Isa isa, const float* in, float* out, std::size_t rows,
                      std::size_t cols, bool within_rows, const hadamard_factors& factors);

inline namespace NF_BASELINE {

template <std::size_t Group>
void transform_groups(here, Isa isa, const float* in, float* out, std::size_t rows,
                      std::size_t cols, bool within_rows, const hadamard_factors& factors);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
