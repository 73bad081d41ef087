// SPDX-License-Identifier: MIT
// The options of block tensors: both axes at once, 3/4 of the quotients, scales that stay normal,
// explicit words, the places of blocks.
#include <limits>

#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

/// Rows of different magnitudes.
std::vector<float> matrix(std::size_t rows, std::size_t cols) {
  std::vector<float> values;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = sample_block(cols, static_cast<int>(r % 9) - 4, static_cast<std::uint32_t>(r));
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

template <class Format>
void check_both(std::size_t rows, std::size_t cols) {
  const auto values = matrix(rows, cols);
  const nf::Stochastic<> rounding{.seed = 5, .stream = 6, .offset = 7};
  nf::QuantizeOptions options;
  const auto [along, down] =
      nf::BlockTensor<Format>::quantize_both(values, rows, cols, options, rounding);
  CHECK(along == nf::BlockTensor<Format>::quantize(values, rows, cols, options, rounding));
  options.axis = 0;
  CHECK(down == nf::BlockTensor<Format>::quantize(values, rows, cols, options, rounding));
}

/// The oracle's codes of 3/4 of the values, under the scales of the whole values.
template <class Format, class R>
void check_three_quarters(int top, R rounding,
                          const std::function<oracle::Rounding(std::size_t)>& rounding_of,
                          Mismatches& bad) {
  const std::size_t n = 200;
  const auto values = sample_block(n, top, 3);
  const auto element = oracle_element<typename Format::element>();
  const auto plain = nf::BlockTensor<Format>::quantize(values, 1, n);
  const auto tensor =
      nf::BlockTensor<Format>::quantize(values, 1, n, {.three_quarters = true}, rounding);
  const oracle::Exact three_quarters = exact_of(0.75f);
  for (std::size_t i = 0; i < n; ++i) {
    const auto scale = tensor.scales()[i / 32];
    const auto where = [&] { return "2^" + std::to_string(top); };
    bad.expect_equal(where, i, plain.scales()[i / 32].bits(), scale.bits());
    const std::uint32_t code =
        oracle::divide(element, oracle::product(exact_of(values[i]), three_quarters),
                       exact_scale(scale), rounding_of(i));
    bad.expect_equal(where, i, code, tensor.codes()[i].bits());
  }
}

/// Numbers of few bits, of many, and zeros, by turns of 50.
std::vector<float> mixture(std::size_t n) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t word = nf::element_bits<32>(1, 2, i);
    const float x = std::ldexp(static_cast<float>(word >> 8), -24) - 0.5f;
    const std::size_t turn = i / 50 % 4;
    values[i] = turn == 0   ? x
                : turn == 1 ? std::ldexp(x, -static_cast<int>(word % 11))
                : turn == 2 ? static_cast<float>(static_cast<int>(word % 33) - 16) / 8
                            : (word % 3 == 0 ? x : 0.0f);
    if (std::abs(values[i]) < 0x1p-12f) values[i] = 0;
  }
  return values;
}

/// The choice between scales, whose losses are bounded in float first, is that of values so much
/// smaller that their losses are added up exactly. Returns how many scales are not those of the
/// first rule.
template <class Format>
std::size_t check_choice(std::size_t rows, std::size_t cols, nf::QuantizeOptions options, int down,
                         int steps) {
  const auto values = mixture(rows * cols);
  auto small = values;
  for (float& x : small) x = std::ldexp(x, -down);
  const auto near = nf::BlockTensor<Format>::quantize(values, rows, cols, options);
  options.tensor_scale = std::ldexp(options.tensor_scale, -down);
  const auto far = nf::BlockTensor<Format>::quantize(small, rows, cols, options);
  Mismatches bad;
  const auto where = [&] { return std::to_string(rows) + " x " + std::to_string(cols); };
  options.rule = nf::ScaleRule::floor;
  options.four_over_six = nf::FourOverSix::none;
  const auto first = nf::BlockTensor<Format>::quantize(small, rows, cols, options);
  std::size_t moved = 0;
  for (std::size_t b = 0; b < near.scales().size(); ++b) {
    moved += first.scales()[b].bits() != far.scales()[b].bits() ? 1 : 0;
    const bool is_zero = far.scales()[b].bits() == 0;  // of a block of zeros
    bad.expect_equal(where, b,
                     far.scales()[b].bits() + (is_zero ? 0u : static_cast<unsigned>(steps)),
                     near.scales()[b].bits());
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    bad.expect_equal(where, i, far.codes()[i].bits(), near.codes()[i].bits());
  CHECK(bad.report() == "");
  return moved;
}

}  // namespace

