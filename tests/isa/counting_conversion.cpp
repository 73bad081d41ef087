// SPDX-License-Identifier: MIT
// Conversions that count as they go: codes and counters of a plain loop for every rounding,
// saturation and factor, where Inf, NaN and overflow are everywhere, rare or nowhere, from every
// place and in every floating-point environment.
#include <narrowfloat/limits.hpp>
#include <narrowfloat/stats.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <utility>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

constexpr std::size_t part = 1024;  // of squared_error's sums, as the documentation has it

/// Normal numbers near those of the formats, of which one in `every` is subnormal, huge, Inf, NaN
/// or a zero; 0: none.
std::vector<float> numbers(std::size_t n, std::size_t every, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> all(n);
  for (float& x : all) {
    const auto bits = static_cast<std::uint32_t>(random());
    x = std::bit_cast<float>((bits & 0x807fffffu) | (112 + (bits >> 23) % 20) << 23);
    if (every == 0 || random() % every != 0) continue;
    constexpr std::uint32_t rare[] = {0x00000001, 0x007fffff, 0x7f7fffff, 0x7f800000, 0x7f800001,
                                      0x7fc00000, 0x00000000, 0x43e00000, 0x43e80000, 0x47600000,
                                      0x477fffff, 0x41f00000, 0x35000000, 0x33800001, 0x477fe000,
                                      0x477fefff, 0x33000000, 0x33000001, 0x7f7f0000, 0x7f7f7fff};
    x = std::bit_cast<float>(rare[random() % std::size(rare)] | (bits & 0x80000000u));
  }
  return all;
}

/// A float, hidden from the compiler: no fused or rearranged operation here.
float plain(float x) {
  volatile float y = x;
  return y;
}

/// Counters, then codes, as words.
std::vector<std::uint64_t> words_of(const nf::ConversionStats& stats) {
  return {stats.count, stats.saturated, stats.attained,      stats.flushed,
          stats.nan,   stats.infinite,  bits_of(stats.amax), bits_of(stats.squared_error)};
}

/// By the scalar convert().
template <class To, class R>
std::vector<std::uint64_t> count(const std::vector<float>& in, const float* factor, R rounding,
                                 nf::Saturation saturation) {
  nf::ConversionStats stats;
  std::vector<std::uint64_t> codes;
  const auto largest = static_cast<float>(std::numeric_limits<To>::max());
  double sums[16] = {}, of_part[16] = {};
  std::uint32_t amax = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    float x = in[i];
    if (factor != nullptr && !std::isnan(x)) x = plain(x * *factor);
    const To code = factor == nullptr
                        ? nf::convert<To>(in[i], rounding, saturation)
                        : nf::convert<To>(in[i], nf::Scale{*factor}, rounding, saturation);
    if constexpr (R::random_bits != 0) ++rounding.offset;
    codes.push_back(bits_of(code));
    const auto y = static_cast<float>(code);
    const bool is_finite = std::isfinite(x);
    stats.nan += std::isnan(x) ? 1 : 0;
    stats.infinite += std::isinf(x) ? 1 : 0;
    stats.saturated += is_finite && std::fabs(x) > largest ? 1 : 0;
    stats.attained += is_finite && !(std::fabs(y) < largest) ? 1 : 0;
    stats.flushed += is_finite && x != 0 && y == 0 ? 1 : 0;
    amax = std::max(amax, std::bit_cast<std::uint32_t>(x) & 0x7fffffffu);
    if (is_finite && std::isfinite(y)) {
      const double error = plain(x - y);
      of_part[i % 16] += error * error;
    }
    if (i % part == part - 1 || i + 1 == in.size()) {
      for (std::size_t k = 0; k < 16; ++k) sums[k] += std::exchange(of_part[k], 0.0);
    }
  }
  for (const double sum : sums) stats.squared_error += sum;
  stats.count = in.size();
  stats.amax = std::bit_cast<float>(amax > 0x7f800000u ? 0x7fc00000u : amax);
  std::vector<std::uint64_t> result = words_of(stats);
  result.insert(result.end(), codes.begin(), codes.end());
  return result;
}

Mismatches bad;  // of all checks

