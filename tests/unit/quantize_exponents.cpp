// SPDX-License-Identifier: MIT
// The exponent histogram, and where a format's range puts the values: against frexp and the
// oracle's rounding, and the parts of a normal distribution that are published for eXmY.
#include <narrowfloat/quantize/exmy.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Every exponent with its ends and something between, both signs.
std::vector<float> every_exponent() {
  std::vector<float> values;
  std::uint32_t state = 7;
  for (int e = -149; e <= 127; ++e) {
    const float low = std::ldexp(1.0f, e);
    values.push_back(low);
    values.push_back(-std::nextafter(2 * low, 0.0f));
    for (int i = 0; i < 3; ++i) {
      state = state * 1664525u + 1013904223u;
      values.push_back(std::ldexp(1 + static_cast<float>(state >> 9) * 0x1p-23f, e));
    }
  }
  return values;
}

/// What becomes of the values by the oracle.
nf::RangeUse use_by_oracle(const std::vector<float>& values, const nf::ExmyFormat& f) {
  const oracle::Format format{f.exponent_bits, f.mantissa_bits, f.bias, oracle::Special::finite,
                              true};
  const oracle::Exact top = oracle::decode(format, oracle::largest_finite_code(format, false));
  const double largest = std::ldexp(static_cast<double>(top.significand), top.exponent);
  nf::RangeUse use;
  for (const float x : values) {
    const double magnitude = std::fabs(static_cast<double>(x));
    if (!std::isfinite(x) || magnitude == 0) continue;
    const bool zero = oracle::decode(format, oracle::round(format, exact_of(magnitude), {},
                                                           oracle::Saturation::finite))
                          .is_zero();
    ++(magnitude > largest                       ? use.clipped
       : zero                                    ? use.flushed
       : magnitude < std::ldexp(1.0, 1 - f.bias) ? use.subnormal
                                                 : use.normal);
  }
  return use;
}

}  // namespace

TEST_CASE("exponents are counted, those of subnormal floats too", "[quantize][exponents]") {
  std::vector<float> values = every_exponent();
  values.insert(values.end(), {0.0f, -0.0f, infinity, -infinity, not_a_number, 0.0f});
  const nf::ExponentHistogram h = nf::exponent_histogram(values);
  std::uint64_t sum = 0;
  for (int e = -200; e <= 200; ++e) {
    std::uint64_t expected = 0;
    for (const float x : values) {
      int exponent = 0;
      std::frexp(static_cast<double>(x), &exponent);
      expected += std::isfinite(x) && x != 0 && exponent - 1 == e ? 1 : 0;
    }
    REQUIRE(h.count(e) == expected);
    sum += expected;
  }
  CHECK(h.nonzero() == sum);
  CHECK(h.zeros == 3);
  CHECK(h.infinite == 2);
  CHECK(h.nan == 1);
  CHECK(h.largest() == 127);
}

TEST_CASE("histograms of narrow formats, of parts and of nothing", "[quantize][exponents]") {
  std::vector<nf::float8_e4m3fn> all;
  for (std::uint32_t code = 0; code < 256; ++code)
    all.push_back(from_code<nf::float8_e4m3fn>(code));
  const nf::ExponentHistogram h = nf::exponent_histogram(all);
  CHECK(h.nan == 2);
  CHECK(h.zeros == 2);
  CHECK(h.count(8) == 14);
  CHECK(h.count(-6) == 16);
  CHECK(h.count(-7) == 8);
  CHECK(h.count(-9) == 2);
  nf::ExponentHistogram parts = nf::exponent_histogram(std::span(all).first(77));
  parts += nf::exponent_histogram(std::span(all).subspan(77));
  CHECK(parts == h);
  CHECK(nf::exponent_histogram(std::vector<float>{}) == nf::ExponentHistogram{});
  CHECK(nf::ExponentHistogram{}.largest() == -150);
  CHECK(nf::exponent_histogram(std::vector{-0x1p-149f}).count(-149) == 1);
}

TEST_CASE("normal, subnormal, flushed and clipped as the rounding has it",
          "[quantize][exponents]") {
  std::vector<float> values = every_exponent();
  values.insert(values.end(), {0.0f, infinity, not_a_number});
  for (int e = 0; e <= 8; ++e) {
    for (const int m : {0, 1, 2, 3, 7, 10, 23}) {
      if (e + m == 0) continue;
      for (const int bias : {-20, 0, 1, 7, (1 << e) - 1, 140}) {
        CAPTURE(e, m, bias);
        REQUIRE(nf::range_use(values, {e, m, bias}) == use_by_oracle(values, {e, m, bias}));
      }
    }
  }
  // halfway to the smallest value, and beyond the largest
  const std::vector<float> edges{0.0625f, 0.0626f, 0.25f, 0.2499f, 24, 24.001f};
  CHECK(nf::range_use(edges, {3, 1, 3}) == nf::RangeUse{2, 2, 1, 1});
}

TEST_CASE("by exponents alone, but for the ends of the range", "[quantize][exponents]") {
  // no values at half the smallest one nor above the largest: the same
  std::vector<float> values;
  for (int e = -149; e <= 127; ++e) values.insert(values.end(), {std::ldexp(1.25f, e), 0});
  const nf::ExponentHistogram h = nf::exponent_histogram(values);
  for (int e = 1; e <= 8; ++e) {
    for (const int m : {1, 3, 7})
      CHECK(nf::range_use(h, {e, m, 9}) == nf::range_use(values, {e, m, 9}));
  }
  const nf::ExponentHistogram ends = nf::exponent_histogram(std::vector<float>{0.0625f, 28});
  CHECK(nf::range_use(ends, {3, 1, 3}) == nf::RangeUse{1, 1, 0, 0});
}

TEST_CASE("the normal numbers of a normal distribution", "[quantize][exponents]") {
  nf::ExponentHistogram h;  // of 1e12 numbers
  const auto above = [](int e) { return std::erfc(std::ldexp(1.0, e) / std::sqrt(2.0)); };
  for (int e = -40; e <= 2; ++e)
    h.counts[nf::ExponentHistogram::place(e)] =
        static_cast<std::uint64_t>(std::llround(1e12 * (above(e) - above(e + 1))));
  const double expected[] = {0.000063, 0.317, 0.950, 0.9998};
  for (int e = 1; e <= 4; ++e) {
    const nf::RangeUse use = nf::range_use(h, nf::exmy_format(7, e, 1, nf::BiasGuard::saturate));
    CHECK(use.part(use.normal) == Approx(expected[e - 1]).epsilon(0.01));
    CHECK(use.clipped == 0);
  }
  CHECK(nf::RangeUse{}.part(0) == 0);
}

TEST_CASE("formats that there are not are refused", "[quantize][exponents]") {
  const std::vector<float> one{1};
  CHECK_THROWS_WITH(
      nf::range_use(one, {9, 1, 3}),
      "narrowfloat::range_use: no format has 9 exponent bits, 1 mantissa bits and the bias 3");
  CHECK_THROWS_AS(nf::range_use(one, {0, 0, 3}), std::invalid_argument);
  CHECK_THROWS_AS(nf::range_use(one, {3, 24, 3}), std::invalid_argument);
  CHECK_THROWS_AS(nf::range_use(one, {3, -1, 3}), std::invalid_argument);
  CHECK_THROWS_AS(nf::range_use(nf::ExponentHistogram{}, {3, 1, 5000}), std::invalid_argument);
}