TEST_CASE("scales are chosen by the same losses, bounded or exact", "[block]") {
  for (const int axis : {0, 1}) {
    const nf::QuantizeOptions search{.rule = nf::ScaleRule::search, .axis = axis};
    CHECK(check_choice<nf::mxfp8_e4m3>(70, 2100, search, 70, 70) > 10);
    CHECK(check_choice<nf::mxfp4_e2m1>(70, 333, search, 70, 70) > 10);
    CHECK(check_choice<nf::mxint8>(40, 100, search, 70, 70) > 10);
    CHECK(check_choice<nf::BlockFormat<nf::float6_e3m2fn, nf::float8_e8m0fnu, 48>>(40, 101, search,
                                                                                   70, 70) > 10);
    for (const auto kind : {nf::FourOverSix::squared_error, nf::FourOverSix::absolute_error}) {
      const nf::QuantizeOptions choice{
          .axis = axis, .tensor_scale = 0x1.3p-10f, .four_over_six = kind};
      CHECK(check_choice<nf::nvfp4>(40, 1333, choice, 104, 0) > 10);
      CHECK(check_choice<nf::nvfp4_2d>(50, 70, choice, 104, 0) > 1);
    }
  }
}

TEST_CASE("search where trials know nothing: a NaN that stays, elements without a sign",
          "[block]") {
  std::vector<float> values(32, 0.0f);
  values[0] = std::numeric_limits<float>::quiet_NaN();
  values[1] = 3;
  const nf::QuantizeOptions search{.rule = nf::ScaleRule::search,
                                   .non_finite = nf::NonFinite::propagate};
  CHECK(nf::BlockTensor<nf::mxfp8_e4m3>::quantize(values, 1, 32, search).scales()[0] ==
        nf::float8_e8m0fnu(0x1p-5f));
  CHECK(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(values, 1, 32, search).scales()[0] ==
        nf::float8_e8m0fnu(2.0f));

  // -0.3 becomes 0 under every scale, and 4 is 4 under three: the largest of them.
  using element = Float<2, 1, 1, Specials::finite, Signedness::is_unsigned>;
  values = std::vector<float>(32, 0.0f);
  values[0] = 4;
  values[1] = -0.3f;
  const auto tensor = nf::BlockTensor<nf::BlockFormat<element, nf::float8_e8m0fnu, 32>>::quantize(
      values, 1, 32, {.rule = nf::ScaleRule::search});
  CHECK(tensor.scales()[0] == nf::float8_e8m0fnu(4.0f));
}

TEST_CASE("Inf keeps its sign under a scale of 0 that is given", "[block]") {
  std::vector<float> values(16, 1.0f);
  values[3] = std::numeric_limits<float>::infinity();
  values[4] = -values[3];
  const nf::QuantizeOptions options{.non_finite = nf::NonFinite::saturate};
  const std::vector<float> scales(1, 0.0f);
  const auto check = [&]<class Element>(float largest) {
    const auto tensor = nf::BlockTensor<nf::BlockFormat<Element, float, 16>>::quantize(
        values, 1, 16, scales, options);
    CHECK(static_cast<float>(Element::from_bits(tensor.codes()[3].bits())) == largest);
    CHECK(static_cast<float>(Element::from_bits(tensor.codes()[4].bits())) == -largest);
  };
  check.operator()<nf::float8_e4m3fn>(448);
  check.operator()<nf::FixedPoint<8, 6>>(127.0f / 64);
}

