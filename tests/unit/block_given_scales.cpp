// SPDX-License-Identifier: MIT
// Scales of the caller's, and largest magnitudes that count for at least so much.
#include <limits>

#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

template <class Format>
using scales_of = std::vector<typename Format::scale>;

/// The codes must be those of the quotients by the scales, and the scales as given.
template <class Format>
void check_given(const scales_of<Format>& scales, std::size_t rows, std::size_t cols,
                 const nf::QuantizeOptions& options, Mismatches& bad) {
  const auto values = sample_block(rows * cols, 3, static_cast<std::uint32_t>(rows));
  const auto tensor = nf::BlockTensor<Format>::quantize(values, rows, cols, scales, options);
  const oracle::Exact level = exact_of(options.tensor_scale == 0 ? 1.0f : options.tensor_scale);
  const auto element = oracle_element<typename Format::element>(options.full_range);
  const auto where = [] { return std::string("given scales"); };
  const auto same = [&](const nf::BlockTensor<Format>& other) {
    bad.expect(
        other == tensor, [] { return std::string("assigned"); }, rows, cols, 0);
  };
  auto other = nf::BlockTensor<Format>::quantize(std::vector<float>(2 * cols, 9.0f), 2, cols);
  other.assign(values, rows, cols, scales, options);
  same(other);
  nf::QuantizeOptions again = options;
  again.tensor_scale = Format::tensor_scale == nf::TensorScale::none ? 0 : tensor.tensor_scale();
  other.assign(nf::MatrixView(values, rows, cols), other.scales(), again);
  same(other);
  again.tensor_scale = 0;
  other.assign(0, std::vector<float>(values.size(), 0.25f), again);
  other.assign(0, values, scales, again);
  same(other);
  bad.expect(exact_of(tensor.tensor_scale()).significand != 0, where, 0, 0, 0);
  for (std::size_t r = 0; r < tensor.block_rows(); ++r) {
    for (std::size_t c = 0; c < tensor.block_cols(); ++c) {
      const auto block = tensor.block(r, c);
      const auto given = scales[r * tensor.block_cols() + c];
      bad.expect_equal(where, c, scale_bits(given), scale_bits(block.scale));
      const oracle::Exact divisor = oracle::product(exact_scale(given), level);
      for (std::size_t i = 0; i < block.rows * block.cols; ++i) {
        const std::size_t at = (block.row + i / block.cols) * cols + block.col + i % block.cols;
        bad.expect_equal(where, bits_of(values[at]),
                         oracle::divide(element, exact_of(values[at]), divisor, {}),
                         tensor.codes()[at].bits());
      }
    }
  }
}

}  // namespace

