// SPDX-License-Identifier: MIT
// Compensated, pairwise and aligned sums do, operation by operation, what their definitions say; so do the sums of two
// instructions, of which one is compared with the processor's own where it has it.
#include <narrowfloat/linalg.hpp>

#include "support/catch.hpp"
#include "support/mismatches.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

using oracle::Exact;

/// Sums and differences of codes, each rounded.
struct Arithmetic {
  SumRounding to;
  std::uint32_t product(const Exact& a, const Exact& b) const {
    return to.signed_zero(oracle::product(to.operand(a), to.operand(b)), 0);
  }
  std::uint32_t sum(std::uint32_t a, std::uint32_t b) const {
    return to(oracle::sum(to.value(a), to.value(b)), 0);
  }
  std::uint32_t difference(std::uint32_t a, std::uint32_t b) const {
    Exact y = to.value(b);
    y.negative = !y.negative;
    return to(oracle::sum(to.value(a), y), 0);
  }
};

std::uint32_t kahan(const Arithmetic& in, const Operands& a, const Operands& b) {
  std::uint32_t s = 0, c = 0;
  for (std::size_t l = 0; l < a.size(); ++l) {
    const std::uint32_t y = in.difference(in.product(a[l], b[l]), c), t = in.sum(s, y);
    c = in.difference(in.difference(t, s), y);
    s = t;
  }
  return s;
}

std::uint32_t two_sum(const Arithmetic& in, const Operands& a, const Operands& b) {
  std::uint32_t hi = 0, lo = 0;
  for (std::size_t l = 0; l < a.size(); ++l) {
    const std::uint32_t u = in.product(a[l], b[l]), s = in.sum(hi, u);
    const std::uint32_t x = in.difference(s, u), y = in.difference(s, x);
    const std::uint32_t v = in.sum(lo, in.sum(in.difference(hi, x), in.difference(u, y)));
    hi = in.sum(s, v);
    lo = in.difference(v, in.difference(hi, s));
  }
  return hi;
}

std::uint32_t pairwise(const Arithmetic& in, const Operands& a, const Operands& b) {
  std::vector<std::uint32_t> level;
  for (std::size_t l = 0; l < a.size(); ++l) level.push_back(in.product(a[l], b[l]));
  while (level.size() > 1) {
    std::vector<std::uint32_t> next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2)
      next.push_back(in.sum(level[i], level[i + 1]));
    if (level.size() % 2 != 0) next.push_back(level.back());
    level = next;
  }
  return level.empty() ? 0 : level[0];
}

template <class A, class F>
void check_rounded(Mismatches& bad, bool mild) {
  std::mt19937_64 random(A::width);
  for (std::size_t n = 0; n < 70; ++n) {
    const auto a = random_numbers<F>(n, random, mild), b = random_numbers<F>(n, random, mild);
    const auto saturation = saturations[n % 3];
    const auto subnormals = n % 5 == 0 ? nf::Subnormals::flush : nf::Subnormals::keep;
    const Arithmetic in{{.format = oracle_format<A>(),
                         .saturation = oracle_saturation(saturation),
                         .flush = subnormals == nf::Subnormals::flush}};
    const Operands x = exact_numbers(a), y = exact_numbers(b);
    const auto check = [&](const char* what, std::uint32_t expected, A got) {
      bad.expect(
          expected == got.bits(), [&] { return what + (" " + name_of<A>()); }, n, expected,
          got.bits());
    };
    check("Kahan", kahan(in, x, y), nf::dot(a, b, nf::KahanAccumulator<A>{saturation, subnormals}));
    check("TwoSum", two_sum(in, x, y),
          nf::dot(a, b, nf::TwoSumAccumulator<A>{saturation, subnormals}));
    check("pairwise", pairwise(in, x, y),
          nf::dot(a, b, nf::PairwiseAccumulator<A>{saturation, subnormals}));
  }
}

int exponent(const Exact& x) { return oracle::bit_length(x.significand) - 1 + x.exponent; }

/// x / 2^unit as a whole number, toward zero or to nearest even.
oracle::Wide whole(const Exact& x, int unit, bool truncate) {
  const oracle::Floor twice = oracle::scaled_floor(x, 1 - unit);
  const oracle::Wide low = twice.whole / 2;
  const bool half = twice.whole % 2 != 0;
  return low + (!truncate && half && (twice.rest || low % 2 != 0) ? 1 : 0);
}

/// The sum of an aligned adder, by integers; finite operands.
std::uint32_t aligned(const nf::AlignedAccumulator& of, const Operands& a, const Operands& b) {
  std::uint32_t sum = 0;
  const auto group = static_cast<std::size_t>(of.group);
  for (std::size_t first = 0; first < a.size(); first += group) {
    std::vector<Exact> terms = {oracle::decode(oracle::binary32, sum)};
    int largest = terms[0].is_zero() ? -10000 : exponent(terms[0]);
    for (std::size_t l = first; l < std::min(a.size(), first + group); ++l) {
      if (a[l].is_zero() || b[l].is_zero()) continue;
      terms.push_back(oracle::product(a[l], b[l]));
      largest = std::max(largest, exponent(a[l]) + exponent(b[l]));
    }
    const int unit = largest + 1 - of.bits;
    std::int64_t total = 0;
    for (const Exact& x : terms) {
      if (x.is_zero()) continue;
      const auto multiple = static_cast<std::int64_t>(whole(x, unit, of.truncate));
      total += x.negative ? -multiple : multiple;
    }
    Exact result{.negative = total < 0,
                 .significand = static_cast<oracle::Wide>(total < 0 ? -total : total),
                 .exponent = unit};
    const int excess = oracle::bit_length(result.significand) - of.bits;
    if (excess > 0) {
      result.significand = whole(result, unit + excess, of.truncate);
      result.exponent = unit + excess;
    }
    const auto mode = of.truncate ? oracle::Mode::toward_zero : oracle::Mode::nearest_even;
    sum = oracle::round(oracle::binary32, result, {.mode = mode}, oracle::Saturation::none);
  }
  return sum;
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
        bad.expect_equal([&] { return std::to_string(group) + " of " + std::to_string(bits); },
                         a.size(), aligned(of, x, y), bits_of(nf::dot(a, b, of)));
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
