// SPDX-License-Identifier: MIT
// amax() and ConversionStats: every counter as a plain loop finds it, the same on every instruction
// set and for every alignment, and the codes those of a conversion without counters.
#include <narrowfloat/limits.hpp>
#include <narrowfloat/stats.hpp>

#include <cmath>
#include <cstring>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Small, large, subnormal, zero and special values; n of them.
std::vector<float> samples(std::size_t n) {
  std::vector<float> values(n);
  std::uint32_t state = 7;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 1664525u + 1013904223u;
    const std::uint32_t exponent = 97 + (state >> 8) % 60;
    values[i] = std::bit_cast<float>((state & 0x807fffffu) | exponent << 23);
    if (i % 29 == 3) values[i] = 0.0f;
    if (i % 31 == 4) values[i] = -infinity;
    if (i % 37 == 5) values[i] = std::bit_cast<float>(0x7f800001u + static_cast<std::uint32_t>(i));
    if (i % 41 == 6) values[i] = std::bit_cast<float>(state & 0x807fffffu);
  }
  return values;
}

/// The counters by their definitions. Squares are summed as the documentation promises: element i
/// of a part of 1024 in sum i % 16, part after part.
template <class To, class R>
nf::ConversionStats counted(const std::vector<float>& in, float factor, R rounding) {
  nf::ConversionStats stats;
  const auto largest = static_cast<float>(std::numeric_limits<To>::max());
  double sums[16] = {}, part[16] = {};
  float amax = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float x = factor == 1 ? in[i] : in[i] * factor;
    const auto y = static_cast<float>(nf::convert<To>(x, rounding));
    if constexpr (R::random_bits != 0) ++rounding.offset;
    ++stats.count;
    if (std::isnan(x)) {
      ++stats.nan;
    } else if (std::isinf(x)) {
      ++stats.infinite;
    } else {
      if (std::fabs(x) > largest) ++stats.saturated;
      if (!(std::fabs(y) < largest)) ++stats.attained;
      if (x != 0 && y == 0) ++stats.flushed;
    }
    if (std::isnan(x)) amax = x;
    if (!(std::fabs(x) <= amax) && !std::isnan(amax)) amax = std::fabs(x);
    if (std::isfinite(x) && std::isfinite(y)) {
      const double error = x - y;
      part[i % 16] += error * error;
    }
    if (i % 1024 == 1023 || i + 1 == in.size()) {
      for (int k = 0; k < 16; ++k) {
        sums[k] += part[k];
        part[k] = 0;
      }
    }
  }
  for (const double sum : sums) stats.squared_error += sum;
  stats.amax = amax;
  return stats;
}

void check(const nf::ConversionStats& got, const nf::ConversionStats& expected) {
  CHECK(got.count == expected.count);
  CHECK(got.saturated == expected.saturated);
  CHECK(got.attained == expected.attained);
  CHECK(got.flushed == expected.flushed);
  CHECK(got.nan == expected.nan);
  CHECK(got.infinite == expected.infinite);
  CHECK(bits_of(got.squared_error) == bits_of(expected.squared_error));
  if (std::isnan(expected.amax)) {
    CHECK(bits_of(got.amax) == 0x7fc00000u);
  } else {
    CHECK(bits_of(got.amax) == bits_of(expected.amax));
  }
}

template <class To, class R = nf::NearestEven>
void check_counters(std::size_t n, R rounding = {}) {
  const std::vector<float> in = samples(n);
  std::vector<To> out(n + 3), plain(n);
  for (const std::size_t offset : {std::size_t{0}, std::size_t{3}}) {
    const std::span<To> place(out.data() + offset, n);
    nf::ConversionStats stats, scaled;
    nf::convert(in, plain, rounding);
    nf::convert(in, place, stats, rounding);
    CHECK((n == 0 || std::memcmp(place.data(), plain.data(), n * sizeof(To)) == 0));
    check(stats, counted<To>(in, 1, rounding));
    nf::convert(in, plain, nf::Scale{0.37f}, rounding);
    nf::convert(in, place, nf::Scale{0.37f}, scaled, rounding);
    CHECK((n == 0 || std::memcmp(place.data(), plain.data(), n * sizeof(To)) == 0));
    check(scaled, counted<To>(in, 0.37f, rounding));
  }
}

}  // namespace

TEST_CASE("stats: the counters are those of a plain loop", "[isa]") {
  for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 1000u, 1024u, 5000u}) {
    check_counters<nf::float8_e4m3fn>(n);
    check_counters<nf::bfloat16>(n);
  }
  check_counters<nf::float4_e2m1fn>(3000);
  check_counters<nf::float8_ue5m3>(3000);
  check_counters<float>(3000);
  check_counters<nf::float8_e5m2, nf::Stochastic<>>(3000, {.seed = 1, .stream = 2, .offset = 3});
}

