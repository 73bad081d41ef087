// SPDX-License-Identifier: MIT
// The counters of a conversion as stats.hpp sees them: their loops stand in count.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

/// What became of the elements of a conversion. Plain data, the same in every translation unit.
struct error_counts {
  static constexpr std::size_t sums = 16;
  std::uint32_t amax;  ///< bits of the largest magnitude
  std::uint64_t saturated, attained, flushed, nan, infinite;
  double squares[sums];
};

// Adds what became of n floats to `counts`; `largest` is the bits of the largest finite value of their target.
void count_errors(in_library, Isa isa, const float* in, const float* out, std::size_t n,
                  std::uint32_t largest, error_counts& counts);

inline namespace NF_BASELINE {

void count_errors(here, Isa isa, const float* in, const float* out, std::size_t n,
                  std::uint32_t largest, error_counts& counts);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
