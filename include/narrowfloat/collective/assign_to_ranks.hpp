// SPDX-License-Identifier: MIT
// assign_to_ranks: which rank keeps each tensor of a model.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "../detail/array/checks.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

inline std::vector<int> owners_of(std::span<const std::size_t> sizes, int ranks) {
  if (ranks < 1)
    throw_invalid("assign_to_ranks", std::to_string(ranks) + " ranks cannot keep tensors");
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  std::vector<std::uint64_t> loads(static_cast<std::size_t>(ranks));
  std::vector<int> owners(sizes.size());
  for (const std::size_t tensor : order) {
    const auto least = std::ranges::min_element(loads);
    *least += sizes[tensor];
    owners[tensor] = static_cast<int>(least - loads.begin());
  }
  return owners;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Gives whole tensors to ranks by their sizes, as FP8-LM's sharding does (Peng et al., arXiv
/// 2310.18313): no tensor, and no scale of one, is shared by two ranks.
///
/// Result    the rank of each tensor, from 0 to ranks - 1. The largest tensor goes first, each to
///           the rank that has least so far; ties: the tensor, and the rank, of the lower number.
///           Every rank finds the same.
/// Promises  the rank that has most has at most mean + (1 - 1 / ranks) times the largest size,
///           and 4/3 - 1 / (3 ranks) times what the best assignment has (Graham 1969).
/// Special   fewer than 1 rank throws std::invalid_argument.
///
/// Example   const std::size_t sizes[] = {10, 70, 30, 40};
///           assert((assign_to_ranks(sizes, 2) == std::vector{0, 0, 1, 1}));  // 80 and 70
NF_INLINE std::vector<int> assign_to_ranks(std::span<const std::size_t> sizes, int ranks) {
  return detail::owners_of(sizes, ranks);
}

}  // namespace narrowfloat
