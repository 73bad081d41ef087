// SPDX-License-Identifier: MIT
// add() on arrays: the bits of the scalar add() for every pair of codes of at most 8 bits, every
// rounding and saturation; wider formats by samples; the count of saturated sums by its definition.
#include <narrowfloat/math.hpp>
#include <narrowfloat/stats.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// The larger of two with one sign, x > most / 2 where their sum is above `most`: then most - x is
/// exact.
template <class F>
bool is_beyond(F a, F b) {
  const auto most = static_cast<double>(from_code<F>(nf::detail::layout_of<F>::max_code));
  const auto x = static_cast<double>(a), y = static_cast<double>(b);
  if (!std::isfinite(x) || !std::isfinite(y) || (x < 0) != (y < 0)) return false;
  const double large = std::max(std::fabs(x), std::fabs(y)),
               small = std::min(std::fabs(x), std::fabs(y));
  return large > most / 2 && most - large < small;
}

template <class F, class R>
void check(const std::vector<F>& a, const std::vector<F>& b, const R& rounding, Mismatches& bad) {
  for (const auto saturation :
       {nf::Saturation::finite, nf::Saturation::propagate, nf::Saturation::none}) {
    std::vector<F> out(a.size());
    const std::uint64_t saturated = nf::add(a, b, out, rounding, saturation);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const F wanted = nf::add(a[i], b[i], nf::detail::rounding_from(rounding, i), saturation);
      expected += is_beyond(a[i], b[i]) ? 1 : 0;
      bad.expect_equal([&] { return name_of<F>() + " + " + std::to_string(b[i].bits()); },
                       static_cast<std::uint32_t>(a[i].bits()),
                       static_cast<std::uint32_t>(wanted.bits()),
                       static_cast<std::uint32_t>(out[i].bits()));
    }
    CHECK(saturated == expected);
    std::vector<F> in_place = a;
    CHECK(nf::add(in_place, b, in_place, rounding, saturation) == expected);
    CHECK(std::memcmp(in_place.data(), out.data(), out.size() * sizeof(F)) == 0);
  }
}

template <class F>
void check_roundings(const std::vector<F>& a, const std::vector<F>& b, Mismatches& bad) {
  check(a, b, nf::nearest_even, bad);
  check(a, b, nf::nearest_away, bad);
  check(a, b, nf::toward_zero, bad);
  check(a, b, nf::toward_positive, bad);
  check(a, b, nf::toward_negative, bad);
  check(a, b, nf::to_odd, bad);
  check(a, b, nf::Stochastic<>{.seed = 1, .stream = 2, .offset = 3}, bad);
}

/// Every pair of codes.
template <class F>
void check_all_pairs(Mismatches& bad) {
  std::vector<F> a, b;
  for (std::uint32_t i = 0; i < 1u << (2 * F::width); ++i) {
    a.push_back(from_code<F>(i >> F::width));
    b.push_back(from_code<F>(i & ((1u << F::width) - 1)));
  }
  check_roundings(a, b, bad);
}

/// Pairs near each other and far apart.
template <class F>
void check_samples(Mismatches& bad) {
  std::vector<F> a, b;
  std::uint32_t state = 5;
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525u + 1013904223u;
    a.push_back(from_code<F>(state >> 16));
    b.push_back(
        from_code<F>(i % 3 == 0 ? (state >> 13) : (state >> 16) ^ (0x8000u | (state & 255u))));
  }
  check_roundings(a, b, bad);
}

}  // namespace

TEST_CASE("add: every pair of codes as the scalar sum", "[isa]") {
  Mismatches bad;
  check_all_pairs<nf::float8_e4m3fn>(bad);
  check_all_pairs<nf::float8_e5m2>(bad);
  check_all_pairs<nf::float8_e4m3fnuz>(bad);
  check_all_pairs<nf::float8_e8m0fnu>(bad);
  check_all_pairs<nf::float8_ue5m3>(bad);
  check_all_pairs<nf::float6_e2m3fn>(bad);
  check_all_pairs<nf::float4_e2m1fn>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("add: 16 bits as the scalar sum", "[isa]") {
  Mismatches bad;
  check_samples<nf::float16>(bad);
  check_samples<nf::bfloat16>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("add: two workers of 320 saturate, where the operator overflows", "[isa]") {
  const std::vector<nf::float8_e4m3fn> codes(3000, nf::float8_e4m3fn(320));
  std::vector<nf::float8_e4m3fn> sum(codes.size());
  CHECK(nf::isnan(codes[0] + codes[0]));
  CHECK(nf::add(codes, codes, sum) == 3000);
  CHECK(static_cast<float>(sum[2999]) == 448);
}

TEST_CASE("add: random bits by index, wherever an array is cut", "[isa]") {
  const std::vector<nf::float8_e5m2> a(2500, nf::float8_e5m2(1)), b(2500, nf::float8_e5m2(0.0625f));
  std::vector<nf::float8_e5m2> all(2500), parts(2500);
  const nf::Stochastic<> random{.seed = 7, .offset = 1};
  nf::add(a, b, all, random);
  for (std::size_t first = 0; first < 2500; first += 500) {
    const auto part = [&](auto& x) { return std::span(x).subspan(first, 500); };
    nf::add(part(a), part(b), part(parts), random.from(first));
  }
  CHECK(all == parts);
  const auto up = static_cast<double>(std::count(all.begin(), all.end(), nf::float8_e5m2(1.25f)));
  CHECK(std::fabs(up - 625) < 5 * std::sqrt(2500 * 0.25 * 0.75));
}

TEST_CASE("add: sizes that differ are refused before anything is written", "[isa]") {
  const std::vector<nf::float8_e4m3fn> a(5, nf::float8_e4m3fn(1)), b(4);
  std::vector<nf::float8_e4m3fn> out(5, nf::float8_e4m3fn(7));
  CHECK_THROWS_WITH(nf::add(a, b, out),
                    "narrowfloat::add: the terms have 5 and 4 elements, the sum 5");
  CHECK(static_cast<float>(out[0]) == 7);
}

TEST_CASE("add: no floating-point environment moves a bit", "[isa]") {
  const auto run = [] {
    std::vector<std::uint32_t> bits;
    std::vector<nf::float8_e5m2> a(256), b(256), out(256);
    for (std::uint32_t i = 0; i < 256; ++i) {
      a[i] = nf::float8_e5m2::from_bits(static_cast<std::uint8_t>(i));
      b[i] = nf::float8_e5m2::from_bits(static_cast<std::uint8_t>(i * 77 + 128));
    }
    nf::add(a, b, out);
    for (const auto x : out) bits.push_back(x.bits());
    nf::add(a, b, out, nf::toward_negative);
    for (const auto x : out) bits.push_back(x.bits());
    return bits;
  };
  check_rounding_modes(run);
  check_flush_flags(run);
}
