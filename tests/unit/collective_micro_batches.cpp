// SPDX-License-Identifier: MIT
// Exact sums over micro-batches: rounded once, and the same bits whoever has which of them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <narrowfloat/collective.hpp>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/thread_ranks.hpp"

using narrowfloat::Divide;
using narrowfloat::ExactGradientSum;
using narrowfloat::ExactSum;
using narrowfloat::Scale;

namespace {

using Vector = std::vector<float>;
__extension__ typedef __int128 wide_integer;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();

std::vector<std::uint32_t> bits_of(const Vector& values) {
  std::vector<std::uint32_t> bits;
  for (const float x : values) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}

/// Floats of exponents within [low, high].
Vector random_floats(std::mt19937_64& random, std::size_t n, int low, int high) {
  Vector values(n);
  for (float& x : values) {
    const auto mantissa = static_cast<float>(random() % (1u << 24) + 1);
    const int exponent = low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
    x = std::ldexp(random() % 2 == 0 ? mantissa : -mantissa, exponent - 24);
  }
  return values;
}

/// The micro-batches' sum on each of `count` ranks; micro-batch m is that of rank owner(m).
template <class Factor, class Owner>
std::vector<Vector> sums_of(int count, const std::vector<Vector>& batches, Factor factor,
                            const Owner& owner) {
  std::vector<Vector> sums(static_cast<std::size_t>(count));
  test::ThreadRanks::run(count, [&](auto& ranks) {
    Vector& out = sums[static_cast<std::size_t>(ranks.rank())];
    out.resize(batches[0].size());
    ExactGradientSum sum(out.size());
    for (std::size_t m = batches.size(); m-- > 0;) {
      if (owner(m) == ranks.rank()) sum.add(batches[m]);
    }
    sum.all_reduce(ranks, out, factor);
  });
  return sums;
}

/// As many ranks as digits have no room for, all with the same number.
struct TooMany : narrowfloat::SingleRank {
  void all_sum(std::span<std::uint64_t> numbers) {
    for (std::uint64_t& x : numbers) x <<= 31;
  }
};

}  // namespace

TEST_CASE("Sums over micro-batches: the exact sum, rounded once", "[collective]") {
  // integers of 40 bits times 2^-140, whose sums, products and quotients 128 bits hold
  std::mt19937_64 random(1);
  const std::size_t n = 999;
  std::vector<Vector> batches;
  std::vector<wide_integer> exact(n);
  for (int m = 0; m < 9; ++m) {
    batches.push_back(random_floats(random, n, -116, -100));
    for (std::size_t i = 0; i < n; ++i)
      exact[i] += static_cast<std::int64_t>(std::ldexp(batches.back()[i], 140));
  }
  const auto rounded = [](wide_integer magnitude, bool rest,
                          int exponent) {  // to 24 bits, ties to even
    int shift = 0;
    while ((magnitude >> shift) >= 1 << 24) ++shift;
    wide_integer kept = magnitude >> shift;
    const wide_integer lost = magnitude - (kept << shift),
                       half = shift == 0 ? 1 : wide_integer{1} << (shift - 1);
    if (lost > half || (lost == half && (rest || kept % 2 != 0))) ++kept;
    return std::ldexp(static_cast<float>(kept), shift + exponent);
  };
  const std::uint32_t factor = 0xfffff1;  // 24 bits
  Vector products, quotients;
  for (const wide_integer x : exact) {
    const wide_integer magnitude = x < 0 ? -x : x, dividend = magnitude << 70;
    const float product = rounded(magnitude * factor, false, -140 - 30);
    const float quotient = rounded(dividend / factor, dividend % factor != 0, -140 - 70 + 30);
    products.push_back(x < 0 ? -product : product);
    quotients.push_back(x < 0 ? -quotient : quotient);
  }
  const float by = std::ldexp(static_cast<float>(factor), -30);
  const auto owner = [](std::size_t m) { return static_cast<int>(m * 5 % 3); };
  for (const Vector& sum : sums_of(3, batches, Scale{by}, owner))
    CHECK(bits_of(sum) == bits_of(products));
  for (const Vector& sum : sums_of(3, batches, Divide{by}, owner))
    CHECK(bits_of(sum) == bits_of(quotients));
}

TEST_CASE("Sums over micro-batches: the same bits for every distribution", "[collective]") {
  std::mt19937_64 random(2);
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{65537}}) {
    std::vector<Vector> batches;
    for (int m = 0; m < 4; ++m) batches.push_back(random_floats(random, n, -149, 128 - 4));
    const Divide mean{static_cast<float>(batches.size())};
    const auto on_one = sums_of(1, batches, mean, [](std::size_t) { return 0; })[0];
    for (const int count : {2, 3, 7}) {
      const auto shift = static_cast<std::size_t>(random() % 7);
      const auto all = sums_of(count, batches, mean, [&](std::size_t m) {
        return static_cast<int>((m + shift) % static_cast<std::size_t>(count));
      });
      for (const Vector& sum : all) CHECK(bits_of(sum) == bits_of(on_one));
    }
  }
}

