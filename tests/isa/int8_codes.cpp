// SPDX-License-Identifier: MIT
// quantize_int8(): every code is the exact quotient 127 x / amax, rounded once, and every number
// back is exact and rounded once: by the oracle, in integers, for every length, shape, rounding and
// environment.
#include <narrowfloat/quantize/int8_matrix.hpp>

#include "support/catch.hpp"
#include "support/check_int8.hpp"
#include "support/environments.hpp"

using namespace test;

TEST_CASE("int8: every rounding of every kind of number", "[isa]") {
  using oracle::Mode;
  Mismatches bad;
  for (const Kind kind : all_kinds) {
    const std::vector<float> in = numbers(14 * 149, kind);
    check_int8(in, 14, 149, nf::nearest_even, Mode::nearest_even, bad);
    check_int8(in, 14, 149, nf::nearest_away, Mode::nearest_away, bad);
    check_int8(in, 14, 149, nf::toward_zero, Mode::toward_zero, bad);
    check_int8(in, 14, 149, nf::toward_positive, Mode::toward_positive, bad);
    check_int8(in, 14, 149, nf::toward_negative, Mode::toward_negative, bad);
    check_int8(in, 14, 149, nf::to_odd, Mode::to_odd, bad);
    using nf::StochasticVariant;
    check_int8(in, 14, 149, nf::Stochastic<8>{5}, Mode::stochastic_c, bad);
    check_int8(in, 14, 149, nf::Stochastic<13, StochasticVariant::p3109_a>{5}, Mode::stochastic_a,
               bad);
    check_int8(in, 14, 149, nf::Stochastic<>{5, 1, 3}, Mode::stochastic_c, bad);
    check_int8(in, 14, 149, nf::Stochastic<16, StochasticVariant::p3109_b>{5}, Mode::stochastic_b,
               bad);
    check_int8(in, 14, 149, nf::Stochastic<32>{5}, Mode::stochastic_c, bad);
  }
  CHECK(bad.report() == "");
}

namespace {

/// Quotients t / 2^N that decide by their last bit: t + r is 2^N, or one less. 49 is no inverse of
/// its inverse in double.
template <int N>
void check_last_bit(Mismatches& bad) {
  std::vector<float> in{127 * 49};
  std::vector<std::uint32_t> words{0};
  std::vector<std::int8_t> expected{127};
  constexpr std::uint32_t one = 1u << N;
  for (std::uint32_t t = 1; t < one; t += 1 + one / 2000) {
    for (const std::uint32_t r : {one - t, one - t - 1}) {
      in.push_back(49 * static_cast<float>(t) / static_cast<float>(one));
      words.push_back(r);
      expected.push_back(t + r >= one ? 1 : 0);
    }
  }
  const auto q = nf::Int8Matrix::quantize(in, 1, in.size(), {}, nf::StochasticA<N>{words});
  for (std::size_t i = 0; i < in.size(); ++i) {
    bad.expect_equal([] { return std::to_string(N) + " bits"; }, float_bits(in[i]),
                     static_cast<std::uint8_t>(expected[i]),
                     static_cast<std::uint8_t>(q.codes()[i]));
  }
}

}  // namespace

TEST_CASE("int8: the last random bit decides", "[isa]") {
  Mismatches bad;
  check_last_bit<8>(bad);
  check_last_bit<13>(bad);
  check_last_bit<14>(bad);
  check_last_bit<16>(bad);
  check_last_bit<17>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("int8: every length, and rows longer than a part", "[isa]") {
  Mismatches bad;
  for (std::size_t cols = 0; cols <= 4 * 16 * 2 + 3; ++cols) {
    const auto kind = all_kinds[cols % 6];
    check_int8(numbers(3 * cols, kind), 3, cols, nf::nearest_even, oracle::Mode::nearest_even, bad);
    check_int8(numbers(cols, kind), cols, 1, nf::Stochastic<>{9}, oracle::Mode::stochastic_c, bad);
  }
  for (const std::size_t cols : {1024u, 1025u, 2300u}) {
    const std::vector<float> in = numbers(2 * cols, Kind::near);
    check_int8(in, 2, cols, nf::nearest_even, oracle::Mode::nearest_even, bad);
    check_int8(in, 2, cols, nf::Stochastic<>{9}, oracle::Mode::stochastic_c, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("int8: no floating-point environment moves a bit", "[isa]") {
  const auto run = [] {
    std::vector<std::uint32_t> all;
    for (const Kind kind : all_kinds) {
      static std::vector<float> in[6];
      std::vector<float>& x = in[static_cast<std::size_t>(kind)];
      if (x.empty()) x = numbers(7 * 149, kind);
      for (const nf::BlockShape shape : all_shapes) {
        const nf::Int8Matrix q = nf::Int8Matrix::quantize(x, 7, 149, {shape});
        const nf::Int8Matrix r = nf::Int8Matrix::quantize(x, 7, 149, {shape}, nf::Stochastic<>{});
        std::vector<float> out(x.size());
        q.dequantize(out);
        for (const std::int8_t code : q.codes()) all.push_back(static_cast<std::uint8_t>(code));
        for (const std::int8_t code : r.codes()) all.push_back(static_cast<std::uint8_t>(code));
        for (const float y : out) all.push_back(float_bits(y));
        const std::vector<std::int32_t> sums(x.size(), 12345);
        nf::dequantize_product(sums, std::vector<float>{q.scales()[0]}, std::vector<float>{0.3f},
                               out, 7, 149, std::vector<float>(149, 0.7f));
        for (const float y : out) all.push_back(float_bits(y));
      }
    }
    return all;
  };
  check_rounding_modes(run);
  check_flush_flags(run);
}
