// SPDX-License-Identifier: MIT
// Quantizers give the same by 1, 2 and 3 threads, in whatever order their parts are made, and as
// from parts by hand.
#include <narrowfloat/quantize.hpp>

#include <cmath>
#include <cstring>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/formats.hpp"

using namespace test;
using nf::CodebookTensor, nf::Int8Matrix, nf::Stochastic, nf::whole;

namespace {

constexpr std::size_t size = 3 * 65536 + 1003;

/// Random floats of many sizes, of which some are Inf and NaN where they may be.
std::vector<float> numbers(std::size_t n = size, bool all_finite = false) {
  std::mt19937 random(7);
  std::vector<float> all(n);
  for (float& x : all)
    x = std::ldexp(static_cast<float>(static_cast<std::int32_t>(random())),
                   -static_cast<int>(random() % 16));
  if (!all_finite) {
    all[n / 2] = INFINITY;
    all[n - 70] = NAN;
  }
  return all;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}
template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}

/// run(executor) gives the same with every executor, `want`.
template <class Run, class Want>
void check(const Run& run, const Want& want) {
  CHECK(same(run(nf::SerialExecutor{}), want));
  for (const std::size_t count : {2u, 3u}) CHECK(same(run(Threads{count}), want));
  Shuffled shuffled;
  CHECK(same(run(shuffled), want));
  CHECK(shuffled.most > 1);
}
template <class Run>
void check(const Run& run) {
  check(run, run(nf::SerialExecutor{}));
}

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
    check_read(CodebookTensor::quantize(x, book, options), 6400);
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
