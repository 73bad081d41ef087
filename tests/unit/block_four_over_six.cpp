// SPDX-License-Identifier: MIT
// Four over six: the scale under which a block loses less, by either measure; Transformer Engine's
// choice against the same operations of the processor.
#include <limits>

#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

struct Candidate {
  std::uint32_t scale;
  std::vector<std::uint32_t> codes;
  oracle::Wide squares = 0, magnitudes = 0;  ///< of the errors, in units of 2^-60 and 2^-30
};

Candidate candidate(const std::vector<float>& block, float to, float level) {
  const auto element = oracle_element<nf::float4_e2m1fn>();
  const auto scale_format = oracle_format<nf::float8_e4m3fn>();
  const oracle::Exact tensor = exact_of(level);
  Candidate result;
  result.scale = oracle::round(
      scale_format, oracle::long_quotient(largest_of(block), oracle::product(exact_of(to), tensor)),
      {}, oracle::Saturation::finite);
  const oracle::Exact divisor = oracle::product(oracle::decode(scale_format, result.scale), tensor);
  std::vector<oracle::Exact> x, y;
  for (const float value : block) {
    x.push_back(exact_of(value));
    result.codes.push_back(oracle::divide(element, x.back(), divisor, {}));
    y.push_back(oracle::product(oracle::value(element, result.codes.back()), divisor));
    // The magnitudes below are exact in double: few bits, few binades.
    const auto real = [](const oracle::Exact& e) {
      const double m = std::ldexp(static_cast<double>(e.significand), e.exponent + 30);
      return e.negative ? -m : m;
    };
    result.magnitudes += static_cast<oracle::Wide>(std::fabs(real(x.back()) - real(y.back())));
  }
  result.squares = oracle::squared_error(x, y, -30);
  return result;
}

template <class F>
F nearest(float x) {
  return nf::convert<F>(x, nf::nearest_even, nf::Saturation::finite);
}

/// Transformer Engine's arithmetic: its scales, its errors, their sums in its order.
template <class Format>
void check_folded(const std::vector<float>& values, std::size_t rows, std::size_t cols,
                  nf::FourOverSix four_over_six, std::size_t& fours, Mismatches& bad) {
  constexpr float top = std::numeric_limits<float>::max();
  constexpr std::size_t height = Format::block_rows;
  const auto tensor = nf::BlockTensor<Format>::quantize(
      values, rows, cols,
      {.four_over_six = four_over_six, .pipeline = nf::ScalePipeline::transformer_engine});
  float amax = 0;
  for (const float x : values) amax = std::max(amax, std::fabs(x));
  const float encode = std::min(256.0f * 6.0f / amax, top), decode = 1 / encode;
  const auto where = [] { return std::string("te"); };
  bad.expect_equal(where, 0, bits_of(decode), bits_of(tensor.tensor_scale()));
  for (std::size_t r = 0; r < tensor.block_rows(); ++r) {
    for (std::size_t c = 0; c < tensor.block_cols(); ++c) {
      const auto block = tensor.block(r, c);
      const auto at = [&](std::size_t i, std::size_t j) {
        return (block.row + i) * cols + block.col + j;
      };
      float block_amax = 0;
      for (std::size_t i = 0; i < block.rows; ++i)
        for (std::size_t j = 0; j < block.cols; ++j)
          block_amax = std::max(block_amax, std::fabs(values[at(i, j)]));
      const float base = block_amax / 6.0f * encode;
      float errors[2];
      nf::float8_e4m3fn scales[2] = {nearest<nf::float8_e4m3fn>(base),
                                     nearest<nf::float8_e4m3fn>(base * 1.5f)};
      const auto code = [&](int k, std::size_t place) {
        const float inverse = std::min(1.0f / (static_cast<float>(scales[k]) * decode), top);
        return nearest<nf::float4_e2m1fn>(values[place] * inverse);
      };
      for (int k = 0; k < 2; ++k) {
        float sums[16] = {};
        for (std::size_t i = 0; i < block.rows; ++i) {
          for (std::size_t j = 0; j < block.cols; ++j) {
            float image = static_cast<float>(code(k, at(i, j))) * static_cast<float>(scales[k]);
            image = image * amax;
            image = image / (256.0f * 6.0f);
            const float difference = image - values[at(i, j)];
            const float term = four_over_six == nf::FourOverSix::squared_error
                                   ? difference * difference
                                   : std::fabs(difference);
            sums[i] = sums[i] + term;
          }
        }
        for (std::size_t half = height / 2; half != 0; half /= 2)
          for (std::size_t i = 0; i < half; ++i) sums[i] = sums[i] + sums[i + half];
        errors[k] = sums[0];
      }
      const int taken = errors[1] < errors[0] ? 1 : 0;
      fours += static_cast<std::size_t>(taken);
      bad.expect_equal(where, r, scales[taken].bits(), block.scale.bits());
      for (std::size_t i = 0; i < block.rows; ++i)
        for (std::size_t j = 0; j < block.cols; ++j)
          bad.expect_equal(where, at(i, j), code(taken, at(i, j)).bits(),
                           tensor.codes()[at(i, j)].bits());
    }
  }
}

}  // namespace

