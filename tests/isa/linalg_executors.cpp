// SPDX-License-Identifier: MIT
// Products are the same by 1, 2 and 3 threads, and in whatever order their parts are made.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>

#include <cstring>
#include <limits>
#include <random>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

/// multiply(c, executor...) writes the same with every executor.
template <class T, class Multiply>
void check(std::size_t size, const Multiply& multiply) {
  std::vector<T> want(size), c(size);
  multiply(want, nf::SerialExecutor{});
  const auto expect = [&](const char* what) {
    INFO(what);
    CHECK(std::memcmp(c.data(), want.data(), size * sizeof(T)) == 0);
    std::memset(static_cast<void*>(c.data()), 0x55, size * sizeof(T));
  };
  for (const std::size_t count : {1u, 2u, 3u}) {
    multiply(c, Threads{count});
    expect("threads");
  }
  Shuffled shuffled;
  multiply(c, shuffled);
  expect("another order");
  CHECK(shuffled.most > 1);
}

std::vector<float> normal_numbers(std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<float> all(count);
  for (float& x : all) x = std::normal_distribution<float>()(random);
  return all;
}
template <class F>
std::vector<F> numbers(std::size_t count) {
  const auto all = normal_numbers(count);
  std::vector<F> narrow;
  for (const float x : all) narrow.push_back(F(x));
  return narrow;
}

using Fused = nf::FusedAccumulator<float>;
using Keyed = nf::Stochastic<13, nf::StochasticVariant::p3109_a>;
constexpr nf::FusedAccumulator<nf::float12_e6m5, Keyed> keyed{.rounding = {7, 1, 1000}};

struct Shape {
  std::size_t m, n, k;
};

}  // namespace

TEST_CASE("products by several threads", "[isa]") {
  using nf::float8_e5m2;
  for (const auto& [m, n, k] : {Shape{3, 200, 33}, {150, 140, 20}, {300, 5, 17}}) {
    const auto a = numbers<float8_e5m2>(m * k), b = numbers<float8_e5m2>(k * n);
    const auto product = [&, m = m, n = n, k = k](const auto& acc) {
      return [&, m, n, k](auto& c, auto&& executor) {
        nf::matmul(a, b, c, m, n, k, acc, {}, executor);
      };
    };
    check<nf::float12_e6m5>(m * n, product(keyed));
    check<float>(m * n, product(Fused{}));
    check<float>(m * n, product(Fused{.saturation = nf::Saturation::finite}));  // a step at a time
    check<float>(m * n, product(nf::ExactAccumulator{}));
    check<float>(m * n, product(nf::ChunkedAccumulator<Fused, Fused>{.chunk = 7}));
  }
}

TEST_CASE("products of tensors through an epilogue by several threads", "[isa]") {
  constexpr std::size_t m = 90, n = 130, k = 64;
  const auto a = nf::BlockTensor<nf::mxfp8_e4m3>::quantize(normal_numbers(m * k), m, k),
             b = nf::BlockTensor<nf::mxfp8_e4m3>::quantize(normal_numbers(n * k), n, k);
  const auto rows = normal_numbers(m), columns = normal_numbers(n), bias = normal_numbers(n + 1);
  const nf::Epilogue<nf::Stochastic<>> epilogue{.scale = 3,
                                                .row_scales = rows,
                                                .column_scales = columns,
                                                .bias = std::span(bias).first(n),
                                                .rounding = nf::Stochastic<>{5}};
  check<nf::bfloat16>(m * n, [&](auto& c, auto&& executor) {
    nf::matmul(a, b, nf::MatrixView(c, m, n), Fused{}, {.b_transposed = true}, epilogue, executor);
  });
}

TEST_CASE("a block tensor and a vector by several threads", "[isa]") {
  constexpr std::size_t m = 200, k = 100;
  using nf::mxfp4_e2m1;
  const auto a = nf::BlockTensor<mxfp4_e2m1>::quantize(normal_numbers(m * k), m, k),
             row = nf::BlockTensor<mxfp4_e2m1>::quantize(normal_numbers(k), 1, k);
  const auto x = normal_numbers(k);
  check<float>(m,
               [&](auto& y, auto&& executor) { nf::matvec(a, x, y, m, k, Fused{}, {}, executor); });
  check<float>(m, [&](auto& y, auto&& executor) {
    nf::matvec(a, row, y, m, k, nf::ExactAccumulator{}, {}, executor);
  });
}

TEST_CASE("a matrix and a vector, and packed results, by several threads", "[isa]") {
  constexpr std::size_t m = 200, k = 40;
  const auto a = normal_numbers(m * k), x = normal_numbers(k);
  check<float>(m,
               [&](auto& y, auto&& executor) { nf::matvec(a, x, y, m, k, Fused{}, {}, executor); });
  const auto b = numbers<nf::float8_e5m2>(k), w = numbers<nf::float8_e5m2>(m * k);
  nf::PackedVector<nf::float12_e6m5> y(m), want(m);
  Shuffled shuffled;
  nf::matvec(w, b, y, m, k, keyed, {}, shuffled);
  nf::matvec(w, b, want, m, k, keyed);
  CHECK(std::ranges::equal(y.bytes(), want.bytes()));
  CHECK(shuffled.most == 0);  // codes that share bytes are one part, the caller's
}

TEST_CASE("exact sums by several threads", "[isa]") {
  constexpr std::size_t k = 200003;  // four tasks, cut within blocks
  auto x = normal_numbers(k);
  auto w = numbers<nf::float8_e5m2>(k);
  w[0] = w[k / 2] = w[k - 1] = nf::float8_e5m2(1.0f);
  using Blocks = nf::BlockFormat<nf::float8_e4m3fn, nf::float8_e8m0fnu, 48>;
  const auto check_all = [&] {
    const auto q = nf::BlockTensor<Blocks>::quantize(x, 1, k);
    check<float>(2, [&](auto& sums, auto&& executor) {
      sums[0] = nf::dot(x, w, nf::ExactAccumulator{}, executor);
      sums[1] = nf::dot_general(q, 0, q, 0, executor);
    });
    CHECK(nf::dot(x, w, nf::ExactAccumulator{}, Threads{2}) ==
          nf::dot(x, w, nf::ExactAccumulator{}));
  };
  check_all();
  x[0] = 0x1p100f, x[k - 1] = -0x1p100f;  // what cancels lies in two tasks
  check_all();
  x[k / 2] = std::numeric_limits<float>::infinity();
  CHECK(nf::dot(x, w, nf::ExactAccumulator{}, Threads{2}) == nf::dot(x, w, nf::ExactAccumulator{}));
}
