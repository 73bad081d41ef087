// SPDX-License-Identifier: MIT
// Quantizers give the same by 1, 2 and 3 threads, in whatever order their parts are made, and as
// from parts by hand.
#include <narrowfloat/quantize.hpp>

#include <cmath>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/same_by_executors.hpp"

using namespace test;
using nf::CodebookTensor, nf::Int8Matrix, nf::Stochastic, nf::whole;

namespace {

constexpr std::size_t size = several_tasks;

/// The numbers of a tensor, read in ranges.
template <class Tensor>
std::vector<float> read(const Tensor& tensor, std::size_t range) {
  std::vector<float> out(tensor.size());
  for (std::size_t i = 0; i < out.size(); i += range) {
    const std::size_t count = std::min(range, out.size() - i);
    tensor.dequantize(i, count, std::span(out).subspan(i, count));
  }
  return out;
}
/// read() by executors, into memory that may begin anywhere.
template <class Tensor>
void check_read(const Tensor& tensor, std::size_t range) {
  for (const std::size_t lead : {0u, 5u}) {
    check(
        [&](auto&& executor) {
          std::vector<float> out(tensor.size() + lead);
          tensor.dequantize(std::span(out).subspan(lead), executor);
          return std::vector(out.begin() + static_cast<std::ptrdiff_t>(lead), out.end());
        },
        read(tensor, range));
  }
}

}  // namespace

TEST_CASE("code-books by several threads", "[isa][codebook]") {
  const auto x = numbers();
  struct Case {
    nf::Codebook book;
    std::size_t block;
  };
  for (const Case& each :
       {Case{nf::nf4_codebook(), 64}, {nf::nf4_codebook(), 99}, {nf::dynamic_codebook(), 256}}) {
    const auto& book = each.book;
    const std::size_t block = each.block;
    INFO(block);
    const nf::CodebookOptions options{.block_size = block,
                                      .non_finite = nf::NonFinite::propagate,
                                      .nibbles = nf::NibbleOrder::high_first};
    auto want = CodebookTensor::zeros(size, book, options), random = want;
    const std::size_t range = 20 * block;
    for (std::size_t i = 0; i < size; i += range) {
      const auto part = std::span(x).subspan(i, std::min(range, size - i));
      want.assign(i, part);
      random.assign(i, part, Stochastic<>{3});
    }
    check([&](auto&& by) { return CodebookTensor::quantize(x, book, options, by); }, want);
    check(
        [&](auto&& by) { return CodebookTensor::quantize(x, book, options, Stochastic<>{3}, by); },
        random);
    check_read(want, range);
    check([&](auto&& by) {
      std::vector<float> values(size);
      nf::convert(want.codes(), values, nf::nearest_even, nf::Saturation::none,
                  nf::Subnormals::keep, by);
      return values;
    });
  }
}

TEST_CASE("nested scales by several threads", "[isa][codebook]") {
  const auto x = numbers(size, true);
  const nf::Codebook wide{-1, 0, 3};  // scales are limited
  for (const nf::Codebook& book : {nf::nf4_codebook(), wide}) {
    const nf::CodebookOptions options{.block_size = 64, .nested = true};
    check([&](auto&& by) { return CodebookTensor::quantize(x, book, options, by); });
    const auto tensor = CodebookTensor::quantize(x, book, options);
    check_read(tensor, 6400);
    double sum = 0;
    for (const float scale : CodebookTensor::quantize(x, book, {.block_size = 64}).scales())
      sum += static_cast<double>(scale);
    CHECK(tensor.nested_scales().mean ==
          static_cast<float>(sum / static_cast<double>(tensor.blocks())));
  }
}

TEST_CASE("a block longer than any array is one task", "[isa][codebook]") {
  const auto x = numbers(size, true);
  constexpr std::size_t half = ~std::size_t{0} / 2 + 1;
  for (const std::size_t block : {half, half + 1}) {
    const auto t = CodebookTensor::quantize(x, nf::nf4_codebook(), {.block_size = block});
    CHECK(t.scales()[0] == nf::amax(x));
  }
}

