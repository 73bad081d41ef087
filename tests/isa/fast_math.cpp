// SPDX-License-Identifier: MIT
// Compiled with -O2 -ffast-math, which lets the compiler rewrite the float operations of the
// kernels: arrays are converted as the scalar, which has none, does it, and transformed as plain
// loops without -ffast-math do it.
#include <narrowfloat/quantize/format_report.hpp>
#include <narrowfloat/stats.hpp>

#include "support/block_check.hpp"
#include "support/check_grid.hpp"
#include "support/check_hadamard.hpp"
#include "support/check_int8.hpp"
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE("arrays: built with -ffast-math, stratified floats in every rounding", "[isa]") {
  check_stratified_roundings<
      std::tuple<nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e8m0fnu, nf::float4_e2m1fn,
                 nf::bfloat16, nf::float16, nf::tfloat32>>();
}

TEST_CASE("hadamard: built with -ffast-math, bit by bit the plain loops", "[isa]") {
  Mismatches bad;
  for_each_transform({1, 2}, {1, 5, 64, 83}, [&](const Transform& transform) {
    const std::vector<float> in = hadamard_inputs(transform, true);
    std::vector<float> out(in.size());
    transform_by_library(in, out, transform);
    compare_transformed(in, out, transform, bad);
  });
  CHECK(bad.report() == "");
}

TEST_CASE("blocks: built with -ffast-math, scales at both ends of float's range", "[isa]") {
  Mismatches bad;
  for (const int exponent : {-140, -3, 120}) {
    const auto values = sample_block(500, exponent, 7);
    for (const int axis : {0, 1}) {
      check_tensor<nf::mxfp4_e2m1>(values, 5, 100, {.axis = axis}, bad);
      check_tensor<nf::mxfp8_e4m3>(values, 5, 100, {.axis = axis}, bad, nf::to_odd,
                                   oracle::Mode::to_odd);
      check_tensor<nf::nvfp4>(values, 5, 100, {.axis = axis}, bad);
      check_tensor<nf::BlockFormat<nf::float8_e5m2, float, 128>>(
          values, 5, 100, {.axis = axis}, bad, nf::toward_negative, oracle::Mode::toward_negative);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("int8: built with -ffast-math, every kind of number", "[isa]") {
  Mismatches bad;
  for (const Kind kind : all_kinds) {
    const std::vector<float> in = numbers(14 * 149, kind);
    check_int8(in, 14, 149, nf::nearest_even, oracle::Mode::nearest_even, bad);
    check_int8(in, 14, 149, nf::toward_positive, oracle::Mode::toward_positive, bad);
    check_int8(in, 14, 149, nf::Stochastic<>{5}, oracle::Mode::stochastic_c, bad);
  }
  std::vector<std::int32_t> sums(1003);
  std::vector<float> scales(sums.size()), out(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(i) * 2654435761u);
    scales[i] =
        std::bit_cast<float>(0x30000000u + static_cast<std::uint32_t>(i) * 0x7654321u % (1u << 28));
  }
  const float row_scale = 0x1.2345p-7f;
  nf::dequantize_product(sums, std::span(&row_scale, 1), scales, out, 1, sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    bad.expect_equal([] { return std::string("product"); }, i,
                     float_bits(expected_product(sums[i], row_scale, scales[i])),
                     float_bits(out[i]));
  }
  CHECK(bad.report() == "");
}

TEST_CASE("fake quantization: built with -ffast-math, every shape of format", "[isa]") {
  const std::vector<float> in = stratified_floats(12);
  Mismatches bad;
  for (const nf::RuntimeFormat& format : grid_formats()) {
    check_grid(in, format, bad);
    check_grid(grid_ties(format), format, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("errors: built with -ffast-math, the sums of plain doubles in order", "[isa]") {
  std::vector<float> in(1000), back(1000);
  std::uint32_t state = 1;
  for (float& x : in) {
    state = state * 1664525u + 1013904223u;
    x = std::bit_cast<float>(0x3c000000u + (state >> 6));
  }
  nf::ConversionStats stats, twice;
  std::vector<nf::float8_e4m3fn> codes(in.size());
  nf::convert(in, codes, nf::Scale{0x1.4p30f}, stats);
  CHECK(stats.squared_error == 0x1.4e6b9f157e87ap+69);
  twice += stats;
  twice += stats;
  CHECK(twice.squared_error == 2 * stats.squared_error);

  nf::ConversionStats exact;  // of errors that no sum absorbs
  nf::convert(in, codes, nf::Scale{0.37f}, exact);
  volatile double sums[16] = {}, total = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {  // less than a part
    volatile float x = in[i] * 0.37f, error = x - static_cast<float>(codes[i]);
    volatile double square = static_cast<double>(error) * static_cast<double>(error);
    sums[i % 16] = sums[i % 16] + square;
  }
  for (const volatile double& sum : sums) total = total + sum;
  CHECK(exact.squared_error == total);
  CHECK(exact.saturated < in.size() / 2);

  const auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(in, 10, 100);
  const nf::FormatReport report = nf::format_report(in, tensor, {.three_quarters = true});
  tensor.dequantize(back);
  volatile double signal = 0, noise = 0;
  for (std::size_t row = 0; row < 1000; row += 100) {
    for (std::size_t i = row; i < row + 100; ++i) {
      const volatile double image = back[i] * (4.0 / 3), error = in[i] - image,
                            square = error * error, power = static_cast<double>(in[i]) * in[i];
      signal = signal + power;
      noise = noise + square;
    }
  }
  CHECK(report.signal == signal);
  CHECK(report.noise == noise);
}