TEST_CASE("Sums over micro-batches: what no digit holds", "[collective]") {
  const std::vector<Vector> batches{
      {inf, inf, not_a_number, -inf, 0x1p-149f, 0x1.fffffep127f, 0x1.fffffep127f, -0.0f, 0x1p127f},
      {1, -inf, 1, -1, 0x1p-149f, 0x1.fffffep127f, -0x1.fffffep127f, -0.0f, -0x1p-149f}};
  const Vector sums{inf, not_a_number, not_a_number, -inf, 0x1p-148f, inf, 0, 0, 0x1p127f};
  const Vector negated{-inf, not_a_number, not_a_number, inf, -0x1p-148f, -inf, 0, 0, -0x1p127f};
  const Vector halves{inf, not_a_number, not_a_number, -inf, 0x1p-149f, 0x1.fffffep127f, 0,
                      0,   0x1p126f};
  const auto owner = [](std::size_t m) { return static_cast<int>(m); };
  CHECK(bits_of(sums_of(2, batches, Scale{}, owner)[1]) == bits_of(sums));
  CHECK(bits_of(sums_of(2, batches, Scale{-1}, owner)[0]) == bits_of(negated));
  CHECK(bits_of(sums_of(2, batches, Divide{2}, owner)[0]) == bits_of(halves));
}

TEST_CASE("Sums over micro-batches: executors, reuse and memory", "[collective]") {
  std::mt19937_64 random(3);
  const std::size_t n = 200001;
  const Vector gradients = random_floats(random, n, -20, 0);
  narrowfloat::SingleRank alone;
  ExactGradientSum sum(n);
  Vector by_threads(n), in_turn(n);
  sum.add(gradients, test::Threads{2});
  sum.add(gradients, test::Shuffled{});
  CHECK(sum.count() == 2);
  CHECK(sum.size_bytes() == 3 * n * 8);  // the exponents' range lies in three digits
  sum.all_reduce(alone, by_threads, Scale{0.5f}, test::Threads{2});
  CHECK(bits_of(by_threads) == bits_of(gradients));
  CHECK(sum.count() == 0);
  sum.add(gradients);
  sum.all_reduce(alone, in_turn);
  CHECK(bits_of(in_turn) == bits_of(gradients));
  ExactGradientSum small(3);
  small.add(Vector{0x1p-62f, -0x1.fffffep1f, 0});
  CHECK(small.size_bytes() == 3 * 24);
  small.add(Vector{4, 0, 0});
  CHECK(small.size_bytes() == 3 * 32);
}

TEST_CASE("Exact sums of doubles", "[collective]") {
  std::mt19937_64 random(4);
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) {
    const double x = std::ldexp(static_cast<double>(random() >> 11), i * 6 - 1074 - 20);
    values.insert(values.end(), {x, x, -x});
  }
  // what is left of x + x - x, of numbers whose bits lie apart, to the last of them
  for (int i = 0; i < 300; ++i) values.push_back(-values[static_cast<std::size_t>(3 * i)]);
  values.insert(values.end(), {0x1p-1074, 3});
  std::shuffle(values.begin(), values.end(), random);
  for (const int count : {1, 4}) {
    std::vector<double> sums(static_cast<std::size_t>(count));
    test::ThreadRanks::run(count, [&](auto& ranks) {
      ExactSum sum;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (static_cast<int>(i) % count == ranks.rank()) sum.add(values[i]);
      }
      sums[static_cast<std::size_t>(ranks.rank())] = sum.all_reduce(ranks, Divide{2});
    });
    CHECK(sums == std::vector<double>(sums.size(), 1.5));
  }
  ExactSum tiny;
  tiny.add(0x1p-1074);
  tiny.add(0x1p53);
  CHECK(tiny.value() == 0x1p53);
  tiny.add(1);  // a tie, but for the smallest of all numbers
  CHECK(tiny.value() == 0x1p53 + 2);
  tiny.add(-std::numeric_limits<double>::infinity());
  CHECK(tiny.value(Scale{-3}) == std::numeric_limits<double>::infinity());
}

TEST_CASE("Sums over micro-batches: refused", "[collective]") {
  ExactGradientSum sum(3);
  narrowfloat::SingleRank alone;
  Vector out(3);
  CHECK_THROWS_WITH(sum.add(Vector(2)),
                    "narrowfloat::ExactGradientSum::add: 2 elements, of a sum of 3");
  CHECK_THROWS_WITH(sum.all_reduce(alone, out, Divide{0}),
                    "narrowfloat::ExactGradientSum::all_reduce: the factor is 0.000000, which must "
                    "be finite and not 0");
  ExactSum loss;
  loss.add(1);
  TooMany others;
  CHECK_THROWS_WITH(loss.all_reduce(others),
                    "narrowfloat::ExactSum::all_reduce: 2147483648 summands, more than 2147483647");
  const auto unequal = [] {
    test::ThreadRanks::run(3, [](auto& ranks) {
      const auto n = static_cast<std::size_t>(ranks.rank() + 1);
      ExactGradientSum mine(n);
      Vector result(n);
      mine.all_reduce(ranks, result);
    });
  };
  const auto one_of_three = [](auto divisor, std::size_t other) {
    test::ThreadRanks::run(3, [&](auto& ranks) {
      const bool is_other = ranks.rank() == 2;
      ExactGradientSum mine(3);
      ExactSum number;
      Vector result(is_other ? other : 3);
      const Divide by{is_other ? divisor : 1};
      if (other == 0)
        number.all_reduce(ranks, by);
      else
        mine.all_reduce(ranks, result, by);
    });
  };
  const std::string wrong = "all_reduce: the arguments of 1 of the other ranks do not fit";
  CHECK_THROWS_WITH(one_of_three(1.0f, 2), "narrowfloat::ExactGradientSum::" + wrong);
  CHECK_THROWS_WITH(one_of_three(0.0f, 3), "narrowfloat::ExactGradientSum::" + wrong);
  CHECK_THROWS_WITH(one_of_three(0.0f, 0), "narrowfloat::ExactSum::" + wrong);
  CHECK_THROWS_WITH(unequal(),
                    "narrowfloat::ExactGradientSum::all_reduce: the ranks' lengths differ: "
                    "rank 0 has 1 elements, all 3 together 6");
}
