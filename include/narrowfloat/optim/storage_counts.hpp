// SPDX-License-Identifier: MIT
// StorageCounts: what became of numbers that a storage took.
#pragma once

#include <cstdint>

#include "../config.hpp"

namespace narrowfloat {

/// What became of numbers that a storage took.
///
/// Example   std::vector<float> w = weights;
///           Adam<Float16State> adam({.lr = 1e-3}, w.size());
///           const StorageCounts lost = adam.step(w, gradients).state;
///           // float16 has no such small squares of gradients
///           assert(lost.at_floor > 0 && lost.clipped == 0);
struct StorageCounts {
  std::uint64_t flushed = 0;   ///< became 0 and were not
  std::uint64_t clipped = 0;   ///< were beyond the largest number of the storage
  std::uint64_t at_floor = 0;  ///< positive numbers kept as the least positive one, instead of 0

  /// Adds the counts of another range of numbers.
  NF_INLINE StorageCounts& operator+=(const StorageCounts& more) noexcept {
    flushed += more.flushed;
    clipped += more.clipped;
    at_floor += more.at_floor;
    return *this;
  }
};

}  // namespace narrowfloat
