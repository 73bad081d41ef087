// SPDX-License-Identifier: MIT
// What scales tensors gives the same bits by threads, in whatever order the tasks end.
#include <narrowfloat/scaling.hpp>

#include <cmath>
#include <cstring>
#include <random>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr std::size_t cut = std::size_t{1} << 16;  // elements of a task

std::vector<float> numbers(std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<float> all(count);
  for (float& x : all) x = std::normal_distribution<float>()(random);
  if (count > 5) all[count / 3] = -99, all[count - 2] = 1e-30f;
  return all;
}

/// run(executor) returns the same with every executor.
template <class Run>
void check(const Run& run) {
  const auto want = run(nf::SerialExecutor{});
  CHECK(run(Threads{2}) == want);
  CHECK(run(Threads{3}) == want);
  Shuffled shuffled;
  CHECK(run(shuffled) == want);
  CHECK(shuffled.most > 1);
}

template <class T>
std::vector<std::uint8_t> bytes_of(const std::vector<T>& values) {
  std::vector<std::uint8_t> all(values.size() * sizeof(T));
  std::memcpy(all.data(), values.data(), all.size());
  return all;
}

using F = nf::float8_e4m3fn;
constexpr nf::Stochastic<> keyed{.seed = 5, .stream = 2, .offset = 7};

}  // namespace

TEST_CASE("scaled tensors by several threads", "[isa]") {
  for (const std::size_t n : {cut + 1, 3 * cut - 17}) {
    const auto x = numbers(n);
    check([&](auto&& executor) {
      nf::DelayedScaling<F> state{.history_length = 4};
      state.scale = 3;
      auto t = nf::ScaledTensor<F>::quantize(x, state, keyed, nf::Saturation::finite, executor);
      const auto drawn = t;
      t.assign(1, std::span(x).first(n - 1), nf::nearest_even, nf::Saturation::finite, executor);
      std::vector<nf::bfloat16> back(n);
      t.dequantize(back, keyed, nf::Saturation::none, executor);
      return std::tuple(bytes_of(std::vector(t.codes().begin(), t.codes().end())),
                        bytes_of(std::vector(drawn.codes().begin(), drawn.codes().end())),
                        state.amax_history[0], bytes_of(back));
    });
    check([&](auto&& executor) {
      nf::ScalingMeta<F> meta;
      auto t = nf::ScaledTensor<F>::quantize(x, meta, nf::nearest_even, nf::Saturation::finite,
                                             executor);
      auto own = nf::ScaledTensor<F>::quantize(x, nf::CurrentScalingOptions{}, nf::nearest_even,
                                               nf::Saturation::finite, executor);
      return std::tuple(bytes_of(std::vector(t.codes().begin(), t.codes().end())), meta.scale,
                        own.scale());
    });
  }
}

TEST_CASE("blocks of a matrix with a scale each by several threads", "[isa]") {
  struct Matrix {
    std::size_t rows, cols, leading;
    nf::BlockShape shape;
  };
  constexpr std::size_t all = nf::whole;
  for (const auto& [rows, cols, leading, shape] : {Matrix{700, 130, 131, {1, 128}},
                                                   {300, 517, 517, {128, 128}},
                                                   {2, 100001, 100002, {1, 48}},
                                                   {257, 515, 515, {all, 1}},
                                                   {260, 511, 511, {all, 3}},
                                                   {513, 400, 400, {1, all}}}) {
    const auto x = numbers(rows * leading);
    const nf::MatrixView<const float> matrix(x, rows, cols, leading);
    check([&, rows = rows, cols = cols, shape = shape](auto&& executor) {
      std::vector<float> scales(shape.down(rows) * shape.across(cols));
      nf::current_scales<F>(matrix, scales, shape, {}, executor);
      std::vector<F> codes(rows * cols);
      std::vector<float> back(rows * cols);
      nf::convert_blocks(matrix, scales, nf::MatrixView(codes, rows, cols), shape, keyed,
                         nf::Saturation::finite, nf::Subnormals::keep, executor);
      nf::convert_blocks<nf::Divide>(codes, scales, back, rows, cols, shape, nf::nearest_even,
                                     nf::Saturation::none, nf::Subnormals::keep, executor);
      return std::tuple(scales, bytes_of(codes), bytes_of(back));
    });
  }
}

TEST_CASE("gradients unscaled and a bias chosen by several threads", "[isa]") {
  for (const float last : {1.0f, __builtin_inff()}) {
    auto x = numbers(2 * cut + 5);
    x[cut + 3] = last;
    for (const auto overflow : {nf::OverflowCheck::results, nf::OverflowCheck::inputs}) {
      check([&](auto&& executor) {
        auto y = x;
        const bool found = nf::unscale(y, 0.125f, overflow, executor);
        CHECK(found == (last != 1));
        return std::tuple(found, bytes_of(y));
      });
    }
  }
  const auto x = numbers(3000);
  check([&](auto&& executor) { return nf::mse_bias<nf::float8_e4m3fnuz>(x, executor).bias; });
}
