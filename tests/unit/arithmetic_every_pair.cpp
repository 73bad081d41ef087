// SPDX-License-Identifier: MIT
// Arithmetic against the oracle: every operand pair of every format of at most 8 bits, every
// operand of sqrt, and for wider formats and fma a dense sample; all modes and saturations on a
// sample of pairs.
#include <narrowfloat/math.hpp>

#include <random>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

struct Operands {
  std::uint32_t a, b, c;
};

/// Codes near zero, one, the ends and the specials, mixed with uniform ones: the sums then cancel,
/// underflow and overflow often enough.
template <class F>
std::vector<Operands> sampled_operands(std::size_t count) {
  std::mt19937 random(F::width * 1000 + F::mantissa_bits);
  const std::uint32_t mask = ~0u >> (32 - F::width);
  const auto code = [&] {
    const std::uint32_t uniform = static_cast<std::uint32_t>(random()) & mask;
    const std::uint32_t small = static_cast<std::uint32_t>(random()) % 5;
    switch (random() % 6) {
      case 0:
        return small;
      case 1:
        return (mask >> 1) - small;
      case 2:
        return (mask - small) & mask;
      default:
        return uniform;
    }
  };
  std::vector<Operands> operands(count);
  for (Operands& x : operands) {
    x = {code(), code(), code()};
    if (random() % 4 == 0)
      x.b = (x.a ^ (mask - (mask >> 1))) + static_cast<std::uint32_t>(random()) % 3;
    x.b &= mask;
  }
  return operands;
}

template <class F>
void expect_nearest(Mismatches& bad, const Operands& x) {
  constexpr oracle::Format format = oracle_format<F>();
  const F a = from_code<F>(x.a), b = from_code<F>(x.b);
  const std::uint64_t input = std::uint64_t{x.a} << 32 | x.b;
  const auto where = [](const char* operation) {
    return [operation] { return name_of<F>() + " " + operation; };
  };
  bad.expect_equal(where("add"), input, oracle::add(format, x.a, x.b), (a + b).bits());
  bad.expect_equal(where("sub"), input, oracle::sub(format, x.a, x.b), (a - b).bits());
  bad.expect_equal(where("mul"), input, oracle::mul(format, x.a, x.b), (a * b).bits());
  bad.expect_equal(where("div"), input, oracle::div(format, x.a, x.b), (a / b).bits());
}

template <class F, class R>
[[gnu::noinline]] std::array<F, 6> apply_all(F a, F b, F c, R policy, nf::Saturation saturation) {
  return {nf::add(a, b, policy, saturation),    nf::sub(a, b, policy, saturation),
          nf::mul(a, b, policy, saturation),    nf::div(a, b, policy, saturation),
          nf::fma(a, b, c, policy, saturation), nf::sqrt(a, policy, saturation)};
}

template <class F, class R>
void expect_policy(Mismatches& bad, const Operands& x, R policy, const oracle::Rounding& rounding) {
  constexpr oracle::Format format = oracle_format<F>();
  const F a = from_code<F>(x.a), b = from_code<F>(x.b), c = from_code<F>(x.c);
  const std::uint64_t input = std::uint64_t{x.a} << 32 | x.b;
  for (const nf::Saturation saturation : saturations) {
    const oracle::Saturation s = oracle_saturation(saturation);
    const std::array<F, 6> got = apply_all(a, b, c, policy, saturation);
    const std::array<std::uint32_t, 6> expected = {
        oracle::add(format, x.a, x.b, rounding, s),      oracle::sub(format, x.a, x.b, rounding, s),
        oracle::mul(format, x.a, x.b, rounding, s),      oracle::div(format, x.a, x.b, rounding, s),
        oracle::fma(format, x.a, x.b, x.c, rounding, s), oracle::sqrt(format, x.a, rounding, s)};
    for (std::size_t k = 0; k < got.size(); ++k) {
      const auto where = [&] {
        const char* const operations[] = {"add", "sub", "mul", "div", "fma", "sqrt"};
        return name_of<F>() + " " + operations[k] + " mode " +
               std::to_string(static_cast<int>(rounding.mode)) + " saturation " +
               std::to_string(static_cast<int>(saturation)) + " c " + std::to_string(x.c);
      };
      bad.expect_equal(where, input, expected[k], got[k].bits());
    }
  }
}

template <class List>
void check_nearest() {
  for_each_format<List>([]<class F>() {
    Mismatches bad;
    if constexpr (F::width <= 8) {
      for (std::uint32_t a = 0; a < code_count<F>(); ++a) {
        for (std::uint32_t b = 0; b < code_count<F>(); ++b) expect_nearest<F>(bad, {a, b, 0});
      }
    } else {
      for (const Operands& x : sampled_operands<F>(20000)) expect_nearest<F>(bad, x);
    }
    CHECK(bad.report() == "");
  });
}

template <class List>
void check_policies() {
  for_each_format<List>([]<class F>() {
    Mismatches bad;
    std::uint32_t r = 0x9e3779b9u;
    for (const Operands& x : sampled_operands<F>(1000)) {
      for_each_mode(
          [&](auto policy, oracle::Mode mode) { expect_policy<F>(bad, x, policy, {mode}); });
      r = r * 1664525u + 1013904223u;
      expect_policy<F>(bad, x, nf::StochasticA<7>{r}, {oracle::Mode::stochastic_a, 7, r & 0x7f});
      expect_policy<F>(bad, x, nf::StochasticB<16>{r >> 8},
                       {oracle::Mode::stochastic_b, 16, (r >> 8) & 0xffff});
      expect_policy<F>(bad, x, nf::StochasticC<32>{r}, {oracle::Mode::stochastic_c, 32, r});
    }
    CHECK(bad.report() == "");
  });
}

}  // namespace

TEST_CASE("arithmetic to nearest: every pair of the narrow formats, named", "[arithmetic]") {
  check_nearest<named_formats>();
}
TEST_CASE("arithmetic to nearest: every pair of the narrow formats, custom", "[arithmetic]") {
  check_nearest<custom_formats>();
}
TEST_CASE("arithmetic and fma under every policy", "[arithmetic]") {
  check_policies<std::tuple<nf::float8_e4m3fn, nf::float8_e5m2fnuz, nf::float8_ue4m3, nf::float16,
                            nf::bfloat16>>();
  check_policies<distinct_formats>();
}

TEST_CASE("sqrt of every code of at most 16 bits", "[arithmetic]") {
  for_each_format<named_formats>([]<class F>() {
    constexpr oracle::Format format = oracle_format<F>();
    if constexpr (F::width <= 16) {
      Mismatches bad;
      for (std::uint32_t a = 0; a < code_count<F>(); ++a) {
        bad.expect_equal([] { return name_of<F>() + " sqrt"; }, a, oracle::sqrt(format, a),
                         nf::sqrt(from_code<F>(a)).bits());
      }
      CHECK(bad.report() == "");
    }
  });
}
