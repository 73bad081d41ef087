// SPDX-License-Identifier: MIT
// Arrays with a keyed rounding draw the bits that the scalar draws at the same index, wherever in
// the stream they begin: on both sides of every carry of the counter's words, far beyond 2^36, and
// where the index wraps.
#include <narrowfloat/convert.hpp>

#include <span>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

// Two parts and a rest, from a place inside a block; before them fewer than the loop takes, in one
// set of blocks to three.
constexpr std::size_t count = 2 * 1024 + 77;
constexpr std::size_t lengths[] = {20, 40, 80, 160, count};

constexpr std::uint64_t power(int n) { return std::uint64_t{1} << n; }

constexpr std::uint64_t offsets[] = {
    power(34) - 1030, power(35) - 1029,          power(36) - 3,           power(36) + 5,
    power(36) - 1031, power(37) + power(36) + 1, power(40) + 9,           power(52) - 1026,
    power(63) + 2,    ~power(0) - 1027,          ~std::uint64_t{0} - 1031};

template <class From>
std::vector<From> inputs() {
  std::vector<From> in(count);
  for (std::size_t i = 0; i < count; ++i)
    in[i] = static_cast<From>(1.0f + static_cast<float>(i % 997) / 1009.0f);
  return in;
}

template <class From, class To, int N, nf::StochasticVariant V = nf::StochasticVariant::p3109_c,
          class Generator = nf::Philox4x32_10>
void check(Mismatches& bad) {
  const std::vector<From> in = inputs<From>();
  std::vector<To> out(count);
  for (const std::uint64_t offset : offsets) {
    using R = nf::Stochastic<N, V, Generator>;
    const R key{.seed = 0x123456789abcdef0u, .stream = 0xfedcba9876543210u, .offset = offset};
    for (const std::size_t n : lengths) {
      nf::convert(std::span(in).first(n), std::span(out).first(n), key);
      for (std::size_t i = 0; i < n; ++i) {
        const To scalar = nf::convert<To>(in[i], R{key.seed, key.stream, offset + i});
        bad.expect_equal(
            [&] {
              return "to " + name_of<To>() + ", N " + std::to_string(N) + ", element " +
                     std::to_string(i) + " of " + std::to_string(n);
            },
            offset, bits_of(scalar), bits_of(out[i]));
      }
    }
  }
}

}  // namespace

TEST_CASE("keyed arrays: the scalar's bits at every offset, every class of N", "[isa]") {
  Mismatches bad;
  check<float, nf::float8_e4m3fn, 1>(bad);
  check<float, nf::float8_e4m3fn, 8>(bad);
  check<float, nf::float8_e4m3fn, 9>(bad);
  check<float, nf::float8_e4m3fn, 16>(bad);
  check<float, nf::float8_e4m3fn, 17>(bad);
  check<float, nf::bfloat16, 24>(bad);
  check<float, nf::bfloat16, 32, nf::StochasticVariant::p3109_a>(bad);
  check<float, nf::float8_e4m3fn, 8, nf::StochasticVariant::p3109_c, nf::Philox4x32_7>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("keyed arrays: the scalar's bits at every offset, from double and 16 bits", "[isa]") {
  Mismatches bad;
  check<double, nf::float16, 16>(bad);
  check<double, nf::float8_e5m2, 32>(bad);
  check<nf::bfloat16, nf::float8_e5m2, 8>(bad);
  check<nf::float16, nf::float4_e2m1fn, 20>(bad);
  CHECK(bad.report() == "");
}
