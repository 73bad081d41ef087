// SPDX-License-Identifier: MIT
// Block tensors are the same by 1, 2 and 3 threads, and in whatever order their blocks are worked
// on.
#include <cstring>

#include "support/blocks.hpp"
#include "support/catch.hpp"
#include "support/executors.hpp"

using namespace test;

namespace {

struct Shape {
  std::size_t rows, cols;
};
// A long row, rows of whole blocks, odd rows, wide bands, bands wider than a task: odd, and whole.
constexpr Shape shapes[] = {{1, 140'001}, {2200, 64},  {700, 201},
                            {70, 2101},   {3, 70'013}, {3, 70'016}};

std::vector<float> matrix(std::size_t n) {
  std::vector<float> values = sample_block(n, 3, 7);
  values[n / 2 + 5] = 1000;  // the largest one, and one that is none
  values[n - 3] = HUGE_VALF;
  return values;
}

/// Calls f(executor) for threads and for another order; whether there is more than one task.
template <class F>
bool by_each(const F& f) {
  f(Threads{2});
  f(Threads{3});
  Shuffled shuffled;
  f(shuffled);
  return shuffled.most > 1;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

template <class Format, class R = nf::NearestEven>
void check(const Shape& shape, nf::QuantizeOptions options = {}, R rounding = {}) {
  using Tensor = nf::BlockTensor<Format>;
  const auto [rows, cols] = shape;
  const std::size_t n = rows * cols;
  const std::vector<float> values = matrix(n);
  std::vector<std::uint8_t> want((n + 7) / 8), mask(want.size());
  for (const int axis : {0, 1}) {
    options.axis = axis;
    INFO(rows << " x " << cols << " axis " << axis << " width " << Format::element::width);
    const Tensor tensor = Tensor::quantize(values, want, rows, cols, options, rounding);
    std::vector<float> numbers(n), out(n);
    tensor.dequantize(numbers);
    Tensor other;
    bool same = true;
    const bool many = by_each([&, rows = rows, cols = cols](auto&& executor) {
      other.assign(values, rows, cols, options, rounding, executor);
      same = same && other == tensor;
      std::ranges::fill(mask, std::uint8_t{0xff});
      other = Tensor::quantize(values, mask, rows, cols, options, rounding, executor);
      same = same && other == tensor && mask == want;
      std::ranges::fill(out, -1.0f);
      other.dequantize(out, executor);
      same = same && same_bits(out, numbers);
    });
    CHECK(same);
    CHECK(many);
  }
}

}  // namespace

TEST_CASE("block tensors by several threads", "[block]") {
  for (const Shape& shape : shapes) {
    check<nf::mxfp8_e4m3>(shape, {}, nf::Stochastic<>{.seed = 3, .offset = 77});
    check<nf::mxfp4_e2m1>(shape, {.non_finite = nf::NonFinite::propagate});
    check<nf::nvfp4>(shape, {.non_finite = nf::NonFinite::saturate},
                     nf::Stochastic<>{.seed = 4, .stream = 1});
    check<nf::nvfp4_2d>(shape);
    check<nf::mxfp6_e2m3>(shape, {.rule = nf::ScaleRule::rceil});
  }
}

TEST_CASE("searched scales by several threads", "[block]") {
  check<nf::mxfp4_e2m1>(shapes[2], {.rule = nf::ScaleRule::search});
  check<nf::nvfp4>(shapes[3], {.four_over_six = nf::FourOverSix::squared_error});
  check<nf::nvfp4>(shapes[1], {.pipeline = nf::ScalePipeline::transformer_engine});
}

TEST_CASE("blocks of 5, and views, by several threads", "[block]") {
  using Tensor = nf::BlockTensor<nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e8m0fnu, 5>>;
  constexpr std::size_t rows = 3, cols = 50'003, leading = cols + 5;
  const std::vector<float> values = matrix(rows * leading);
  const nf::MatrixView view(values, rows, cols, leading);
  const Tensor want = Tensor::quantize(view);
  std::vector<float> numbers(rows * leading, -1.0f), out = numbers;
  want.dequantize(nf::MatrixView(numbers, rows, cols, leading));
  CHECK(by_each([&](auto&& executor) {
    CHECK(Tensor::quantize(view, {}, {}, executor) == want);
    CHECK(Tensor::quantize(view, want.scales(), {.non_finite = nf::NonFinite::propagate}, {},
                           executor)
              .codes()[7] == want.codes()[7]);
    std::ranges::fill(out, -1.0f);
    want.dequantize(nf::MatrixView(out, rows, cols, leading), executor);
    CHECK(same_bits(out, numbers));
  }));
}

TEST_CASE("both axes by several threads", "[block]") {
  const nf::Stochastic<> random{.seed = 9};
  for (const auto& [rows, cols] : shapes) {
    const std::vector<float> values = matrix(rows * cols);
    const auto want = nf::BlockTensor<nf::nvfp4>::quantize_both(values, rows, cols, {}, random);
    CHECK(want.first == nf::BlockTensor<nf::nvfp4>::quantize(values, rows, cols, {}, random));
    CHECK(by_each([&, rows = rows, cols = cols](auto&& executor) {
      CHECK(nf::BlockTensor<nf::nvfp4>::quantize_both(values, rows, cols, {}, random, executor) ==
            want);
    }));
  }
}

TEST_CASE("a range of a tensor by several threads", "[block]") {
  constexpr std::size_t rows = 900, cols = 224, first = 3 * cols + 32, count = 600 * cols;
  const std::vector<float> values = matrix(rows * cols);
  const auto part = std::span(values).subspan(first, count);
  const nf::Stochastic<> random{.seed = 2};
  using Tensor = nf::BlockTensor<nf::mxfp6_e2m3>;
  const Tensor before = Tensor::quantize(std::vector<float>(values.size(), 1.0f), rows, cols);
  Tensor want = before, tensor;
  want.assign(first, part, {}, random);
  std::vector<float> numbers(count), out(count);
  want.dequantize(first, count, numbers);
  CHECK(by_each([&](auto&& executor) {
    tensor = before;
    tensor.assign(first, part, {}, random, executor);
    CHECK(tensor == want);
    std::ranges::fill(out, -1.0f);
    tensor.dequantize(first, count, out, executor);
    CHECK(same_bits(out, numbers));
  }));
}

TEST_CASE("an executor that throws leaves a tensor of its shape", "[block]") {
  const auto half = [](std::size_t tasks, auto f) {
    for (std::size_t i = 0; i < tasks / 2; ++i) f(i);
    throw 7;
  };
  using Tensor = nf::BlockTensor<nf::mxfp8_e4m3>;
  const auto [rows, cols] = shapes[1];
  const std::vector<float> values = matrix(rows * cols);
  Tensor tensor = Tensor::quantize(std::vector<float>(32, 1.0f), 1, 32);
  const Tensor want = Tensor::quantize(values, rows, cols);
  CHECK_THROWS_AS(tensor.assign(values, rows, cols, {}, {}, half), int);
  CHECK(tensor.rows() == rows);
  CHECK(tensor.codes()[3].bits() == want.codes()[3].bits());
  std::vector<float> out(values.size());
  tensor.dequantize(out);
  CHECK_THROWS_AS(tensor.dequantize(out, half), int);
  tensor.assign(values, rows, cols);
  CHECK(tensor == want);
}
