// SPDX-License-Identifier: MIT
// Compensated, pairwise and aligned sums do, operation by operation, what their definitions say.
#include <narrowfloat/linalg.hpp>

#include "support/catch.hpp"
#include "support/mismatches.hpp"
#include "support/policy_oracle.hpp"

using namespace test;

namespace {

using oracle::Exact;

template <class A, class F>
void check_rounded(Mismatches& bad, bool mild) {
  std::mt19937_64 random(A::width);
  for (std::size_t n = 0; n < 70; ++n) {
    const auto a = random_numbers<F>(n, random, mild), b = random_numbers<F>(n, random, mild);
    const auto saturation = saturations[n % 3];
    const auto subnormals = n % 5 == 0 ? nf::Subnormals::flush : nf::Subnormals::keep;
    const SumRounding in{.format = oracle_format<A>(),
                         .saturation = oracle_saturation(saturation),
                         .flush = subnormals == nf::Subnormals::flush};
    const Operands x = exact_numbers(a), y = exact_numbers(b);
    const auto check = [&](const char* what, std::uint32_t expected, A got) {
      bad.expect(
          expected == got.bits(), [&] { return what + (" " + name_of<A>()); }, n, expected,
          got.bits());
    };
    check("Kahan", kahan_oracle(in)(x, y),
          nf::dot(a, b, nf::KahanAccumulator<A>{saturation, subnormals}));
    check("TwoSum", two_sum_oracle(in)(x, y),
          nf::dot(a, b, nf::TwoSumAccumulator<A>{saturation, subnormals}));
    check("pairwise", pairwise_oracle(in)(x, y),
          nf::dot(a, b, nf::PairwiseAccumulator<A>{saturation, subnormals}));
  }
}

std::vector<float> random_floats(std::size_t n, std::mt19937_64& random) {
  std::vector<float> all(n);
  for (float& x : all) {
    const auto bits = static_cast<std::uint32_t>(random());
    x = std::bit_cast<float>((bits & 0x807fffffu) | (0x3a000000u + (bits >> 23 & 15) * 0x800000u));
  }
  return all;
}

Exact exact_float(float x) { return oracle::from_f32_bits(std::bit_cast<std::uint32_t>(x)); }

template <class Range>
void check_aligned(Mismatches& bad, const Range& a, const Range& b, const Operands& x,
                   const Operands& y) {
  for (const int group : {1, 4, 32}) {
    for (const int bits : {2, 14, 24, 25, 40}) {
      for (const bool truncate : {true, false}) {
        const nf::AlignedAccumulator of{group, bits, truncate};
        const auto expected = aligned_oracle(static_cast<std::size_t>(group), bits, truncate);
        bad.expect_equal([&] { return std::to_string(group) + " of " + std::to_string(bits); },
                         a.size(), expected(x, y), bits_of(nf::dot(a, b, of)));
      }
    }
  }
}

}  // namespace

TEST_CASE("sums that round every operation", "[linalg]") {
  Mismatches bad;
  for (const bool mild : {true, false}) {
    check_rounded<nf::float12_e6m5, nf::float8_e5m2>(bad, mild);
    check_rounded<nf::float16_e6m9, nf::float8_e4m3fn>(bad, mild);
    check_rounded<nf::bfloat16, nf::bfloat16>(bad, mild);
    check_rounded<nf::Float<8, 23>, nf::float16>(bad, mild);
    check_rounded<nf::float8_e4m3fn, nf::float6_e3m2fn>(bad, mild);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("compensation keeps a sum of ones growing where a plain sum sticks", "[linalg]") {
  const std::vector<nf::float8_e5m2> ones(5000, nf::float8_e5m2(1.0f));
  using A = nf::float16_e6m9;
  CHECK(nf::dot(ones, ones, nf::FusedAccumulator<A>{}) == A(1024.0f));
  CHECK(nf::dot(ones, ones, nf::KahanAccumulator<A>{}) == A(5000.0f));
  CHECK(nf::dot(ones, ones, nf::TwoSumAccumulator<A>{}) == A(5000.0f));
  CHECK(nf::dot(ones, ones, nf::PairwiseAccumulator<A>{}) == A(5000.0f));
}

TEST_CASE("aligned sums are sums of integers", "[linalg]") {
  Mismatches bad;
  std::mt19937_64 random(9);
  for (std::size_t n = 0; n < 100; n += 7) {
    const auto a = random_numbers<nf::float8_e4m3fn>(n, random, n % 2 == 0),
               b = random_numbers<nf::float8_e4m3fn>(n, random, n % 2 == 0);
    const auto is_nan = [](nf::float8_e4m3fn x) { return exact_number(x).is_nan(); };
    if (std::none_of(a.begin(), a.end(), is_nan) && std::none_of(b.begin(), b.end(), is_nan))
      check_aligned(bad, a, b, exact_numbers(a), exact_numbers(b));
    const auto x = random_floats(n, random), y = random_floats(n, random);
    Operands u, v;
    for (std::size_t l = 0; l < n; ++l) {
      u.push_back(exact_float(x[l]));
      v.push_back(exact_float(y[l]));
    }
    check_aligned(bad, x, y, u, v);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("Inf, NaN, overflow and wrong groups of aligned sums", "[linalg]") {
  const auto sum = [](std::vector<float> a, nf::AlignedAccumulator of = {}) {
    return nf::dot(a, std::vector<float>(a.size(), 0x1p100f), of);
  };
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(sum({1, -inf, 2}) == -inf);
  CHECK(std::isnan(sum({inf, 1, -inf})));
  CHECK(std::isnan(sum({inf, 1, -inf}, {.group = 1})));
  CHECK(sum({0x1p28f, -1}) == std::numeric_limits<float>::max());
  CHECK(sum({0x1p28f, -1}, {.truncate = false}) == inf);
  CHECK(bits_of(sum({-0.0f, -0.0f})) == 0);
  CHECK_THROWS_AS(sum({1}, {.group = 129}), std::invalid_argument);
  CHECK_THROWS_AS(sum({1}, {.group = 0}), std::invalid_argument);
  CHECK_THROWS_AS(sum({1}, {.bits = 1}), std::invalid_argument);
  CHECK_THROWS_WITH(sum({1}, {.bits = 41}),
                    "narrowfloat::dot: AlignedAccumulator: groups of 32 products, not 1 to 128, or "
                    "41 bits, not 2 to 40");
}
