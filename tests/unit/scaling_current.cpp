// SPDX-License-Identifier: MIT
// current_scale() of tensors, of blocks in a row, in a column and in two dimensions, and the
// conversion of blocks.
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
  nf::current_scales<F>(in, scales, rows, cols, shape, {.power_of_two = power_of_two});
  CHECK(scales == expected);

  std::vector<F> codes(in.size());
  const nf::Stochastic<> random{.seed = 3, .offset = 5};
  std::size_t wrong = 0;
  nf::convert_blocks(in, scales, codes, rows, cols, shape, random);
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
    check_blocks<nf::float8_e5m2>(3, 2000, {1, 2000}, power_of_two);  // parts of 1024
  }
}

TEST_CASE("current scaling: blocks are decoded by the same scales, or by their inverse",
          "[scaling][current]") {
  const std::size_t rows = 5, cols = 200;
  const std::vector<float> in = matrix(rows, cols);
  const nf::BlockShape shape{2, 64};
  std::vector<float> scales(12), inverse(12), back(in.size()), other(in.size());
  std::vector<nf::float8_e5m2> codes(in.size()), divided(in.size());
  nf::current_scales<nf::float8_e5m2>(in, scales, rows, cols, shape, {.power_of_two = false});
  for (std::size_t i = 0; i < 12; ++i) inverse[i] = 1 / scales[i];
  nf::convert_blocks(in, scales, codes, rows, cols, shape);
  nf::convert_blocks<nf::Divide>(in, inverse, divided, rows, cols, shape);
  codes[3] = nf::float8_e5m2::from_bits(0x7c);  // Inf stays Inf
  nf::convert_blocks<nf::Divide>(codes, scales, back, rows, cols, shape);
  nf::convert_blocks(codes, inverse, other, rows, cols, shape);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t block = i / cols / 2 * 4 + i % cols / 64;
    const nf::Divide by{scales[block]};
    wrong += back[i] != nf::convert<float>(codes[i], by) ? 1 : 0;
    wrong += other[i] != nf::convert<float>(codes[i], nf::Scale{inverse[block]}) ? 1 : 0;
    wrong +=
        divided[i].bits() != nf::convert<nf::float8_e5m2>(in[i], nf::Divide{inverse[block]},
                                                          nf::nearest_even, nf::Saturation::finite)
                                 .bits()
            ? 1
            : 0;
    if (i != 3)
      wrong += std::fabs(back[i] - in[i]) > std::fabs(in[i]) / 8 + 1e-4f / by.divisor ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(back[3] == std::numeric_limits<float>::infinity());
}

TEST_CASE("current scaling: `whole` is the length of an axis", "[scaling][current]") {
  const std::vector<float> in = matrix(6, 50);
  const auto scales = [&](nf::BlockShape shape) {
    std::vector<float> out(shape.down(6) * shape.across(50));
    nf::current_scales<nf::float8_e4m3fn>(in, out, 6, 50, shape);
    return out;
  };
  CHECK(scales({1, nf::whole}) == scales({1, 50}));
  CHECK(scales({nf::whole, 1}) == scales({6, 1}));
  CHECK(scales({nf::whole, nf::whole}) == std::vector<float>{nf::current_scale<nf::float8_e4m3fn>(
                                              nf::amax(in), {.power_of_two = true})});
}

TEST_CASE("current scaling: the columns of a wider matrix", "[scaling][current]") {
  const std::vector<float> wide = matrix(5, 300);
  const auto rest = std::span(wide).subspan(100);
  const nf::MatrixView some(rest, 5, 130, 300);
  std::vector<float> copy, scales(10), expected(10);
  for (std::size_t row = 0; row < 5; ++row)
    copy.insert(copy.end(), some.row(row).begin(), some.row(row).end());
  nf::current_scales<nf::float8_e5m2>(some, scales, {1, 128});
  nf::current_scales<nf::float8_e5m2>(copy, expected, 5, 130, {1, 128});
  CHECK(scales == expected);
  const nf::Stochastic<> random{.seed = 1, .offset = 9};
  std::vector<nf::float8_e5m2> codes(5 * 140, nf::float8_e5m2(3)), plain(copy.size());
  nf::convert_blocks(some, scales, nf::MatrixView(codes, 5, 130, 140), {1, 128}, random);
  nf::convert_blocks(copy, scales, plain, 5, 130, {1, 128}, random);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const nf::float8_e5m2 wanted =
        i % 140 < 130 ? plain[i / 140 * 130 + i % 140] : nf::float8_e5m2(3);
    wrong += codes[i].bits() != wanted.bits() ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("current scaling: blocks of another type are measured as floats", "[scaling][current]") {
  const std::vector<nf::float16> in{nf::float16(-7), nf::float16(1), nf::float16(0x1p-24),
                                    nf::float16(0)};
  std::vector<float> scales(2);
  nf::current_scales<nf::float8_e4m3fn>(in, scales, 1, 4, {1, 2});
  CHECK(scales == std::vector<float>{64, 0x1p32f});
}

TEST_CASE("current scaling: shapes that do not fit are refused", "[scaling][current]") {
  const std::vector<float> in(12);
  std::vector<float> scales(3, 5.0f);
  std::vector<nf::float8_e4m3fn> codes(12);
  CHECK_THROWS_WITH(
      nf::current_scales<nf::float8_e4m3fn>(in, scales, 3, 4, {1, 2}),
      "narrowfloat::current_scales: the matrix 3 x 4 in blocks of 1 x 2 has 6 scales, not 3");
  CHECK_THROWS_WITH(nf::current_scales<nf::float8_e4m3fn>(in, scales, 3, 5, {1, 5}),
                    "narrowfloat::current_scales: the input has 12 elements, the matrix 3 x 5");
  CHECK_THROWS_AS(nf::current_scales<nf::float8_e4m3fn>(in, scales, 3, 4, {0, 4}),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      nf::current_scales<nf::float8_e4m3fn>(in, scales, std::size_t{1} << 63, 4, {1, 4}),
      std::invalid_argument);
  CHECK_THROWS_WITH(
      nf::convert_blocks(in, scales, codes, 3, 4, {1, 2}),
      "narrowfloat::convert_blocks: the matrix 3 x 4 in blocks of 1 x 2 has 6 scales, not 3");
  CHECK_THROWS_WITH(
      nf::convert_blocks(nf::MatrixView(in, 3, 4), scales, nf::MatrixView(codes, 4, 3), {1, 4}),
      "narrowfloat::convert_blocks: the input is 3 x 4, the output 4 x 3");
  const std::vector<std::uint32_t> words(11);
  CHECK_THROWS_AS(nf::convert_blocks(in, scales, codes, 3, 4, {1, 4}, nf::StochasticA<8>{words}),
                  std::invalid_argument);
  CHECK(scales[0] == 5);
}
