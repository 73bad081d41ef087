// SPDX-License-Identifier: MIT
// Whatever the options, if they are taken: what a tensor reads back as is within half a step of the
// stored scale, a whole one under directed and stochastic roundings; only what is too large for the
// scale is further off.
#include <limits>
#include <stdexcept>

#include "support/block_bound.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

/// Values of a matrix on which scales turn: rows of large and tiny numbers, zeros, subnormals, the
/// largest floats, NaN and Inf.
std::vector<float> matrix(std::size_t rows, std::size_t cols, int kind) {
  std::vector<float> values;
  for (std::size_t r = 0; r < rows; ++r) {
    const int tops[4][3] = {{9, -14, -1}, {0, 5, -133}, {127, -7, 120}, {-120, -126, -149}};
    const auto row = sample_block(cols, tops[kind][r % 3], static_cast<std::uint32_t>(17 * r) + 5);
    values.insert(values.end(), row.begin(), row.end());
  }
  if (kind == 0) {
    values[0] = 1000;
    for (std::size_t i = 16; i < 32 && i < cols; ++i)
      values[i] = 1e-5f * static_cast<float>(i - 15);
  } else if (kind == 1) {
    values[cols / 2] = -HUGE_VALF;
    values.back() = std::nanf("");
  } else if (kind == 2) {
    values[1] = std::numeric_limits<float>::max();
    values[cols] = -std::numeric_limits<float>::max();
  }
  return values;
}

template <class Format>
constexpr bool has_tensor_scale = Format::tensor_scale != nf::TensorScale::none;

template <class Format, class R>
void check_options(R rounding, Mismatches& bad) {
  // Two blocks and a tail along each axis.
  const std::size_t along = 2 * static_cast<std::size_t>(Format::block_size) + 3,
                    lines = 2 * static_cast<std::size_t>(Format::block_rows) + 1;
  const float tensor_scales[] = {0, 0.75f, 3.1e-5f, 0x1p100f};
  for_each_options<Format>(
      std::span(tensor_scales).first(has_tensor_scale<Format> ? 4 : 1),
      [&](const nf::QuantizeOptions& options) {
        const bool folds = options.pipeline == nf::ScalePipeline::transformer_engine &&
                           !is_power_of_two<typename Format::scale>;
        // Transformer Engine's reciprocals end at the largest float.
        for (int kind = 0; kind < (folds ? 3 : 4); ++kind) {
          const std::size_t rows = options.axis == 1 ? lines : along,
                            cols = options.axis == 1 ? along : lines;
          const auto values = matrix(rows, cols, kind);
          nf::BlockTensor<Format> tensor;
          try {
            tensor.assign(values, rows, cols, options, rounding);
          } catch (const std::invalid_argument&) {
            return;
          }
          Mismatches here;
          check_bound(values, tensor, options,
                      {!std::is_same_v<R, nf::NearestEven>, folds ? 1.0L : 0.0L}, here);
          const auto where = [&] {
            return name_of(options) + " values " + std::to_string(kind) + ": " + here.report();
          };
          bad.expect(here.report().empty(), where, 0, 0, 0);
        }
      });
}

template <class... Formats>
void check_named(Mismatches& bad) {
  (check_options<Formats>(nf::nearest_even, bad), ...);
  (check_options<Formats>(nf::Stochastic<>{.seed = 4}, bad), ...);
}

}  // namespace

TEST_CASE("what is read back is within a step of the value, whatever the options", "[block]") {
  Mismatches bad;
  check_named<nf::mxfp8_e4m3, nf::mxfp8_e5m2, nf::mxfp6_e2m3, nf::mxfp4_e2m1, nf::mxint8, nf::nvfp4,
              nf::nvfp4_2d>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("so it is under directed roundings", "[block]") {
  Mismatches bad;
  check_options<nf::nvfp4>(nf::toward_negative, bad);
  check_options<nf::mxfp4_e2m1>(nf::toward_positive, bad);
  check_options<nf::mxint8>(nf::to_odd, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("so it is for formats without a name", "[block]") {
  Mismatches bad;
  check_options<nf::BlockFormat<nf::float6_e3m2fn, nf::float8_ue5m3, 20>>(nf::nearest_even, bad);
  check_options<nf::BlockFormat<nf::float4_e2m1fn, float, 9, 4, nf::TensorScale::none>>(
      nf::nearest_even, bad);
  check_options<nf::BlockFormat<nf::FixedPoint<8, 0>, float, 24>>(nf::toward_negative, bad);
  check_options<nf::BlockFormat<nf::float8_e4m3fnuz, nf::ExponentInt8, 5, 3>>(nf::nearest_even,
                                                                              bad);
  check_options<nf::BlockFormat<nf::float4_e2m1fn, nf::bfloat16, 16>>(nf::nearest_even, bad);
  check_options<nf::BlockFormat<nf::FixedPoint<5, 2>, nf::float8_e4m3fn, 11>>(
      nf::Stochastic<4>{.seed = 1}, bad);
  CHECK(bad.report() == "");
}
