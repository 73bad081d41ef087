// SPDX-License-Identifier: MIT
// A rank alone and the tests' threads do what a group of ranks must.
#include <vector>

#include <narrowfloat/collective.hpp>

#include "support/catch.hpp"
#include "support/check_ranks.hpp"
#include "support/thread_ranks.hpp"

static_assert(narrowfloat::rank_group<narrowfloat::SingleRank>);
static_assert(narrowfloat::rank_group<test::ThreadRanks>);

TEST_CASE("Groups of ranks: one alone, and threads", "[collective]") {
  narrowfloat::SingleRank alone;
  CHECK(test::mismatches_of(alone) == 0);
  std::vector<std::byte> three(3), five(5);
  const std::size_t size = 5;
  CHECK_THROWS_WITH(alone.exchange(five, {&size, 1}, three, {&size, 1}),
                    "narrowfloat::SingleRank::exchange: 5 bytes, into a span of 3");
  CHECK_THROWS_WITH(alone.all_gather(three, five, {&size, 1}),
                    "narrowfloat::SingleRank::all_gather: 3 bytes, into a span of 5");
  for (int count = 1; count <= 7; ++count) {
    std::vector<std::size_t> wrong(static_cast<std::size_t>(count));
    test::ThreadRanks::run(count, [&](auto& ranks) {
      wrong[static_cast<std::size_t>(ranks.rank())] = test::mismatches_of(ranks);
    });
    CHECK(wrong == std::vector<std::size_t>(wrong.size(), 0));
  }
}

TEST_CASE("Threads as ranks: one that throws ends the waiting of the others", "[collective]") {
  const auto run = [] {
    test::ThreadRanks::run(3, [](auto& ranks) {
      if (ranks.rank() == 1) throw std::runtime_error("rank 1");
      ranks.broadcast({}, 0);
    });
  };
  CHECK_THROWS_WITH(run(), "rank 1");
}