TEST_CASE("int8 by several threads", "[isa][int8]") {
  const auto x = numbers();
  const std::size_t rows = 1000, cols = size / rows;
  const auto values = std::span(x).first(rows * cols);
  for (const nf::BlockShape block : {nf::BlockShape{1, whole}, {whole, 1}, {whole, whole}}) {
    const nf::Int8Options options{.block = block, .non_finite = nf::NonFinite::propagate};
    check([&](auto&& by) {
      return Int8Matrix::quantize(values, rows, cols, options, nf::nearest_even, by);
    });
    check([&](auto&& by) {
      return Int8Matrix::quantize(values, rows, cols, options, Stochastic<>{5}, by);
    });
    const auto q = Int8Matrix::quantize(values, rows, cols, options);
    check_read(q, 7 * cols);
    check([&](auto&& by) { return q.transposed(by); });
    // the same matrix, turned
    std::vector<float> turned(values.size());
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i % cols * rows + i / cols] = values[i];
    CHECK(q == Int8Matrix::quantize(
                   turned, cols, rows,
                   {.block = {block.cols, block.rows}, .non_finite = nf::NonFinite::propagate})
                   .transposed());
  }
}

TEST_CASE("the sums of products by several threads", "[isa][int8]") {
  const std::size_t rows = 1000, cols = size / rows;
  std::vector<std::int32_t> sums(rows * cols);
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] = static_cast<std::int32_t>(i * 7919 % 9973);
  const auto by_row = numbers(rows, true), by_column = numbers(cols, true),
             bias = numbers(cols, true);
  std::vector<float> want(sums.size());
  for (std::size_t row = 0; row < rows; ++row)
    nf::dequantize_product(std::span(sums).subspan(row * cols, cols),
                           std::span(by_row).subspan(row, 1), by_column,
                           std::span(want).subspan(row * cols, cols), 1, cols, bias);
  check(
      [&](auto&& by) {
        std::vector<float> out(sums.size());
        nf::dequantize_product(sums, by_row, by_column, out, rows, cols, bias, by);
        return out;
      },
      want);
}

TEST_CASE("fake quantization by several threads", "[isa]") {
  const auto x = numbers(), slopes = numbers(size, true);
  const std::size_t rows = 1003, cols = size / rows;
  const nf::RuntimeFormat f{.exponent_bits = 3, .mantissa_bits = 4, .max_value = 0x1p29f};
  const auto values = std::span(x).first(rows * cols);
  std::vector<float> largest(rows);
  for (std::size_t row = 0; row < rows; ++row) largest[row] = 0x1p20f + static_cast<float>(row);
  std::vector<float> want(size), by_row(values.size());
  std::vector<std::uint8_t> bits(size);
  for (std::size_t i = 0; i < size; ++i) {
    nf::fake_quantize(std::span(x).subspan(i, 1), std::span(want).subspan(i, 1), f);
    bits[i] = std::fabs(x[i]) <= f.max_value ? 1 : 0;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    nf::RuntimeFormat mine = f;
    mine.max_value = largest[row];
    nf::fake_quantize(values.subspan(row * cols, cols), std::span(by_row).subspan(row * cols, cols),
                      mine);
  }
  check(
      [&](auto&& by) {
        std::vector<float> out(size);
        nf::fake_quantize(x, out, f, by);
        return out;
      },
      want);
  check(
      [&](auto&& by) {
        std::vector<float> out(values.size());
        std::vector<std::uint8_t> mask((values.size() + 7) / 8, 0xff);
        nf::fake_quantize(values, largest, out, mask, rows, cols, f, by);
        for (std::size_t i = 0; i < values.size(); ++i)
          if ((mask[i / 8] >> i % 8 & 1) != (std::fabs(values[i]) <= largest[i / cols]))
            return want;
        return out;
      },
      by_row);
  check(
      [&](auto&& by) {
        std::vector<float> out(size);
        std::vector<std::uint8_t> mask((size + 7) / 8, 0xff), each(size);
        nf::fake_quantize(x, out, mask, f, by);
        for (std::size_t i = 0; i < size; ++i) each[i] = mask[i / 8] >> i % 8 & 1;
        return each;
      },
      bits);
  check([&](auto&& by) {
    std::vector<float> out(size);
    const auto sums = nf::fake_quantize_gradient(slopes, x, out, f, by);
    out.push_back(static_cast<float>(sums.max_value));
    out.push_back(static_cast<float>(nf::fake_quantize_error(x, f, by)));
    return out;
  });
  check(
      [&](auto&& by) {
        std::vector<std::uint8_t> codes(size);
        std::vector<float> out(size);
        f.encode(slopes, codes, by);
        f.decode(codes, out, by);
        return out;
      },
      [&] {
        std::vector<float> out(size);
        for (std::size_t i = 0; i < size; ++i) out[i] = f.decode(f.encode(slopes[i]));
        return out;
      }());
}