TEST_CASE("losses that are equal, or nearly, are told apart exactly", "[block]") {
  constexpr std::size_t n = 16;
  std::uint32_t state = 7;
  std::size_t equal = 0, less = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<float> x(n);
    nf::detail::block_images a{std::vector<double>(n)}, b{std::vector<double>(n)};
    std::int64_t errors[n];  // in units of 2^-20: of their squares double loses the last bits
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = static_cast<float>((next_random(state) >> 10) + 4096);
      errors[i] = static_cast<std::int64_t>(next_random(state) >> 3) - (1 << 28);
    }
    // The same errors in another order and with other signs; in two of three rounds one is off by
    // one.
    const std::size_t turn = next_random(state) % n;
    oracle::Wide squares[2] = {}, magnitudes[2] = {};
    for (std::size_t i = 0; i < n; ++i) {
      std::int64_t other = -errors[(i + turn) % n];
      if (i == 0) other += round % 3 - 1;
      a.of[i] = static_cast<double>(x[i]) + std::ldexp(static_cast<double>(errors[i]), -20);
      b.of[i] = static_cast<double>(x[i]) + std::ldexp(static_cast<double>(other), -20);
      squares[0] += static_cast<oracle::Wide>(errors[i] * errors[i]);
      squares[1] += static_cast<oracle::Wide>(other * other);
      magnitudes[0] += static_cast<oracle::Wide>(std::abs(errors[i]));
      magnitudes[1] += static_cast<oracle::Wide>(std::abs(other));
    }
    equal += squares[0] == squares[1] ? 1 : 0;
    less += squares[0] < squares[1] ? 1 : 0;
    REQUIRE(nf::detail::loses_less(nf::FourOverSix::squared_error, x, a, b) ==
            (squares[0] < squares[1]));
    REQUIRE(nf::detail::loses_less(nf::FourOverSix::absolute_error, x, a, b) ==
            (magnitudes[0] < magnitudes[1]));
  }
  CHECK(equal > 900);
  CHECK(less > 900);
}

TEST_CASE("four or six, whichever errs less, six of equals", "[block]") {
  Mismatches bad;
  std::size_t fours = 0, sixes = 0, apart = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    std::vector<float> values(16);
    std::uint32_t state = seed + 1;
    for (float& x : values)
      x = static_cast<float>(static_cast<int>(next_random(state) >> 22) - 512) / 64;
    // A tensor scale of few bits keeps the oracle's sums within its word.
    const Candidate four = candidate(values, 4, 0.375f), six = candidate(values, 6, 0.375f);
    const bool by_squares = four.squares < six.squares,
               by_magnitudes = four.magnitudes < six.magnitudes;
    ++(by_squares ? fours : sixes);
    apart += by_squares != by_magnitudes ? 1 : 0;
    for (const auto measure : {nf::FourOverSix::squared_error, nf::FourOverSix::absolute_error}) {
      const auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(
          values, 1, 16, {.tensor_scale = 0.375f, .four_over_six = measure});
      const bool takes_four =
          measure == nf::FourOverSix::squared_error ? by_squares : by_magnitudes;
      const Candidate& taken = takes_four ? four : six;
      const auto where = [] { return std::string("four over six"); };
      bad.expect_equal(where, seed, taken.scale, tensor.scales()[0].bits());
      for (std::size_t i = 0; i < 16; ++i)
        bad.expect_equal(where, i, taken.codes[i], tensor.codes()[i].bits());
    }
  }
  CHECK(bad.report() == "");
  CHECK(fours > 20);
  CHECK(sixes > 20);
  CHECK(apart > 10);
  // Both exact, hence six: the bound is 256 * 6, and 1536 = 256 * 6 = 384 * 4.
  for (const auto measure : {nf::FourOverSix::squared_error, nf::FourOverSix::absolute_error}) {
    const auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(std::vector<float>{1536.0f}, 1, 1,
                                                             {.four_over_six = measure});
    CHECK(tensor.tensor_scale() == 1.0f);
    CHECK(static_cast<float>(tensor.scales()[0]) == 256.0f);
    CHECK(tensor.codes()[0].bits() == 0x7);
  }
}

TEST_CASE("four over six in the pipeline of Transformer Engine", "[block]") {
  Mismatches bad;
  for (const auto measure : {nf::FourOverSix::squared_error, nf::FourOverSix::absolute_error}) {
    std::size_t fours = 0;
    for (std::uint32_t seed = 0; seed < 30; ++seed) {
      const int top = static_cast<int>(seed) * 7 % 100 - 50;
      check_folded<nf::nvfp4>(sample_block(400, top, seed), 4, 100, measure, fours, bad);
      check_folded<nf::nvfp4_2d>(sample_block(40 * 36, top, seed), 40, 36, measure, fours, bad);
    }
    CHECK(fours > 50);
  }
  CHECK(bad.report() == "");
}
