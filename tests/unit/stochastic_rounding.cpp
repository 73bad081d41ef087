// SPDX-License-Identifier: MIT
// Stochastic rounding: explicit bits against the oracle, the exact bias of each variant, and the pinned
// map from a key to the bits of an element.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F, int N, nf::StochasticVariant V>
void check_explicit(const std::vector<float>& inputs, oracle::Mode mode, Mismatches& bad) {
  std::uint32_t r = 1;
  for (const float x : inputs) {
    r = r * 1664525u + 1013904223u;
    const std::uint32_t word = r ^ (r >> 15), low = N == 32 ? word : word & ((1u << (N & 31)) - 1);
    const std::uint32_t expected =
        oracle::round(oracle_format<F>(), exact_of(x), {mode, N, low}, oracle::Saturation::none);
    const std::uint32_t got =
        nf::convert<F>(x, nf::StochasticBits<N, V>{word}, nf::Saturation::none).bits();
    bad.expect_equal([] { return name_of<F>() + " N " + std::to_string(N); }, bits_of(x), expected,
                     got);
  }
}

using checked_formats =
    std::tuple<nf::float8_e4m3fn, nf::float8_e5m2fnuz, nf::float8_e8m0fnu, nf::float4_e2m1fn,
               nf::float16, nf::bfloat16, Float<0, 7, 1, Specials::finite>, Float<8, 3, 130>>;

/// The sum over all sources 1 + T / (8 * 2^D), 0 <= T < 2^D, and all random bits of how far the result with
/// a step of 1/8 lies above the source, in units of 1/2^D step.
template <int D, int N, nf::StochasticVariant V>
int total_bias() {
  using target = Float<8, 3, 127>;
  int total = 0;
  for (int tail = 0; tail < 1 << D; ++tail) {
    const float x = 1.0f + static_cast<float>(tail) / static_cast<float>(8 << D);
    for (std::uint32_t r = 0; r < 1u << N; ++r) {
      const bool up = nf::convert<target>(x, nf::StochasticBits<N, V>{r}) != target(1.0f);
      total += (up ? 1 << D : 0) - tail;
    }
  }
  return total;
}

}  // namespace

TEST_CASE("stochastic rounding on explicit bits agrees with the oracle", "[stochastic]") {
  for_each_format<checked_formats>([]<class F>() {
    Mismatches bad;
    const auto inputs = deciding_floats<F>();
    using nf::StochasticVariant;
    check_explicit<F, 8, StochasticVariant::p3109_a>(inputs, oracle::Mode::stochastic_a, bad);
    check_explicit<F, 16, StochasticVariant::p3109_b>(inputs, oracle::Mode::stochastic_b, bad);
    check_explicit<F, 16, StochasticVariant::p3109_c>(inputs, oracle::Mode::stochastic_c, bad);
    check_explicit<F, 32, StochasticVariant::p3109_c>(inputs, oracle::Mode::stochastic_c, bad);
    CHECK(bad.report() == "");
  });
}

TEST_CASE("the bias of few random bits is what the definitions give", "[stochastic]") {
  using nf::StochasticVariant;
  // With D discarded bits: A 2^-(D+1) - 2^-(N+1), B 2^-(D+1), C 0 steps (P3109 predicates, enumerated);
  // times the 2^D * 2^N cases and 2^D units a step.
  CHECK(total_bias<4, 3, StochasticVariant::p3109_a>() == -64);
  CHECK(total_bias<4, 3, StochasticVariant::p3109_b>() == 64);
  CHECK(total_bias<4, 3, StochasticVariant::p3109_c>() == 0);
  CHECK(total_bias<2, 1, StochasticVariant::p3109_a>() == -4);
  CHECK(total_bias<2, 1, StochasticVariant::p3109_b>() == 4);
  CHECK(total_bias<2, 1, StochasticVariant::p3109_c>() == 0);
  CHECK(total_bias<4, 4, StochasticVariant::p3109_a>() == 0);
  CHECK(total_bias<4, 8, StochasticVariant::p3109_c>() == 0);
}

TEST_CASE("the bits of an element come from its place in the stream of Philox blocks",
          "[stochastic]") {
  const std::uint64_t seed = 0x0123456789abcdefu, stream = 0xfedcba9876543210u;
  Mismatches bad;
  for (const std::uint64_t first :
       {std::uint64_t{0}, std::uint64_t{0x7fffffff8}, ~std::uint64_t{0} - 20}) {
    for (std::uint64_t i = first; i != first + 40; ++i) {
      const auto word = [&](std::uint64_t block, std::uint64_t k) {
        return nf::philox4x32_10(
            {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
             0x76543210u, 0xfedcba98u},
            {0x89abcdefu, 0x01234567u})[k];
      };
      const std::uint32_t half = (word(i / 8, i % 8 / 2) >> (i % 2 * 16)) & 0xffffu;
      const auto where = [] { return std::string("element_bits"); };
      bad.expect_equal(where, i, half, nf::element_bits<16>(seed, stream, i));
      bad.expect_equal(where, i, half >> 11, nf::element_bits<5>(seed, stream, i));
      bad.expect_equal(where, i, word(i / 4, i % 4), nf::element_bits<32>(seed, stream, i));
      bad.expect_equal(where, i, word(i / 4, i % 4) >> 15, nf::element_bits<17>(seed, stream, i));
      const float x = 1.0f + static_cast<float>(i % 61) / 977.0f;
      bad.expect_equal([] { return std::string("keyed"); }, i,
                       nf::convert<nf::float8_e4m3fn>(x, nf::StochasticC<16>{half}).bits(),
                       nf::convert<nf::float8_e4m3fn>(x, nf::Stochastic<>{seed, stream, i}).bits());
    }
  }
  CHECK(bad.report() == "");
}
