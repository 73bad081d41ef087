// SPDX-License-Identifier: MIT
// A tensor as a value: shape, sizes, equality, parts, what it prints, and what it refuses.
#include <limits>
#include <sstream>

#include <narrowfloat/io/ostream.hpp>
#include <narrowfloat/mx.hpp>

#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

template <class Format>
BlockTensor<Format> ramp(std::size_t rows, std::size_t cols, const QuantizeOptions& options = {}) {
  std::vector<float> values(rows * cols);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 7.0f;
  return BlockTensor<Format>::quantize(values, rows, cols, options);
}

}  // namespace

TEST_CASE("sizes count codes, scales and the tensor scale", "[block]") {
  const auto mx = ramp<mxfp4_e2m1>(4, 64);
  CHECK(mx.size_bytes() == 4 * 32 + 8);
  CHECK(mx.bits_per_element() == 4.25);
  CHECK(ramp<mxfp6_e2m3>(1, 32).size_bytes() == 25);
  CHECK(ramp<mxint8>(1, 32).bits_per_element() == 8.25);
  CHECK(ramp<nvfp4>(1, 16).size_bytes() == 8 + 1 + 4);
  // Rows start on a byte; the tail blocks hold 1 element.
  const auto tail = ramp<mxfp4_e2m1>(3, 33);
  CHECK(tail.size_bytes() == 3 * 17 + 6);
  CHECK(tail.codes().row(1).data() == tail.codes().data() + 17);
  CHECK(tail.codes().stride() == 17);
  CHECK(tail.scales().size() == 6);
  CHECK(ramp<mxfp4_e2m1>(33, 3, {.axis = 0}).scales().size() == 6);
  CHECK(ramp<nvfp4_2d>(17, 33).scales().size() == 6);
  CHECK(ramp<BlockFormat<float8_e4m3fn, float, 128, 128>>(130, 3).size_bytes() == 390 + 8);
}

TEST_CASE("the shape and the codes are readable", "[block]") {
  const auto tensor = ramp<mxfp8_e4m3>(5, 40, {.axis = -2});
  CHECK(tensor.rows() == 5);
  CHECK(tensor.cols() == 40);
  CHECK(tensor.size() == 200);
  CHECK(tensor.axis() == 0);
  CHECK(tensor.block_rows() == 1);
  CHECK(tensor.block_cols() == 40);
  CHECK(tensor.codes().size() == 200);
  CHECK(tensor.codes()[41].bits() == tensor.codes().row(1)[1].bits());
  CHECK(tensor.codes().at(199).bits() == tensor.codes()[199].bits());
  CHECK_THROWS_AS(tensor.codes().at(200), std::out_of_range);
}

TEST_CASE("empty matrices are matrices", "[block]") {
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{0, 0}, {0, 7}, {7, 0}}) {
    const auto tensor = ramp<nvfp4>(rows, cols);
    CHECK(tensor.empty());
    CHECK(tensor.rows() == rows);
    CHECK(tensor.cols() == cols);
    CHECK(tensor.scales().empty());
    CHECK(tensor.bits_per_element() == 0);
    std::vector<float> out;
    tensor.dequantize(out);
  }
  CHECK(BlockTensor<mxint8>().empty());
}

TEST_CASE("a tensor is its parts", "[block]") {
  const auto tensor = ramp<nvfp4>(3, 21, {.axis = 0});
  const auto again = BlockTensor<nvfp4>::from_parts(tensor.codes().bytes(), tensor.scales(), 3, 21,
                                                    0, tensor.tensor_scale());
  CHECK(again == tensor);
  std::vector<float8_e4m3fn> scales(tensor.scales().begin(), tensor.scales().end());
  const auto with = [&](float tensor_scale, int axis) {
    return BlockTensor<nvfp4>::from_parts(tensor.codes().bytes(), scales, 3, 21, axis,
                                          tensor_scale);
  };
  CHECK(!(with(1.5f, 0) == tensor));
  scales[20] = float8_e4m3fn(1.0f);
  CHECK(!(with(tensor.tensor_scale(), 0) == tensor));
  CHECK_THROWS_AS(with(1.0f, 1), std::invalid_argument);  // 6 blocks of 16 along rows
  CHECK_THROWS_WITH(
      BlockTensor<mxint8>::from_parts({}, {}, 2, 3),
      "narrowfloat::BlockTensor::from_parts: a matrix of 2 x 3 elements has 6 bytes of codes and 2 "
      "scales, not 0 and 0");
  CHECK(!(ramp<mxint8>(2, 6) == ramp<mxint8>(3, 4)));
  CHECK(!(ramp<mxint8>(1, 1) == ramp<mxint8>(1, 1, {.axis = 0})));
}