TEST_CASE("elements are the quotients by scales of one's own", "[block]") {
  Mismatches bad;
  const auto powers = [](std::size_t n) {
    scales_of<nf::mxfp4_e2m1> scales;
    for (std::size_t i = 0; i < n; ++i)
      scales.push_back(nf::float8_e8m0fnu::from_bits(static_cast<std::uint8_t>(117 + i * 5 % 19)));
    return scales;
  };
  check_given<nf::mxfp4_e2m1>(powers(9), 3, 70, {}, bad);
  check_given<nf::mxint8>(powers(4), 35, 2, {.axis = 0, .full_range = true}, bad);
  scales_of<nf::nvfp4> narrow;
  for (const float x : {0.3f, 448.0f, 0.0f, 1.0f, 0x1p-9f, 3.0f})
    narrow.push_back(nf::float8_e4m3fn(x));
  check_given<nf::nvfp4>(narrow, 2, 40, {}, bad);
  check_given<nf::nvfp4>(narrow, 6, 16, {.tensor_scale = 0.11f}, bad);
  check_given<nf::BlockFormat<nf::float4_e2m1fn, float, 8, 2>>({0.1f, 3.7f, 0.02f, 1e-30f}, 3, 15,
                                                               {}, bad);
  check_given<nf::BlockFormat<nf::float8_e4m3fn, nf::ExponentInt8, 4>>(
      {nf::ExponentInt8::from_bits(0x81), nf::ExponentInt8::from_bits(2)}, 1, 8, {}, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("a block with NaN has NaN for a scale, whatever was given", "[block]") {
  std::vector<float> values(64, 1.0f), back(64);
  values[40] = std::nanf("");
  const std::vector<nf::float8_e8m0fnu> scales(2, nf::float8_e8m0fnu(2.0f));
  const auto tensor =
      nf::BlockTensor<nf::mxfp8_e4m3>::quantize(nf::MatrixView(values, 1, 64), scales);
  CHECK(tensor.scales()[0].bits() == 128);
  CHECK(tensor.scales()[1].bits() == 255);
  tensor.dequantize(back);
  CHECK(back[0] == 1.0f);
  CHECK(std::isnan(back[32]));
}

TEST_CASE("scales that do not fit are refused", "[block]") {
  const std::vector<float> values(32, 1.0f);
  using by_float = nf::BlockTensor<nf::BlockFormat<nf::float8_e4m3fn, float, 16>>;
  CHECK_THROWS_WITH(by_float::quantize(values, 1, 32, std::vector<float>{1.0f}),
                    "narrowfloat::BlockTensor::quantize: a matrix of 1 x 32 elements has 2 scales, "
                    "not 1");
  for (const float bad : {-1.0f, -0.0f, std::numeric_limits<float>::infinity(), std::nanf("")})
    CHECK_THROWS_WITH(by_float::quantize(values, 1, 32, std::vector<float>{1.0f, bad}),
                      "narrowfloat::BlockTensor::quantize: scale 1 is negative, Inf or NaN");
  const std::vector<nf::float8_e4m3fn> two(2, nf::float8_e4m3fn(1.0f));
  CHECK_THROWS_WITH(
      nf::BlockTensor<nf::nvfp4>::quantize(values, 1, 32, two, {.normal_scales = true}),
      Catch::Contains("scales of the caller's"));
  using by_power = nf::BlockTensor<nf::mxfp8_e4m3>;
  const std::vector<nf::float8_e8m0fnu> one(1, nf::float8_e8m0fnu(1.0f));
  CHECK_THROWS_WITH(by_power::quantize(values, 1, 32, one, {.rule = nf::ScaleRule::ceil}),
                    "narrowfloat::BlockTensor::quantize: rule, four_over_six, normal_scales and "
                    "least_amax choose scales: they do not go with scales of the caller's");
  auto tensor = by_power::quantize(std::vector<float>(128, 3.0f), 2, 64);
  const auto before = tensor;
  CHECK_THROWS_WITH(
      tensor.assign(values, 1, 32, std::vector<nf::float8_e8m0fnu>()),
      "narrowfloat::BlockTensor::assign: a matrix of 1 x 32 elements has 1 scales, not 0");
  CHECK_THROWS_WITH(tensor.assign(32, values, std::vector<nf::float8_e8m0fnu>(2, one[0])),
                    "narrowfloat::BlockTensor::assign: 32 elements have 1 scales, not 2");
  CHECK_THROWS_AS(tensor.assign(32, values, std::vector{nf::float8_e8m0fnu::from_bits(255)}),
                  std::invalid_argument);
  CHECK(tensor == before);
}

TEST_CASE("a largest magnitude counts for at least the least one", "[block]") {
  const auto check = []<class Format>(const nf::QuantizeOptions& options) {
    std::vector<float> values(64, 1e-6f);
    values[40] = 3.0f;
    nf::QuantizeOptions plain = options, with = options;
    with.least_amax = 1e-4f;
    const auto tensor = nf::BlockTensor<Format>::quantize(values, 1, 64, with);
    std::vector<float> other = values;
    other[0] = 1e-4f;
    const auto expected = nf::BlockTensor<Format>::quantize(other, 1, 64, plain);
    CHECK(scale_bits(tensor.scales()[0]) == scale_bits(expected.scales()[0]));
    CHECK(tensor.codes()[1].bits() == expected.codes()[1].bits());
    const std::size_t other_block = 40 / static_cast<std::size_t>(Format::block_size);
    CHECK(scale_bits(tensor.scales()[other_block]) == scale_bits(expected.scales()[other_block]));
  };
  check.operator()<nf::BlockFormat<nf::float8_e4m3fn, float, 32>>({});  // as DeepSeek-V3 has it
  check.operator()<nf::mxfp8_e4m3>({});
  check.operator()<nf::mxfp8_e4m3>({.rule = nf::ScaleRule::ceil});
  check.operator()<nf::mxfp8_e4m3>(
      {.rule = nf::ScaleRule::rceil, .pipeline = nf::ScalePipeline::transformer_engine});
  check.operator()<nf::nvfp4>({});
  check.operator()<nf::nvfp4>({.pipeline = nf::ScalePipeline::transformer_engine});
  // The tensor's too: 1e-4 / 2688.
  const std::vector<float> zeros(16, 0.0f), floor{1e-4f};
  CHECK(nf::BlockTensor<nf::nvfp4>::quantize(zeros, 1, 16, {.least_amax = 1e-4f}).tensor_scale() ==
        nf::BlockTensor<nf::nvfp4>::quantize(floor, 1, 1).tensor_scale());
}
