// SPDX-License-Identifier: MIT
// private: include <narrowfloat/collective.hpp>
// An array as pieces of ranks, a segment of it at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../detail/array/checks.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Where the piece of rank r of n elements begins: lengths differ by one at most.
constexpr std::size_t piece_begin(std::size_t n, std::size_t ranks, std::size_t r) {
  return n / ranks * r + (r < n % ranks ? r : n % ranks);
}
constexpr std::size_t piece_size(std::size_t n, std::size_t ranks, std::size_t r) {
  return n / ranks + (r < n % ranks ? 1 : 0);
}
/// The bytes of each rank's piece.
inline std::vector<std::size_t> piece_bytes(std::size_t n, std::size_t ranks,
                                            std::size_t element_bytes) {
  std::vector<std::size_t> bytes(ranks);
  for (std::size_t r = 0; r < ranks; ++r) bytes[r] = element_bytes * piece_size(n, ranks, r);
  return bytes;
}

/// Throws on all ranks unless all have as many elements.
template <class Ranks>
void require_agreement(const char* call, Ranks& ranks, std::size_t n) {
  // all are equal where count * (sum of squares) is the square of the sum
  std::uint64_t sums[2] = {n, std::uint64_t{n} * n};
  ranks.all_sum(sums);
  const auto count = static_cast<std::uint64_t>(ranks.size());
  if (sums[0] * sums[0] != count * sums[1]) {
    throw_invalid(call, "the ranks' lengths differ: rank " + std::to_string(ranks.rank()) +
                            " has " + std::to_string(n) + " elements, all " +
                            std::to_string(count) + " together " + std::to_string(sums[0]));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