TEST_CASE("a summary is printed", "[block][ostream]") {
  std::ostringstream out;
  out << ramp<mxfp4_e2m1>(4, 64) << '\n' << ramp<mxfp4_e2m1>(64, 4, {.axis = 0});
  CHECK(out.str() ==
        "4 x 64 in blocks of 1 x 32, 4.25 bits an element\n"
        "64 x 4 in blocks of 32 x 1, 4.25 bits an element");
  std::wostringstream wide;
  wide << BlockTensor<nvfp4>::quantize(std::vector<float>(256, 0.0f), 16, 16);
  CHECK(wide.str() == L"16 x 16 in blocks of 1 x 16, 4.625 bits an element, tensor scale 1");
}

TEST_CASE("what does not fit is refused with the numbers", "[block]") {
  const std::vector<float> six(6, 1.0f);
  using MX = BlockTensor<mxfp4_e2m1>;
  using NV = BlockTensor<nvfp4>;
  CHECK_THROWS_AS(MX::quantize(six, 2, 4), std::invalid_argument);
  CHECK_THROWS_WITH(
      MX::quantize(six, 2, 4),
      "narrowfloat::BlockTensor::quantize: the input has 6 elements, the matrix 2 x 4");
  // 2^32 * 2^32 elements wrap to 0.
  const std::size_t big = std::size_t{1} << 32;
  CHECK_THROWS_AS(MX::quantize(std::vector<float>{}, big, big), std::invalid_argument);
  CHECK_THROWS_WITH(
      MX::quantize(six, 2, 3, {.axis = 2}),
      "narrowfloat::BlockTensor::quantize: the axis of a matrix is 0, 1, -1 or -2, not 2");
  CHECK_THROWS_AS(MX::quantize(six, 2, 3, {.axis = -3}), std::invalid_argument);
  CHECK_THROWS_AS(MX::quantize(six, 2, 3, {.tensor_scale = 2.0f}), std::invalid_argument);
  CHECK_THROWS_AS(MX::quantize(six, 2, 3, {.four_over_six = FourOverSix::squared_error}),
                  std::invalid_argument);
  CHECK_THROWS_AS(MX::quantize(six, 2, 3, {.pipeline = ScalePipeline::transformer_engine}),
                  std::invalid_argument);
  CHECK_THROWS_WITH(
      NV::quantize(six, 2, 3,
                   {.pipeline = ScalePipeline::transformer_engine, .normal_scales = true}),
      Catch::Contains("normal_scales is for the exact pipeline"));
  CHECK_THROWS_WITH(
      NV::quantize(six, 2, 3,
                   {.tensor_scale = 0x1p-129f, .pipeline = ScalePipeline::transformer_engine}),
      Catch::Contains("2^-128"));
  for (const float least : {-1.0f, -0.0f, std::numeric_limits<float>::infinity()})
    CHECK_THROWS_WITH(MX::quantize(six, 2, 3, {.least_amax = least}),
                      Catch::Contains("least_amax"));
  for (const float scale : {-1.0f, -0.0f, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()})
    CHECK_THROWS_AS(NV::quantize(six, 2, 3, {.tensor_scale = scale}), std::invalid_argument);
  std::vector<float> out(5, 9.0f);
  const auto tensor = MX::quantize(six, 2, 3);
  CHECK_THROWS_WITH(
      tensor.dequantize(out),
      "narrowfloat::BlockTensor::dequantize: the output has 5 elements, the matrix 2 x 3");
  CHECK(out == std::vector<float>(5, 9.0f));
}
