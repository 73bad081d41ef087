// SPDX-License-Identifier: MIT
// Which rank keeps each tensor, beside the best of all assignments.
#include <narrowfloat/collective/assign_to_ranks.hpp>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace nf = narrowfloat;

TEST_CASE("assign_to_ranks: the largest first, to the least loaded, within Graham's bounds",
          "[collective]") {
  CHECK((nf::assign_to_ranks(std::vector<std::size_t>{5, 9, 5, 5, 0}, 2) ==
         std::vector{1, 0, 1, 0, 1}));
  CHECK(nf::assign_to_ranks({}, 3).empty());
  CHECK_THROWS_WITH(nf::assign_to_ranks({}, 0),
                    "narrowfloat::assign_to_ranks: 0 ranks cannot keep tensors");
  std::mt19937 random(5);
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t tensors = random() % 8;
    const int ranks = 1 + static_cast<int>(random() % 3);
    const auto count = static_cast<std::size_t>(ranks);
    std::vector<std::size_t> sizes(tensors);
    std::size_t sum = 0, largest = 0, choices = 1;
    for (std::size_t& size : sizes) {
      sum += size = random() % 20;
      largest = std::max(largest, size);
      choices *= count;
    }
    const auto most_of = [&](auto owner) {
      std::vector<std::size_t> loads(count);
      for (std::size_t i = 0; i < tensors; ++i) loads[owner(i)] += sizes[i];
      return *std::max_element(loads.begin(), loads.end());
    };
    std::size_t best = sum;
    for (std::size_t choice = 0; choice < choices; ++choice) {
      std::size_t rest = choice;
      best = std::min(
          best, most_of([&](std::size_t) { return std::exchange(rest, rest / count) % count; }));
    }
    const std::vector<int> owners = nf::assign_to_ranks(sizes, ranks);
    const std::size_t most =
        most_of([&](std::size_t i) { return static_cast<std::size_t>(owners[i]); });
    CAPTURE(trial, ranks, sizes);
    CHECK(count * most <= sum + (count - 1) * largest);
    CHECK(3 * count * most <= (4 * count - 1) * best);
  }
}