template <class To, class R>
void check(const std::vector<float>& in, const float* factor, R rounding,
           nf::Saturation saturation) {
  const std::vector<std::uint64_t> expected = count<To>(in, factor, rounding, saturation);
  for (const std::size_t place : {std::size_t{0}, std::size_t{5}}) {
    const auto run = [&] {
      std::vector<To> out(in.size() + 16, To::from_bits(1));
      const std::span<To> to(out.data() + place, in.size());
      nf::ConversionStats stats;
      if (factor == nullptr) {
        nf::convert(in, to, stats, rounding, saturation);
      } else {
        nf::convert(in, to, nf::Scale{*factor}, stats, rounding, saturation);
      }
      std::vector<std::uint64_t> result = words_of(stats);
      for (const To code : to) result.push_back(bits_of(code));
      for (std::size_t i = 0; i < out.size(); ++i) {
        const bool is_outside = i < place || i >= place + in.size();
        if (is_outside && out[i].bits() != 1) result.push_back(i);
      }
      return result;
    };
    const auto where = [&] {
      return name_of<To>() + " x " + (factor != nullptr ? std::to_string(*factor) : "-") +
             ", rounding " + std::to_string(static_cast<int>(R::rule)) + " " +
             std::to_string(R::random_bits) + ", saturation " +
             std::to_string(static_cast<int>(saturation)) + ", " + std::to_string(in.size()) +
             " floats, place " + std::to_string(place) + " (counters, then codes)";
    };
    const std::vector<std::uint64_t> got = run();
    bad.expect_equal(where, 0, expected.size(), got.size());
    for (std::size_t i = 0; i < std::min(got.size(), expected.size()); ++i)
      bad.expect_equal(where, i, expected[i], got[i]);
    if (in.size() == 127) {
      check_rounding_modes(run);
      check_flush_flags(run);
    }
  }
}

template <class To, class R>
void check_all(R rounding) {
  constexpr float factors[] = {0.37f,     -2,   0, std::numeric_limits<float>::infinity(),
                               0x1p-140f, 1e30f};
  std::uint32_t seed = 0;
  for (const std::size_t every : {std::size_t{0}, std::size_t{2}, std::size_t{300}}) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{127}, 2 * part, 2 * part + 70}) {
      const std::vector<float> in = numbers(n, every, ++seed);
      for (const auto saturation :
           {nf::Saturation::none, nf::Saturation::finite, nf::Saturation::propagate}) {
        check<To>(in, nullptr, rounding, saturation);
        check<To>(in, &factors[seed % std::size(factors)], rounding, saturation);
      }
    }
  }
}

/// Few for each format: a pair costs a second of compiling.
template <class To, class... R>
void check_roundings(const R&... roundings) {
  (check_all<To>(roundings), ...);
  CHECK(bad.report() == "");
}

constexpr nf::Stochastic<> random_16{.seed = 1, .stream = 2, .offset = 3};
constexpr nf::Stochastic<8> random_8{.seed = 4};

}  // namespace

TEST_CASE("stats: counted as converted, E4M3FN in every rounding", "[isa]") {
  check_roundings<nf::float8_e4m3fn>(nf::nearest_even, nf::NearestAway{}, nf::TowardZero{},
                                     nf::TowardPositive{}, nf::TowardNegative{}, nf::to_odd,
                                     random_16, random_8);
}
TEST_CASE("stats: counted as converted, E5M2 and E3M4", "[isa]") {
  check_roundings<nf::float8_e5m2>(nf::nearest_even, nf::to_odd, random_16);
  check_roundings<nf::float8_e3m4>(nf::TowardPositive{});
}
TEST_CASE("stats: counted as converted, E4M3FNUZ", "[isa]") {
  check_roundings<nf::float8_e4m3fnuz>(nf::nearest_even, random_16, random_8);
}
TEST_CASE("stats: counted as converted, float16 and bfloat16", "[isa]") {
  check_roundings<nf::float16>(nf::nearest_even);
  check_roundings<nf::bfloat16>(nf::nearest_even);
}
TEST_CASE("stats: counted as converted, E2M1", "[isa]") {
  check_roundings<nf::float4_e2m1fn>(nf::nearest_even, nf::TowardNegative{});
}
TEST_CASE("stats: counted as converted, a P3109 format", "[isa]") {
  check_roundings<Float<4, 3, 8, nf::Specials::p3109>>(nf::nearest_even, random_16);
}
