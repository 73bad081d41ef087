// SPDX-License-Identifier: MIT
// Arrays larger than the last cache, which are stored past it: right from the first element to the
// last, and nothing outside is touched, from whatever place in a cache line the array starts.
#include <narrowfloat/stats.hpp>

#include <cmath>
#include <cstring>
#include <span>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

constexpr std::size_t period = 4099,
                      places = 64;  // the inputs repeat; a prime moves them in the vectors

/// Elements of an array that, with its result, exceeds the last cache.
template <class From, class To>
std::size_t past_caches() {
  const std::size_t n =
      nf::detail::find_cpu_features().last_level_cache / (sizeof(From) + sizeof(To)) + 12345;
  REQUIRE(nf::detail::leaves_caches(n * (sizeof(From) + sizeof(To))));
  return n;
}

template <class From>
From sample(std::size_t i) {
  const auto x = static_cast<std::uint32_t>(i % period) * 2654435761u;
  if constexpr (std::is_same_v<From, float>) {
    return std::bit_cast<float>((x & 0x80ffffffu) | 0x3f000000u);
  } else {
    return from_code<From>(x >> (32 - From::width));
  }
}

/// convert_it(in, out) converts arrays, expected(i) is what element i must be.
template <class From, class To, class Convert, class Expected>
void check(const Convert& convert_it, const Expected& expected) {
  constexpr unsigned char untouched = 0xa5;
  const std::size_t n = past_caches<From, To>();
  std::vector<From> in(n);
  for (std::size_t i = 0; i < n; ++i) in[i] = sample<From>(i);
  for (const std::size_t place : {std::size_t{0}, std::size_t{3}}) {
    std::vector<To> out(n + 2 * places);
    std::memset(static_cast<void*>(out.data()), untouched, out.size() * sizeof(To));
    convert_it(in, std::span(out).subspan(places + place, n));
    Mismatches bad;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(out.data());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto where = [&] { return name_of<To>() + ", place " + std::to_string(place); };
      if (i >= places + place && i < places + place + n) {
        const std::size_t element = i - places - place;
        bad.expect_equal(where, element, bits_of(expected(element)), bits_of(out[i]));
      } else {
        for (std::size_t b = 0; b < sizeof(To); ++b)
          bad.expect_equal(where, i, untouched, bytes[i * sizeof(To) + b]);
      }
    }
    CHECK(bad.report() == "");
  }
}

/// With an executor, or without one.
template <class From, class To, class... Executor>
void check_nearest(Executor... executor) {
  std::vector<To> results(period);
  for (std::size_t i = 0; i < period; ++i) results[i] = nf::convert<To>(sample<From>(i));
  check<From, To>([&](const auto& in, auto out) { nf::convert(in, out, executor...); },
                  [&](std::size_t i) { return results[i % period]; });
}

}  // namespace

TEST_CASE("arrays past the caches, to nearest", "[isa]") {
  check_nearest<float, nf::float8_e4m3fn>();
  check_nearest<float, nf::bfloat16>();
  check_nearest<nf::float8_e4m3fn, float>();
  check_nearest<nf::float8_e5m2, nf::float16>();
}

TEST_CASE("arrays past the caches, by tasks, the last one first", "[isa]") {
  const auto backwards = [](std::size_t tasks, const auto& f) {
    while (tasks != 0) f(--tasks);
  };
  check_nearest<nf::float8_e4m3fn, float>(backwards);
}

TEST_CASE("arrays past the caches, stochastic", "[isa]") {
  const nf::Stochastic<> rounding{.seed = 1, .stream = 2, .offset = 3};
  check<float, nf::float8_e5m2>([&](const auto& in, auto out) { nf::convert(in, out, rounding); },
                                [&](std::size_t i) {
                                  return nf::convert<nf::float8_e5m2>(sample<float>(i),
                                                                      rounding.from(i));
                                });
}

TEST_CASE("arrays past the caches, scaled", "[isa]") {
  std::vector<nf::float8_e4m3fn> results(period);
  const nf::Scale scale{0.3f};
  for (std::size_t i = 0; i < period; ++i) {
    results[i] = nf::convert<nf::float8_e4m3fn>(sample<float>(i), scale);
  }
  check<float, nf::float8_e4m3fn>([&](const auto& in, auto out) { nf::convert(in, out, scale); },
                                  [&](std::size_t i) { return results[i % period]; });
}

TEST_CASE("arrays past the caches, scaled and counted: some groups overflow, others do not",
          "[isa]") {
  std::vector<nf::float8_e4m3fn> results(period);
  const nf::Scale scale{232.5f};
  std::size_t nan = 0;
  for (std::size_t i = 0; i < period; ++i) {
    results[i] = nf::convert<nf::float8_e4m3fn>(sample<float>(i), scale, nf::nearest_even,
                                                nf::Saturation::none);
    nan += std::isnan(static_cast<float>(results[i])) ? 1 : 0;
  }
  REQUIRE((nan != 0 && nan < period / 32));
  nf::ConversionStats first;
  check<float, nf::float8_e4m3fn>(
      [&](const auto& in, auto out) {
        nf::ConversionStats stats;
        nf::convert(in, out, scale, stats, nf::nearest_even, nf::Saturation::none);
        CHECK(stats.count == in.size());
        if (first.count == 0) first = stats;
        CHECK(stats.saturated == first.saturated);  // from either place
        CHECK(stats.squared_error == first.squared_error);
      },
      [&](std::size_t i) { return results[i % period]; });
}
