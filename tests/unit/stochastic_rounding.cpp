// SPDX-License-Identifier: MIT
// Stochastic rounding: explicit bits against the oracle, the exact bias of each variant, and the
// pinned map from a key to the bits of an element.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/draws.hpp"
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

/// The sum over all sources 1 + T / (8 * 2^D), 0 <= T < 2^D, and all random bits of how far the
/// result with a step of 1/8 lies above the source, in units of 1/2^D step.
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
  // With D discarded bits: A 2^-(D+1) - 2^-(N+1), B 2^-(D+1), C 0 steps (P3109 predicates,
  // enumerated); times the 2^D * 2^N cases and 2^D units a step.
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
  const auto check = [&]<int N, class Generator>(std::uint64_t i) {
    const std::uint32_t wanted = oracle::keyed_bits(N, seed, stream, i, Generator::rounds);
    const auto where = [] {
      return std::to_string(N) + " bits, rounds " + std::to_string(Generator::rounds);
    };
    bad.expect_equal(where, i, wanted, nf::element_bits<N, Generator>(seed, stream, i));
    const float x = 1.0f + static_cast<float>(i % 61) / 977.0f;
    const nf::Stochastic<N, nf::StochasticVariant::p3109_c, Generator> keyed{seed, stream, i};
    bad.expect_equal(where, i, nf::convert<nf::float8_e4m3fn>(x, nf::StochasticC<N>{wanted}).bits(),
                     nf::convert<nf::float8_e4m3fn>(x, keyed).bits());
  };
  for (const std::uint64_t first :
       {std::uint64_t{0}, std::uint64_t{0xffffffff0}, ~std::uint64_t{0} - 20}) {
    for (std::uint64_t i = first; i != first + 40; ++i) {
      check.operator()<1, nf::Philox4x32_10>(i);
      check.operator()<8, nf::Philox4x32_10>(i);
      check.operator()<8, nf::Philox4x32_7>(i);
      check.operator()<9, nf::Philox4x32_10>(i);
      check.operator()<16, nf::Philox4x32_7>(i);
      check.operator()<17, nf::Philox4x32_10>(i);
      check.operator()<32, nf::Philox4x32_7>(i);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("the fields of a block are its bytes, half-words and words, lowest first",
          "[stochastic]") {
  // block 5 of stream 7 under the seed 1, ten rounds and seven
  const auto ten = nf::philox4x32_10({5, 0, 7, 0}, {1, 0}),
             seven = nf::philox4x32_7({5, 0, 7, 0}, {1, 0});
  CHECK(nf::element_bits<8>(1, 7, 5 * 16 + 6) == (ten[1] >> 16 & 0xff));
  CHECK(nf::element_bits<3>(1, 7, 5 * 16 + 15) == ten[3] >> 29);
  CHECK(nf::element_bits<9>(1, 7, 5 * 8 + 2) == (ten[1] >> 7 & 0x1ff));
  CHECK(nf::element_bits<17>(1, 7, 5 * 4 + 2) == ten[2] >> 15);
  CHECK(nf::element_bits<8, nf::Philox4x32_7>(1, 7, 5 * 16) == (seven[0] & 0xff));
  CHECK(oracle::philox(5, 7, 1) == ten);
  CHECK(oracle::philox(5, 7, 1, 7) == seven);
}
