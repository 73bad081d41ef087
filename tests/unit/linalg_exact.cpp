// SPDX-License-Identifier: MIT
// The exact accumulator loses nothing: it agrees with big integers where everything cancels but a
// little, in any order.
#include <narrowfloat/linalg.hpp>

#include <algorithm>
#include <array>

#include "support/big_sum.hpp"
#include "support/catch.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using oracle::Exact;

Exact exact_float(float x) { return oracle::from_f32_bits(std::bit_cast<std::uint32_t>(x)); }

template <class T>
Exact value(T x) {
  if constexpr (std::is_same_v<T, float>) {
    return exact_float(x);
  } else {
    return exact_number(x);
  }
}

template <class A, class B>
std::uint32_t big_sum(const std::vector<A>& a, const std::vector<B>& b) {
  BigSum sum;
  for (std::size_t l = 0; l < a.size(); ++l) sum.add(oracle::product(value(a[l]), value(b[l])));
  return sum.value();
}

float any_float(std::mt19937_64& random) {
  const auto bits = static_cast<std::uint32_t>(random());
  const float x = std::bit_cast<float>(bits);
  return (bits >> 23 & 0xff) == 0xff ? std::bit_cast<float>(bits & 0x807fffff) : x;
}

template <class T>
T finite(std::mt19937_64& random) {
  for (;;) {
    const T x = random_number<T>(random);
    if (exact_number(x).kind == Exact::Kind::finite) return x;
  }
}

template <class A, class B, class MakeA, class MakeB>
void check_cancelling(Mismatches& bad, MakeA make_a, MakeB make_b) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 400; ++round) {
    std::vector<std::pair<A, B>> products;
    const auto add = [&](A x, B y) { products.push_back({x, y}); };
    for (std::size_t i = random() % 40; i > 0; --i) {
      const A x = make_a(random);
      const B y = make_b(random);
      add(x, y);
      if (i % 8 != 0) add(-x, y);  // most cancel
    }
    std::shuffle(products.begin(), products.end(), random);
    std::vector<A> a;
    std::vector<B> b;
    for (const auto& [x, y] : products) {
      a.push_back(x);
      b.push_back(y);
    }
    bad.expect_equal([&] { return name_of<A>() + " " + name_of<B>(); }, a.size(), big_sum(a, b),
                     std::bit_cast<std::uint32_t>(nf::dot(a, b, nf::ExactAccumulator{})));
  }
}

}  // namespace

TEST_CASE("exact sums agree with big integers, whatever cancels", "[linalg]") {
  Mismatches bad;
  check_cancelling<float, float>(bad, any_float, any_float);
  check_cancelling<nf::bfloat16, float>(bad, finite<nf::bfloat16>, any_float);
  check_cancelling<nf::float8_e5m2, nf::float8_e5m2>(bad, finite<nf::float8_e5m2>,
                                                     finite<nf::float8_e5m2>);
  check_cancelling<nf::float8_e4m3fn, nf::float16>(bad, finite<nf::float8_e4m3fn>,
                                                   finite<nf::float16>);
  CHECK(bad.report() == "");
}

TEST_CASE("an exact sum is rounded once: what is far below a tie decides it", "[linalg]") {
  for (const float tail : {0x1p-149f, 0x1p-100f, 0x1p-40f}) {
    const auto sum = [&](float last) {
      const std::vector<float> a = {0x1p100f, 1, 0x1p-24f, -0x1p100f, last},
                               b = {0x1p20f, 1, 1, 0x1p20f, 1};
      return nf::dot(a, b, nf::ExactAccumulator{});
    };
    CHECK(sum(0) == 1.0f);
    CHECK(sum(tail) == 0x1.000002p0f);
    CHECK(sum(-tail) == 1.0f);
  }
}

TEST_CASE("exact sums in constant expressions", "[linalg]") {
  constexpr std::array a{nf::float8_e5m2(57344.0f), nf::float8_e5m2(0x1p-16f),
                         nf::float8_e5m2(-57344.0f)};
  constexpr std::array b{nf::float8_e5m2(57344.0f), nf::float8_e5m2(0x1p-16f),
                         nf::float8_e5m2(57344.0f)};
  static_assert(nf::dot(a, b, nf::ExactAccumulator{}) == 0x1p-32f);
  using Chunks = nf::ChunkedAccumulator<nf::ExactAccumulator, nf::FusedAccumulator<float>>;
  static_assert(nf::dot(a, b, Chunks{.chunk = 2}) ==
                0);  // 2^-32 is lost where the first two are added up
}

TEST_CASE("Inf and NaN among exact products", "[linalg]") {
  const float inf = std::numeric_limits<float>::infinity();
  const auto sum = [](const std::vector<float>& a, const std::vector<float>& b) {
    return nf::dot(a, b, nf::ExactAccumulator{});
  };
  CHECK(sum({inf, 3}, {-2, 1}) == -inf);
  CHECK(std::isnan(sum({inf, 3}, {0, 1})));
  CHECK(std::isnan(sum({inf, 3, inf}, {1, 1, -1})));
  CHECK(std::isnan(sum({1, std::numeric_limits<float>::quiet_NaN()}, {1, 0})));
  CHECK(sum({0x1p127f, 0x1p127f}, {1, 1}) == inf);
  CHECK(sum({0x1p127f, 0x1p127f, -0x1p127f}, {1, 1, 1}) == 0x1p127f);
  CHECK(!std::signbit(sum({-0.0f}, {1})));
  CHECK(!std::signbit(sum({1, 1}, {1, -1})));
}

TEST_CASE("chunks of exact sums, added up in float", "[linalg]") {
  const std::vector<float> a = {0x1p30f, 1, -0x1p30f, 0x1p30f, 1, -0x1p30f, 0x1p-30f};
  const std::vector<float> ones(a.size(), 1.0f);
  using Blocks = nf::ChunkedAccumulator<nf::ExactAccumulator, nf::FusedAccumulator<float>>;
  CHECK(nf::dot(a, ones, Blocks{.chunk = 3}) == 2.0f);
  CHECK(nf::dot(a, ones, nf::ExactAccumulator{}) == 2.0f);
  CHECK(nf::dot(a, ones, Blocks{.chunk = 2}) == 0x1p-30f);
}
