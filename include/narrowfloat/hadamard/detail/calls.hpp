// SPDX-License-Identifier: MIT
// The transforms of groups as hadamard.hpp sees them: their loops stand in detail/hadamard.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

/// What a transform of groups multiplies the elements of a group by. Plain data, the same in every
/// translation unit.
struct hadamard_factors {
  static constexpr std::size_t most = 128;
  std::uint32_t before[most];  ///< the sign bits that change first
  std::uint32_t after[most];   ///< the bits of a float, last
};

/// A matrix, and where its transform goes; the leading dimension of each.
struct hadamard_matrix {
  const float* in;
  std::size_t in_leading;
  float* out;
  std::size_t out_leading, rows, cols;
};

// Transforms the groups of a matrix, which lie within its rows or down its columns; `stream` if the
// whole that it is part of leaves the caches and its rows lie on cache lines.
template <std::size_t Group>
void transform_groups(in_library, Isa isa, const hadamard_matrix& matrix, bool within_rows,
                      const hadamard_factors& factors, bool stream);

inline namespace NF_BASELINE {

template <std::size_t Group>
void transform_groups(here, Isa isa, const hadamard_matrix& matrix, bool within_rows,
                      const hadamard_factors& factors, bool stream);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
