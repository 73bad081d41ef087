// SPDX-License-Identifier: MIT
// How an array is cut. A group is what one step of a loop takes; a part is worked on while it lies
// in the first-level cache; a tile is as many blocks side by side as are worked on together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../isa/detail/cpu_features.hpp"
#include "lengths.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Elements of a part.
inline constexpr std::size_t part_elements = 1024;

/// The length of the next part of an array: the first one ends where the others begin on a cache
/// line.
template <class To>
NF_INLINE std::size_t next_part(const To* out, std::size_t rest) {
  const std::size_t before = reinterpret_cast<std::uintptr_t>(out) % 64 / sizeof(To);
  return rest < part_elements - before ? rest : part_elements - before;
}

constexpr NF_FN std::size_t whole_packs(std::size_t n) { return rounded_up(n, 16); }

/// The policy for the elements of an array from `first` on.
template <class R>
constexpr R rounding_from(const R& rounding, std::uint64_t first) {
  if constexpr (R::random_bits == 0) {
    return rounding;
  } else {
    return rounding.from(first);
  }
}

/// Whether arrays of so many bytes are too large for the caches, so that stores had better go past
/// them.
inline bool leaves_caches(std::size_t bytes) {
  return bytes > find_cpu_features().last_level_cache;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
