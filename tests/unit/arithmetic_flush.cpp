// SPDX-License-Identifier: MIT
// The named operations with Subnormals::flush: subnormal operands are zeros, a subnormal result is
// one; every pair of small formats against the oracle.
#include <narrowfloat/math.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// The value of a code that flush reads.
template <class F>
oracle::Exact read(std::uint32_t code) {
  const oracle::Exact x = oracle::decode(oracle_format<F>(), code);
  return x.subnormal ? oracle::Exact{.negative = x.negative &&
                                                 oracle::has_negative_zero(oracle_format<F>())}
                     : x;
}

oracle::Exact negated(oracle::Exact x) {
  x.negative = !x.negative;
  return x;
}

template <class F, class R>
[[gnu::noinline]] std::array<F, 6> apply_all(F a, F b, F c, R policy, nf::Saturation saturation) {
  constexpr nf::Subnormals flush = nf::Subnormals::flush;
  return {nf::add(a, b, policy, saturation, flush),    nf::sub(a, b, policy, saturation, flush),
          nf::mul(a, b, policy, saturation, flush),    nf::div(a, b, policy, saturation, flush),
          nf::fma(a, b, c, policy, saturation, flush), nf::sqrt(a, policy, saturation, flush)};
}

template <class F, class R>
void check(std::uint32_t a, std::uint32_t b, R policy, const oracle::Rounding& rounding,
           Mismatches& bad) {
  constexpr oracle::Format format = oracle_format<F>();
  const std::uint32_t c = (a * 7 + b * 3) % code_count<F>();
  const oracle::Exact x = read<F>(a), y = read<F>(b), z = read<F>(c);
  const oracle::Exact exact[] = {oracle::sum(x, y, rounding.mode),
                                 oracle::sum(x, negated(y), rounding.mode),
                                 oracle::product(x, y),
                                 oracle::quotient(x, y),
                                 oracle::sum(oracle::product(x, y), z, rounding.mode),
                                 oracle::square_root(x)};
  for (const nf::Saturation saturation : saturations) {
    const std::array<F, 6> got =
        apply_all(from_code<F>(a), from_code<F>(b), from_code<F>(c), policy, saturation);
    for (std::size_t k = 0; k < got.size(); ++k) {
      const auto where = [&] {
        return name_of<F>() + " operation " + std::to_string(k) + ", mode " +
               std::to_string(static_cast<int>(rounding.mode));
      };
      const std::uint32_t expected =
          oracle::round(format, exact[k], rounding, oracle_saturation(saturation), true);
      bad.expect_equal(where, std::uint64_t{a} << 32 | b, expected, got[k].bits());
    }
  }
}

using small_formats =
    std::tuple<nf::float4_e2m1fn, nf::float6_e2m3fn, nf::float6_e3m2fn, Float<3, 2, 4>,
               Float<2, 3, 1, Specials::fn>, Float<3, 2, 4, Specials::fnuz>,
               Float<3, 3, 4, Specials::p3109>, Float<0, 4, 1, Specials::finite>,
               Float<3, 2, 3, Specials::fn, Signedness::is_unsigned>>;

}  // namespace

TEST_CASE("arithmetic with flush: every pair of small formats, every rounding", "[arithmetic]") {
  for_each_format<small_formats>([]<class F>() {
    Mismatches bad;
    for (std::uint32_t a = 0; a < code_count<F>(); ++a) {
      for (std::uint32_t b = 0; b < code_count<F>(); ++b) {
        for_each_mode([&](auto policy, oracle::Mode mode) { check<F>(a, b, policy, {mode}, bad); });
        const std::uint32_t r = (a * 40503u + b * 2654435761u) >> 7;
        check<F>(a, b, nf::StochasticC<9>{r}, {oracle::Mode::stochastic_c, 9, r & 0x1ff}, bad);
      }
    }
    CHECK(bad.report() == "");
  });
}

TEST_CASE("arithmetic with flush: every pair of an 8-bit format", "[arithmetic]") {
  Mismatches bad;
  for (std::uint32_t a = 0; a < 256; ++a) {
    for (std::uint32_t b = 0; b < 256; ++b)
      check<nf::float8_e5m2>(a, b, nf::nearest_even, {oracle::Mode::nearest_even}, bad);
  }
  CHECK(bad.report() == "");
}
