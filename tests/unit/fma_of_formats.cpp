// SPDX-License-Identifier: MIT
// fma() whose operands have other formats than its result: rounded once, against the oracle.
#include <narrowfloat/math.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class To, class A, class B, class C, class R>
void check(std::uint32_t a, std::uint32_t b, std::uint32_t c, R policy,
           const oracle::Rounding& rounding, Mismatches& bad) {
  const oracle::Exact product =
      oracle::product(oracle::decode(oracle_format<A>(), a), oracle::decode(oracle_format<B>(), b));
  const oracle::Exact exact =
      oracle::sum(product, oracle::decode(oracle_format<C>(), c), rounding.mode);
  for (const nf::Saturation saturation : saturations) {
    const To got =
        nf::fma<To>(from_code<A>(a), from_code<B>(b), from_code<C>(c), policy, saturation);
    bad.expect_equal(
        [&] {
          return name_of<To>() + " of " + name_of<A>() + ", " + name_of<B>() + ", " + name_of<C>() +
                 ", mode " + std::to_string(static_cast<int>(rounding.mode));
        },
        std::uint64_t{a} << 48 | std::uint64_t{b} << 32 | c,
        oracle::round(oracle_format<To>(), exact, rounding, oracle_saturation(saturation)),
        got.bits());
  }
}

template <class To, class A, class B, class C>
void check_pairs() {
  Mismatches bad;
  std::uint32_t c = 1;
  for (std::uint32_t a = 0; a < code_count<A>(); ++a) {
    for (std::uint32_t b = 0; b < code_count<B>(); ++b) {
      c = c * 1664525u + 1013904223u;
      const std::uint32_t third = c >> (32 - C::width);
      check<To, A, B, C>(a, b, third, nf::nearest_even, {oracle::Mode::nearest_even}, bad);
      if ((a + b) % 8 != 0) continue;
      for_each_mode([&](auto policy, oracle::Mode mode) {
        check<To, A, B, C>(a, b, third, policy, {mode}, bad);
      });
      check<To, A, B, C>(a, b, third, nf::StochasticB<16>{c},
                         {oracle::Mode::stochastic_b, 16, c & 0xffff}, bad);
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("fma of other formats: every pair of factors, a sample of summands", "[arithmetic]") {
  check_pairs<nf::bfloat16, nf::float8_e4m3fn, nf::float8_e5m2, nf::bfloat16>();
  check_pairs<nf::float16, nf::float4_e2m1fn, nf::float8_e4m3fnuz, nf::tfloat32>();
  check_pairs<nf::float8_e5m2, nf::float8_e8m0fnu, nf::float6_e3m2fn, nf::float12_e6m5>();
  check_pairs<Float<4, 3, 8, Specials::p3109>, nf::float6_e2m3fn, nf::float6_e2m3fn,
              nf::float6_e2m3fn>();
}

TEST_CASE("fma of other formats: rounded once, not through the summand's", "[arithmetic]") {
  // 1.125 * 1.125 = 1.265625 is a bfloat16; of E4M3 it would have been 1.25 before the sum
  const nf::float8_e4m3fn x(1.125f);
  const auto y = nf::fma<nf::bfloat16>(x, x, nf::float8_e5m2(-1.25f));
  CHECK(static_cast<float>(y) == 0.015625f);
  constexpr auto flushed =
      nf::fma<nf::bfloat16>(nf::float8_e5m2::from_bits(1), nf::float8_e4m3fn::from_bits(0x38),
                            nf::float8_e4m3fn::from_bits(0), nf::nearest_even, nf::Saturation::none,
                            nf::Subnormals::flush);
  CHECK(flushed.bits() == 0);
}
