// SPDX-License-Identifier: MIT
// reduce_scatter() and all_gather() give what all_reduce() gives; its bytes, and what it refuses.
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <narrowfloat/collective.hpp>

#include "support/catch.hpp"
#include "support/thread_ranks.hpp"

namespace nf = narrowfloat;
using Vector = std::vector<float>;

TEST_CASE("reduce_scatter() and all_gather() are the halves of all_reduce()", "[collective]") {
  std::mt19937_64 random(2);
  const int count = 4;
  const std::size_t n = 1003;
  std::vector<Vector> inputs(count, Vector(n)), joined = inputs;
  for (Vector& values : inputs) {
    for (float& x : values) x = static_cast<float>(static_cast<int>(random() % 2001) - 1000);
  }
  std::vector<Vector> whole = inputs;
  const nf::Stochastic<> keyed{.seed = 1};
  std::vector<std::uint64_t> bytes(count);
  test::ThreadRanks::run(count, [&](auto& ranks) {
    const auto me = static_cast<std::size_t>(ranks.rank());
    nf::AllReduceScale<nf::float8_e5m2> scale, again;
    Vector piece(nf::rank_piece(n, count, ranks.rank()).size);
    nf::reduce_scatter(ranks, inputs[me], piece, scale, {.segment = 100}, keyed);
    bytes[me] = ranks.bytes_sent();
    nf::all_gather(ranks, piece, joined[me]);
    nf::all_reduce(ranks, whole[me], again, {.segment = 64}, keyed);
  });
  CHECK(joined == whole);
  CHECK(bytes[0] == 752);  // a byte for each of the others' elements: 1003 - 251
}

TEST_CASE("all_reduce: a quarter of the bytes of floats", "[collective]") {
  test::ThreadRanks::run(4, [](auto& ranks) {
    Vector values(40000, 1.0f);
    nf::AllReduceScale<nf::float8_e4m3fn> scale;
    nf::all_reduce(ranks, values, scale);
    const std::uint64_t ring_of_floats = 2 * 3 * values.size() * sizeof(float) / 4;
    if (ranks.bytes_sent() * 4 != ring_of_floats) throw std::logic_error("bytes");
  });
}

TEST_CASE("all_reduce: refused", "[collective]") {
  nf::SingleRank alone;
  nf::AllReduceScale<nf::float8_e4m3fn> scale;
  Vector values(3, 0x1p-100f), residuals(2);
  CHECK_THROWS_WITH(nf::all_reduce(alone, values, scale, {.residuals = residuals}),
                    "narrowfloat::all_reduce: 2 residuals of 3 gradients");
  CHECK_THROWS_WITH(nf::all_reduce(alone, values, scale, {.segment = 0}),
                    "narrowfloat::all_reduce: the segment is 0");
  CHECK_THROWS_WITH(
      nf::reduce_scatter(alone, values, residuals, scale),
      "narrowfloat::reduce_scatter: the piece has 2 elements, rank 0 of 1 has 3 of 3");
  const auto one_of_two = [](bool scatters, std::size_t more) {
    test::ThreadRanks::run(2, [&](auto& ranks) {
      nf::AllReduceScale<nf::float8_e5m2> shared;
      Vector all(4), mine(ranks.rank() == 1 ? 2 + more : 2);
      if (scatters)
        nf::reduce_scatter(ranks, all, mine, shared);
      else if (more == 0)
        nf::all_reduce(ranks, all, shared, {.segment = ranks.rank() == 0 ? 1u : 0u});
      else
        nf::all_gather(ranks, mine, all);
    });
  };
  const std::string others = ": the arguments of 1 of the other ranks do not fit";
  CHECK_THROWS_WITH(one_of_two(true, 1), "narrowfloat::reduce_scatter" + others);
  CHECK_THROWS_WITH(one_of_two(false, 1), "narrowfloat::all_gather" + others);
  CHECK_THROWS_WITH(one_of_two(false, 0), "narrowfloat::all_reduce" + others);
  const auto states_of_two = [](int exponent, double factor) {
    test::ThreadRanks::run(2, [&](auto& ranks) {
      const bool mine = ranks.rank() == 1;
      nf::AllReduceScale<nf::float8_e4m3fn> shared{.exponent = mine ? exponent : 0};
      nf::AutoScale mu{.mu = mine ? factor : 1};
      Vector all(4);
      nf::all_reduce(ranks, all, shared, {.mu = &mu});
    });
  };
  CHECK_THROWS_WITH(states_of_two(200, 1), "narrowfloat::all_reduce" + others);
  CHECK_THROWS_WITH(states_of_two(0, 0), "narrowfloat::all_reduce" + others);
  scale.exponent = 200;
  CHECK_THROWS_WITH(nf::all_reduce(alone, values, scale),
                    "narrowfloat::all_reduce: the scale's exponent is 200, outside [-127, 127]");
  CHECK((scale.workers == 1 && scale.exponent == 200 && scale.scale == 1));  // as before
}

TEST_CASE("all_reduce: mu grows, and shrinks, to the ends of the floats", "[collective]") {
  nf::SingleRank alone;
  for (const double factor : {0x1p127, 0x1p-126}) {
    nf::AllReduceScale<nf::bfloat16> scale;
    nf::AutoScale mu{.mu = factor};
    const float amax = factor > 1 ? 0x1p-100f : 0x1p127f;  // whose scale is at the same end
    Vector values{amax, -amax / 2, 0};
    const Vector before = values;
    const nf::AllReduceReport report = nf::all_reduce(alone, values, scale, {.mu = &mu});
    CHECK(report.scale == (factor > 1 ? 0x1p127f : 0x1p-126f));
    CHECK(values == before);
  }
}
