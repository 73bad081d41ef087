// SPDX-License-Identifier: MIT
// A conversion with Divide is the exact quotient rounded once, in every rounding, of scalars and
// arrays.
#include "support/check_factor.hpp"

using namespace test;

namespace {

constexpr auto keep = nf::Subnormals::keep, flush = nf::Subnormals::flush;

template <class To>
void check_nearest() {
  Mismatches bad;
  for (const float divisor : divisors()) {
    const std::vector<float> in = scaled_near(deciding_floats<To>(), divisor);
    for (const nf::Saturation saturation : saturations) {
      for (const nf::Subnormals subnormals : {keep, flush}) {
        check_factor<To>(in, nf::Divide{divisor}, nf::nearest_even, oracle::Mode::nearest_even,
                         saturation, subnormals, bad);
      }
    }
  }
  CHECK(bad.report() == "");
}

template <class To>
void check_roundings() {
  Mismatches bad;
  for (const float divisor : divisors()) {
    const std::vector<float> in = scaled_near(deciding_floats<To>(), divisor);
    for_each_mode([&](auto rounding, oracle::Mode mode) {
      check_factor<To>(in, nf::Divide{divisor}, rounding, mode, nf::Saturation::none, keep, bad);
      check_factor<To>(in, nf::Divide{divisor}, rounding, mode, nf::default_saturation<To>, flush,
                       bad);
    });
  }
  CHECK(bad.report() == "");
}

template <class To, int N, nf::StochasticVariant V>
void check_random(oracle::Mode mode) {
  Mismatches bad;
  for (const float divisor : divisors()) {
    const std::vector<float> in = scaled_near(deciding_floats<To>(), divisor);
    const nf::Stochastic<N, V> key{.seed = 1, .stream = 2, .offset = 3};
    check_factor<To>(
        in, nf::Divide{divisor}, key, mode, [&](std::size_t i) { return key.word(i); },
        nf::Saturation::none, keep, bad);
    std::vector<std::uint32_t> words(in.size());
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = static_cast<std::uint32_t>(i) * 40503u;
    check_factor<To>(
        in, nf::Divide{divisor}, nf::StochasticBits<N, V>{words}, mode,
        [&](std::size_t i) { return words[i] & (~0u >> (32 - N)); }, nf::default_saturation<To>,
        keep, bad);
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("divided: the quotient is rounded once, where a product by the inverse is not", "[isa]") {
  constexpr float x = 0x1.853e4ep-5f, s = 0x1.47c8aep-5f;
  STATIC_REQUIRE(nf::convert<nf::float8_e4m3fn>(x, nf::Divide{s}).bits() == 0x39);
  const std::vector<float> in(67, x);
  std::vector<nf::float8_e4m3fn> out(in.size());
  nf::convert(in, out, nf::Divide{s});
  for (const nf::float8_e4m3fn y : out) CHECK(y.bits() == 0x39);
}

TEST_CASE("divided: to nearest, all saturations, subnormals kept and flushed", "[isa]") {
  check_nearest<nf::float8_e4m3fn>();
  check_nearest<nf::float8_e5m2>();
  check_nearest<nf::float4_e2m1fn>();
  check_nearest<nf::float8_e8m0fnu>();
  check_nearest<nf::bfloat16>();
  check_nearest<nf::float16>();
  check_nearest<Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>>();
  check_nearest<Float<8, 3, 130>>();  // beyond the range of float
}

TEST_CASE("divided: every rounding", "[isa]") {
  check_roundings<nf::float8_e4m3fn>();
  check_roundings<nf::bfloat16>();
}

TEST_CASE("divided: stochastic, keyed and by words", "[isa]") {
  check_random<nf::float8_e4m3fn, 8, nf::StochasticVariant::p3109_a>(oracle::Mode::stochastic_a);
  check_random<nf::float8_e4m3fn, 16, nf::StochasticVariant::p3109_c>(oracle::Mode::stochastic_c);
  check_random<nf::bfloat16, 16, nf::StochasticVariant::p3109_b>(oracle::Mode::stochastic_b);
}

TEST_CASE("divided: floats by a float", "[isa]") {
  Mismatches bad;
  for (const float divisor : divisors()) {
    const std::vector<float> in = scaled_near(deciding_floats<nf::float16>(), divisor);
    for (const nf::Subnormals subnormals : {keep, flush}) {
      check_factor<float>(in, nf::Divide{divisor}, nf::nearest_even, oracle::Mode::nearest_even,
                          nf::Saturation::none, subnormals, bad);
    }
    check_factor<float>(in, nf::Divide{divisor}, nf::toward_positive, oracle::Mode::toward_positive,
                        nf::Saturation::finite, keep, bad);
    check_factor<double>(in, nf::Divide{divisor}, nf::nearest_even, oracle::Mode::nearest_even,
                         nf::Saturation::none, keep, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("divided: in place where the elements have the same size", "[isa]") {
  const std::vector<float> in = deciding_floats<nf::bfloat16>();
  std::vector<float> out = in;
  nf::convert(out, out, nf::Divide{3});
  Mismatches bad;
  for (std::size_t i = 0; i < in.size(); ++i) {
    bad.expect_equal([] { return std::string("in place"); }, bits_of(in[i]),
                     bits_of(nf::convert<float>(in[i], nf::Divide{3})), bits_of(out[i]));
  }
  CHECK(bad.report() == "");
}
