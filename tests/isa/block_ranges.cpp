// SPDX-License-Identifier: MIT
// Parts of a tensor, and matrices with a leading dimension: the same as whole, dense ones, and
// nothing else is touched.
#include <numeric>

#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

constexpr float untouched = -1234.5f;

template <class Format, class R = nf::NearestEven>
void check_parts(std::size_t rows, std::size_t cols, int axis, R rounding = {}) {
  using Tensor = nf::BlockTensor<Format>;
  const auto values = sample_block(rows * cols, 3, 1), others = sample_block(rows * cols, 5, 2);
  const Tensor expected = Tensor::quantize(values, rows, cols, {.axis = axis}, rounding);
  std::vector<float> numbers(values.size());
  expected.dequantize(numbers);
  nf::QuantizeOptions shared{.axis = axis};
  if constexpr (Format::tensor_scale != nf::TensorScale::none)
    shared.tensor_scale = expected.tensor_scale();
  const std::size_t height = expected.block(0, 0).rows, width = expected.block(0, 0).cols;
  // Every pair of ends, of blocks where they lie in one row, else of bands.
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i <= values.size(); ++i) {
    const std::size_t row = i / cols, col = i % cols;
    const bool within = height == 1 && col % width == 0 && col * Format::element::width % 8 == 0;
    if (i == values.size() || (col == 0 && row % height == 0) || within) ends.push_back(i);
  }
  bool same = true, apart = true;
  for (const std::size_t first : ends) {
    for (const std::size_t last : ends) {
      if (last < first) continue;
      const auto part = std::span(values).subspan(first, last - first);
      Tensor tensor = Tensor::quantize(others, rows, cols, shared);
      tensor.assign(first, part, {}, rounding);
      std::vector<float> back(values.size()), piece(part.size() + 2, untouched),
          rest(values.size());
      Tensor::quantize(others, rows, cols, shared).dequantize(rest);
      tensor.dequantize(back);
      tensor.dequantize(first, part.size(), std::span(piece).subspan(1, part.size()));
      apart = apart && piece.front() == untouched && piece.back() == untouched;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const bool inside = first <= i && i < last;
        same = same && bits_of(back[i]) == bits_of(inside ? numbers[i] : rest[i]);
        same = same && (!inside || bits_of(piece[1 + i - first]) == bits_of(numbers[i]));
      }
    }
  }
  CHECK(same);
  CHECK(apart);
  const auto refused = [&](std::size_t first, std::size_t count) {
    Tensor tensor = expected;
    std::vector<float> out(count);
    CHECK_THROWS_AS(tensor.assign(first, std::span(values).first(count)), std::invalid_argument);
    CHECK_THROWS_AS(tensor.dequantize(first, count, out), std::invalid_argument);
    CHECK(tensor == expected);
  };
  refused(1, cols);
  refused(0, 1);
  refused(values.size() - cols + 1, cols);
  refused(~std::size_t{0}, 2);
}

template <class Format>
void check_views(std::size_t rows, std::size_t cols, int axis) {
  using Tensor = nf::BlockTensor<Format>;
  const std::size_t leading = cols + 7;
  const auto wide = sample_block(rows * leading, 3, 9);
  std::vector<float> dense;
  for (std::size_t r = 0; r < rows; ++r)
    dense.insert(dense.end(), &wide[r * leading + 5], &wide[r * leading + 5] + cols);
  const auto view = nf::MatrixView(std::span(wide).subspan(5), rows, cols, leading);
  const nf::Stochastic<> random{.seed = 3};
  const nf::QuantizeOptions options{.axis = axis};
  const Tensor expected = Tensor::quantize(dense, rows, cols, options, random);
  CHECK(Tensor::quantize(view, options, random) == expected);
  Tensor tensor;
  tensor.assign(view, options, random);
  CHECK(tensor == expected);
  CHECK(Tensor::quantize_both(view, options, random) ==
        Tensor::quantize_both(dense, rows, cols, options, random));
  CHECK(Tensor::quantize(view, expected.scales(), {.axis = axis}) ==
        Tensor::quantize(dense, rows, cols, expected.scales(), {.axis = axis}));
  std::vector<float> numbers(dense.size()), out(wide.size(), untouched);
  expected.dequantize(numbers);
  expected.dequantize(nf::MatrixView(std::span(out).subspan(5), rows, cols, leading));
  bool same = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t r = i / leading, c = i % leading - 5;
    const float wanted = i % leading >= 5 && c < cols ? numbers[r * cols + c] : untouched;
    same = same && bits_of(out[i]) == bits_of(wanted);
  }
  CHECK(same);
  CHECK_THROWS_AS(expected.dequantize(nf::MatrixView(out, cols, rows)), std::invalid_argument);
}

using fp4_by_5 = nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e8m0fnu, 5>;

}  // namespace

TEST_CASE("parts of a tensor are read and written alone", "[block]") {
  const nf::Stochastic<> random{.seed = 5, .stream = 1, .offset = 77};
  check_parts<nf::mxfp4_e2m1>(3, 100, 1);
  check_parts<nf::mxfp4_e2m1>(3, 64, 1, random);
  check_parts<nf::mxfp8_e4m3>(70, 3, 0, random);
  check_parts<nf::nvfp4>(4, 40, 1);
  check_parts<nf::nvfp4>(4, 33, -1, random);
  check_parts<nf::nvfp4_2d>(40, 20, 1, random);
  check_parts<fp4_by_5>(4, 15, 1);
  check_parts<fp4_by_5>(6, 10, 1);
}

TEST_CASE("the words of a part are its own", "[block]") {
  const auto values = sample_block(128, 3, 1);
  std::vector<std::uint32_t> words(128);
  std::iota(words.begin(), words.end(), 11u);
  const auto expected =
      nf::BlockTensor<nf::mxfp8_e4m3>::quantize(values, 2, 64, {}, nf::StochasticA<5>{words});
  auto tensor = nf::BlockTensor<nf::mxfp8_e4m3>::quantize(std::vector<float>(128), 2, 64);
  for (const std::size_t first : {std::size_t{0}, std::size_t{32}})
    tensor.assign(first, std::span(values).subspan(first, first == 0 ? 32 : 96), {},
                  nf::StochasticA<5>{std::span(words).subspan(first, first == 0 ? 32 : 96)});
  CHECK(tensor == expected);
  CHECK_THROWS_AS(tensor.assign(0, values, {}, nf::StochasticA<5>{std::span(words).first(127)}),
                  std::invalid_argument);
}

TEST_CASE("a part has the tensor scale of the whole", "[block]") {
  auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(std::vector<float>(32, 1.0f), 2, 16);
  CHECK_THROWS_AS(tensor.assign(0, std::vector<float>(16), {.tensor_scale = 2}),
                  std::invalid_argument);
  auto strange = nf::BlockTensor<nf::nvfp4>::from_parts(std::vector<std::uint8_t>(16),
                                                        tensor.scales(), 2, 16, 1, 0.0f);
  CHECK_THROWS_WITH(strange.assign(0, std::vector<float>(16)),
                    "narrowfloat::BlockTensor::assign: the tensor scale is 0");
}

TEST_CASE("matrices with a leading dimension", "[block]") {
  for (const int axis : {1, 0}) {
    check_views<nf::mxfp4_e2m1>(40, 64, axis);
    check_views<nf::mxint8>(5, 1100, axis);
    check_views<nf::nvfp4>(35, 50, axis);
    check_views<nf::nvfp4_2d>(20, 40, axis);
  }
}
