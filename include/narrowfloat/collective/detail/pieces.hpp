// SPDX-License-Identifier: MIT
// An array as pieces of ranks, a segment of it at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../detail/array/checks.hpp"
#include "../../detail/array/lengths.hpp"

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

/// The ranges of elements that a step of a collective is about: of each rank's piece the next ones.
struct piece_ranges {
  std::vector<std::size_t> begins, sizes;
  std::size_t total = 0;

  piece_ranges(std::size_t n, std::size_t ranks, std::size_t segment, std::size_t step) {
    const std::size_t length = std::max<std::size_t>(1, segment / ranks);
    for (std::size_t r = 0; r < ranks; ++r) {
      const std::size_t size = piece_size(n, ranks, r), done = std::min(size, step * length);
      begins.push_back(piece_begin(n, ranks, r) + done);
      sizes.push_back(std::min(length, size - done));
      total += sizes.back();
    }
  }
  /// How many steps there are.
  static std::size_t steps(std::size_t n, std::size_t ranks, std::size_t segment) {
    const std::size_t length = std::max<std::size_t>(1, segment / ranks);
    return ceil_divided(piece_size(n, ranks, 0), length);
  }
  /// The ranges' bytes.
  std::vector<std::size_t> bytes(std::size_t element_bytes) const {
    std::vector<std::size_t> all = sizes;
    for (std::size_t& size : all) size *= element_bytes;
    return all;
  }
  /// Calls f(element, place, count) for what lies between two places in the ranges one after the
  /// other.
  template <class F>
  void for_each(std::size_t place, std::size_t end, const F& f) const {
    std::size_t before = 0;
    for (std::size_t r = 0; r < sizes.size() && place < end; before += sizes[r], ++r) {
      if (place >= before + sizes[r]) continue;
      const std::size_t count = std::min(end, before + sizes[r]) - place;
      f(begins[r] + place - before, place, count);
      place += count;
    }
  }
};

/// What is wrong with the length of this rank's piece of n elements; empty: nothing.
template <class Ranks>
std::string piece_problem(const Ranks& ranks, std::size_t n, std::size_t size) {
  const std::size_t wanted =
      piece_size(n, static_cast<std::size_t>(ranks.size()), static_cast<std::size_t>(ranks.rank()));
  if (size == wanted) return {};
  return "the piece has " + std::to_string(size) + " elements, rank " +
         std::to_string(ranks.rank()) + " of " + std::to_string(ranks.size()) + " has " +
         std::to_string(wanted) + " of " + std::to_string(n);
}

/// Throws this rank's problem, if it has one; if only others do, says so: no rank goes on, and none
/// waits for one that has thrown.
inline void require_no_problem(const char* call, const std::string& own, std::uint64_t ranks) {
  if (!own.empty()) throw_invalid(call, own);
  if (ranks != 0)
    throw_invalid(call,
                  "the arguments of " + std::to_string(ranks) + " of the other ranks do not fit");
}

/// Throws on all ranks unless all have as many elements, and none has a problem.
template <class Ranks>
void require_agreement(const char* call, Ranks& ranks, std::size_t n, const std::string& problem) {
  // all are equal where count * (sum of squares) is the square of the sum
  std::uint64_t sums[3] = {n, std::uint64_t{n} * n, problem.empty() ? 0u : 1u};
  ranks.all_sum(sums);
  require_no_problem(call, problem, sums[2]);
  const auto count = static_cast<std::uint64_t>(ranks.size());
  if (sums[0] * sums[0] != count * sums[1]) {
    throw_invalid(call, "the ranks' lengths differ: rank " + std::to_string(ranks.rank()) +
                            " has " + std::to_string(n) + " elements, all " +
                            std::to_string(count) + " together " + std::to_string(sums[0]));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
