// SPDX-License-Identifier: MIT
// current_scale() of tensors, of blocks in a row, in a column and in two dimensions, and the conversion of blocks.
#include <narrowfloat/scaling/current.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

std::vector<float> matrix(std::size_t rows, std::size_t cols) {
  std::vector<float> values(rows * cols);
  std::uint32_t state = 11;
  for (float& x : values) {
    state = state * 1664525u + 1013904223u;
    x = std::bit_cast<float>((state & 0x807fffffu) | (115 + (state >> 28)) << 23);
  }
  return values;
}

/// Blocks by their definition.
template <class F>
void check_blocks(std::size_t rows, std::size_t cols, nf::BlockShape shape, bool power_of_two) {
  std::vector<float> in = matrix(rows, cols);
  if (rows * cols > 7) {
    in[3] = 0;
    in[7] = std::numeric_limits<float>::infinity();
  }
  const std::size_t across = (cols + shape.cols - 1) / shape.cols;
  std::vector<float> scales(shape.down(rows) * shape.across(cols)), expected(scales.size());
  REQUIRE(scales.size() == (rows + shape.rows - 1) / shape.rows * across);
  for (std::size_t i = 0; i < in.size(); ++i) {
    float& amax = expected[i / cols / shape.rows * across + i % cols / shape.cols];
    amax = std::max(amax, std::fabs(in[i]));
  }
  const auto most = static_cast<float>(from_code<F>(nf::detail::layout_of<F>::max_code));
  for (float& scale : expected) {
    const bool usable = scale != 0 && std::isfinite(scale);
    scale = usable ? most / scale : 1;
    if (power_of_two) scale = std::ldexp(1.0f, std::ilogb(scale));
  }
  nf::current_scales<F>(in, rows, cols, shape, scales, {.power_of_two = power_of_two});
  CHECK(scales == expected);

  std::vector<F> codes(in.size());
  const nf::Stochastic<> random{.seed = 3, .offset = 5};
  std::size_t wrong = 0;
  nf::convert_blocks(in, rows, cols, shape, scales, codes, random);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float scale = expected[i / cols / shape.rows * across + i % cols / shape.cols];
    const F wanted =
        nf::convert<F>(in[i], nf::Scale{scale}, random.from(i), nf::Saturation::finite);
    wrong += wanted.bits() != codes[i].bits();
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("current scaling: amax_epsilon is the least amax", "[scaling][current]") {
  using nf::float8_e4m3fn;
  CHECK(nf::current_scale<float8_e4m3fn>(0.5f, {.amax_epsilon = 2}) == 224);
  CHECK(nf::current_scale<float8_e4m3fn>(0, {.amax_epsilon = 2}) == 224);
  CHECK(nf::current_scale<float8_e4m3fn>(3.5f, {.amax_epsilon = 2}) == 128);
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(nf::current_scale<float8_e4m3fn>(inf, {.amax_epsilon = 2}) == 1);
  CHECK(nf::current_scale<float8_e4m3fn>(std::nanf(""), {.amax_epsilon = 2}) == 1);
}

TEST_CASE("current scaling: the blocks of a matrix", "[scaling][current]") {
  for (const bool power_of_two : {false, true}) {
    check_blocks<nf::float8_e4m3fn>(4, 256, {1, 128}, power_of_two);
    check_blocks<nf::float8_e4m3fn>(256, 256, {128, 128}, power_of_two);
    check_blocks<nf::float8_e4m3fn>(128, 3, {128, 1}, power_of_two);
    check_blocks<nf::float8_e5m2>(130, 200, {128, 128}, power_of_two);  // smaller ones at the ends
    check_blocks<nf::float8_e5m2>(5, 131, {2, 7}, power_of_two);
    check_blocks<nf::float8_e5m2>(0, 8, {2, 7}, power_of_two);
  }
}

TEST_CASE("current scaling: blocks of another type are measured as floats", "[scaling][current]") {
  const std::vector<nf::float16> in{nf::float16(-7), nf::float16(1), nf::float16(0x1p-24),
                                    nf::float16(0)};
  std::vector<float> scales(2);
  nf::current_scales<nf::float8_e4m3fn>(in, 1, 4, {1, 2}, scales);
  CHECK(scales == std::vector<float>{64, 0x1p32f});
}

TEST_CASE("current scaling: shapes that do not fit are refused", "[scaling][current]") {
  const std::vector<float> in(12);
  std::vector<float> scales(3, 5.0f);
  std::vector<nf::float8_e4m3fn> codes(12);
  CHECK_THROWS_WITH(
      nf::current_scales<nf::float8_e4m3fn>(in, 3, 4, {1, 2}, scales),
      "narrowfloat: 12 elements and 3 scales are no matrix of 3 x 4 in blocks of 1 x 2");
  CHECK_THROWS_AS(nf::current_scales<nf::float8_e4m3fn>(in, 3, 5, {1, 5}, scales),
                  std::invalid_argument);
  CHECK_THROWS_AS(nf::current_scales<nf::float8_e4m3fn>(in, 3, 4, {0, 4}, scales),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      nf::current_scales<nf::float8_e4m3fn>(in, std::size_t{1} << 63, 4, {1, 4}, scales),
      std::invalid_argument);
  CHECK_THROWS_AS(nf::convert_blocks(in, 3, 4, {1, 2}, scales, codes), std::invalid_argument);
  CHECK(scales[0] == 5);
}