TEST_CASE("stats: what attains the largest value, and what is beyond it", "[isa]") {
  // 448 itself, what rounds up to it, what is beyond it; Inf and NaN are neither
  std::vector<float> in{448, -440, 431, 449, -1e9f, infinity, std::nanf(""), 0};
  in.resize(40, -447);
  std::vector<nf::float8_e4m3fn> out(in.size());
  for (const auto saturation : {nf::Saturation::finite, nf::Saturation::none}) {
    nf::ConversionStats stats;
    nf::convert(in, out, stats, nf::nearest_even, saturation);
    CHECK(stats.saturated == 2);
    CHECK(stats.attained == 4 + 32);
  }
}

TEST_CASE("stats: a source of another format is looked at as the floats it holds", "[isa]") {
  const std::vector<float> values = samples(2000);
  std::vector<nf::bfloat16> in(values.size());
  std::vector<float> widened(values.size());
  std::vector<nf::float8_e4m3fn> out(values.size());
  nf::convert(values, in);
  nf::convert(in, widened);
  nf::ConversionStats stats;
  nf::convert(in, out, stats);
  check(stats, counted<nf::float8_e4m3fn>(widened, 1, nf::nearest_even));
}

TEST_CASE("stats: counters add up; a NaN stays the largest magnitude", "[isa]") {
  nf::ConversionStats a{3, 1, 1, 0, 0, 0, 2.5f, 0.5}, b{4, 0, 2, 2, 1, 0, 1.5f, 0.25};
  a += b;
  CHECK(a.count == 7);
  CHECK(a.saturated == 1);
  CHECK(a.attained == 3);
  CHECK(a.flushed == 2);
  CHECK(a.nan == 1);
  CHECK(a.amax == 2.5f);
  CHECK(a.squared_error == 0.75);
  b.amax = std::numeric_limits<float>::quiet_NaN();
  b += a;
  CHECK(std::isnan(b.amax));
}

TEST_CASE("amax: exact, Inf is a number, NaN wins, every type", "[isa]") {
  CHECK(nf::amax(std::vector<float>{}) == 0.0f);
  for (std::size_t n = 1; n < 200; ++n) {
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      std::vector<float> values(n, 0.25f);
      values[at] = -3.5f;
      REQUIRE(nf::amax(values) == 3.5f);
      values[at] = -infinity;
      REQUIRE(nf::amax(values) == infinity);
      values[at] = std::bit_cast<float>(0xff800001u);
      REQUIRE(bits_of(nf::amax(values)) == 0x7fc00000u);
      std::vector<double> doubles(n, -0.5);
      doubles[at] = 0x1p-1074;
      REQUIRE(nf::amax(doubles) == (n == 1 ? 0x1p-1074 : 0.5));
    }
  }
  const std::vector<nf::float8_e4m3fnuz> codes{nf::float8_e4m3fnuz(-2.0f),
                                               nf::float8_e4m3fnuz(1.0f)};
  CHECK(nf::amax(codes) == 2.0f);
  CHECK(
      std::isnan(nf::amax(std::vector<nf::float8_e4m3fnuz>{nf::float8_e4m3fnuz::from_bits(0x80)})));
  CHECK(nf::amax(std::vector<nf::float8_e8m0fnu>{nf::float8_e8m0fnu::from_bits(0)}) == 0x1p-127f);
  using Deep = Float<8, 7, 200>;  // below float
  static_assert(std::is_same_v<decltype(nf::amax(std::vector<Deep>{})), double>);
  CHECK(nf::amax(std::vector<Deep>{Deep::from_bits(1)}) == 0x1p-206);
}

TEST_CASE("amax: a NaN that is dropped counts for nothing", "[isa]") {
  constexpr auto drop = nf::NanAmax::drop;
  for (const std::size_t n : {1u, 3u, 64u, 2000u}) {
    std::vector<float> values(n, std::nanf(""));
    CHECK(bits_of(nf::amax(values, drop)) == 0);
    values[n - 1] = -3.5f;
    CHECK(nf::amax(values, drop) == 3.5f);
    values[n / 2] = -infinity;
    CHECK(nf::amax(values, drop) == infinity);
    std::vector<nf::bfloat16> narrow(n, nf::bfloat16(std::nanf("")));
    narrow[n / 3] = nf::bfloat16(-2);
    CHECK(nf::amax(narrow, drop) == 2);
    CHECK(std::isnan(nf::amax(narrow)) == (n > 1));
    CHECK(nf::amax(std::vector<double>(n, -1e300), drop) == 1e300);
  }
}

TEST_CASE("stats: sizes that differ are refused before anything is counted", "[isa]") {
  std::vector<float> in(5);
  std::vector<nf::float8_e4m3fn> out(4, nf::float8_e4m3fn::from_bits(0x55));
  nf::ConversionStats stats;
  CHECK_THROWS_AS(nf::convert(in, out, stats), std::invalid_argument);
  CHECK(stats.count == 0);
  CHECK(out[0].bits() == 0x55);
}