TEST_CASE("both axes at once are each axis by itself", "[block]") {
  check_both<nf::mxfp4_e2m1>(70, 100);
  check_both<nf::mxfp8_e4m3>(33, 64);
  check_both<nf::nvfp4>(40, 48);
  check_both<nf::nvfp4_2d>(50, 30);
  check_both<nf::BlockFormat<nf::float8_e4m3fn, float, 12, 9>>(80, 61);
  check_both<nf::mxfp4_e2m1>(0, 5);
}

TEST_CASE("3/4 of the quotients, for every rounding", "[block]") {
  Mismatches bad;
  for (const int top : {-140, -3, 0, 90}) {
    const nf::Stochastic<> key{.seed = 1, .stream = 2, .offset = 3};
    const auto drawn = [&](std::size_t i) {
      return oracle::Rounding{oracle::Mode::stochastic_c, 16,
                              nf::element_bits<16>(key.seed, key.stream, key.offset + i)};
    };
    check_three_quarters<nf::mxfp4_e2m1>(top, key, drawn, bad);
    check_three_quarters<nf::mxfp8_e5m2>(top, key, drawn, bad);
    check_three_quarters<nf::mxfp6_e2m3>(
        top, nf::nearest_even, [](std::size_t) { return oracle::Rounding{}; }, bad);
    check_three_quarters<nf::mxfp4_e2m1>(
        top, nf::to_odd, [](std::size_t) { return oracle::Rounding{.mode = oracle::Mode::to_odd}; },
        bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("3/4 of the quotients make stochastic FP4 unbiased", "[block]") {
  // 7/8 of a binade above the largest element: clipped by itself, not at 3/4.
  std::vector<float> values(32 * 4096, 7.5f);
  const auto mean = [&](bool three_quarters) {
    const auto tensor = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(
        values, 4096, 32, {.three_quarters = three_quarters}, nf::Stochastic<>{.seed = 9});
    std::vector<float> back(values.size());
    tensor.dequantize(back);
    double sum = 0;
    for (const float x : back) sum += static_cast<double>(x);
    return sum / static_cast<double>(back.size());
  };
  CHECK(mean(false) == 6);
  CHECK(std::abs(mean(true) * 4 / 3 - 7.5) < 0.02);  // 6 standard deviations of the mean
}

TEST_CASE("no scale is below the smallest normal one", "[block]") {
  std::vector<float> values(48, 0.0f);
  values[0] = 2688;         // scale 448
  values[16] = 6.0f / 128;  // scale 2^-7, subnormal
  const auto plain = nf::BlockTensor<nf::nvfp4>::quantize(values, 1, 48);
  const auto normal = nf::BlockTensor<nf::nvfp4>::quantize(values, 1, 48, {.normal_scales = true});
  CHECK(static_cast<float>(plain.scales()[1]) == 1.0f / 128);
  CHECK(static_cast<float>(plain.scales()[2]) == 0);
  CHECK(static_cast<float>(normal.scales()[0]) == 448);
  CHECK(static_cast<float>(normal.scales()[1]) == 1.0f / 64);
  CHECK(static_cast<float>(normal.scales()[2]) == 1.0f / 64);
  CHECK(static_cast<float>(plain.codes()[16]) == 6);
  CHECK(static_cast<float>(normal.codes()[16]) == 3);
}

TEST_CASE("explicit words are those of the elements", "[block][packed]") {
  const std::size_t rows = 5, cols = 150;
  const auto values = matrix(rows, cols);
  const nf::Stochastic<16, nf::StochasticVariant::p3109_b> key{.seed = 11};
  std::vector<std::uint32_t> words(values.size());
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = key.word(i) | 0xabcd0000u;
  const nf::StochasticB<16> explicit_bits{words};
  for (const int axis : {0, 1}) {
    const nf::QuantizeOptions options{.axis = axis};
    CHECK(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(values, rows, cols, options, explicit_bits) ==
          nf::BlockTensor<nf::mxfp4_e2m1>::quantize(values, rows, cols, options, key));
    CHECK(nf::BlockTensor<nf::nvfp4>::quantize(values, rows, cols, options, explicit_bits) ==
          nf::BlockTensor<nf::nvfp4>::quantize(values, rows, cols, options, key));
  }
  nf::PackedVector<nf::float6_e3m2fn> keyed(values.size()), given(values.size());
  nf::convert(values, keyed, key);
  nf::convert(values, given, explicit_bits);
  CHECK(std::ranges::equal(keyed.bytes(), given.bytes()));
  words.pop_back();
  CHECK_THROWS_WITH(
      nf::BlockTensor<nf::nvfp4>::quantize(values, rows, cols, {}, nf::StochasticB<16>{words}),
      Catch::Contains("749 words") && Catch::Contains("750"));
  CHECK_THROWS_WITH(nf::convert(values, given, nf::StochasticB<16>{words}),
                    Catch::Contains("749 words"));
}

TEST_CASE("blocks have places", "[block]") {
  const auto values = matrix(40, 50);
  const auto tensor = nf::BlockTensor<nf::nvfp4_2d>::quantize(values, 40, 50);
  const auto last = tensor.block(2, 3);
  CHECK(last.row == 32);
  CHECK(last.col == 48);
  CHECK(last.rows == 8);
  CHECK(last.cols == 2);
  CHECK(last.scale.bits() == tensor.scales()[11].bits());
  CHECK_THROWS_AS(tensor.block(3, 0), std::out_of_range);
  CHECK_THROWS_AS(tensor.block(0, 4), std::out_of_range);
}

TEST_CASE("options that do not fit, or that nothing would read, are refused", "[block]") {
  const std::vector<float> x(4);
  CHECK_THROWS_WITH(nf::BlockTensor<nf::nvfp4>::quantize(x, 1, 4, {.three_quarters = true}),
                    Catch::Contains("power-of-two"));
  CHECK_THROWS_WITH(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 1, 4, {.three_quarters = true},
                                                              nf::Stochastic<32>{}),
                    Catch::Contains("32 random bits"));
  CHECK_THROWS_WITH(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 1, 4, {.normal_scales = true}),
                    Catch::Contains("normal_scales"));
  CHECK_THROWS_WITH(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(
                        x, 1, 4, {.pipeline = nf::ScalePipeline::transformer_engine}),
                    Catch::Contains("rceil"));
  CHECK_THROWS_WITH(nf::BlockTensor<nf::nvfp4>::quantize(x, 1, 4, {.rule = nf::ScaleRule::rceil}),
                    "narrowfloat::BlockTensor::quantize: rule is for power-of-two scales");
  CHECK_THROWS_WITH(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 1, 4, {.full_range = true}),
                    "narrowfloat::BlockTensor::quantize: full_range is for fixed-point elements");
  CHECK_THROWS_WITH(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 1, 4, {.tensor_scale = 1}),
                    Catch::Contains("no tensor scale"));
  CHECK_THROWS_WITH(nf::BlockTensor<nf::mxint8>::quantize(
                        x, 1, 4, {.four_over_six = nf::FourOverSix::squared_error}),
                    Catch::Contains("four_over_six"));
  auto along = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 1, 4);
  CHECK_THROWS_WITH(along.assign(0, x, {.axis = -2}),
                    "narrowfloat::BlockTensor::assign: a part of a tensor has the axis of the "
                    "whole, 1, not -2");
  auto down = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 1, 4, {.axis = 0});
  down.assign(0, x, {.axis = 0});
  down.assign(0, x);
  CHECK_THROWS_AS(down.assign(0, x, {.axis = 2}), std::invalid_argument);
}
