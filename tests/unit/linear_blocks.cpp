// SPDX-License-Identifier: MIT
// The recipes of Linear in block formats: blocks along the axis that each product sums over,
// transforms, stochastic gradients.
#include "support/linear_check.hpp"

using namespace test;
namespace recipes = nf::recipes;

constexpr nf::LinearShape shape{
    .rows = 192, .in = 40, .out = 64};  // tails of 8 in blocks of 32 and 16
constexpr double in_float = 0x1p-18;    // 192 roundings of 2^-24 at most

TEST_CASE("MXFP8, MXFP6 and E4M3 in blocks of 128 with promotion", "[linear]") {
  check_recipe<recipes::Mxfp8<>>("MXFP8", shape, in_float, in_float);
  check_recipe<recipes::Mxfp6<>>("MXFP6", shape, in_float, in_float);
  check_recipe<recipes::Fp8Blocks<>>("blocks", shape, in_float, in_float);
}
TEST_CASE("MXFP4 and NVFP4: factors of operands multiply results", "[linear]") {
  check_recipe<recipes::Mxfp4<>>("MXFP4", shape, 0x1p-8, in_float);
  check_recipe<recipes::Nvfp4<>>("NVFP4", shape, in_float, in_float);
}

TEST_CASE("the bytes that each pass reads", "[linear]") {
  constexpr std::size_t rows = shape.rows, in = shape.in, out = shape.out;
  const auto x = normal_floats(rows * in, 1), w = normal_floats(out * in, 2),
             dy = normal_floats(rows * out, 3);
  {
    nf::Linear<recipes::Mxfp8<>> layer;
    const auto [qx, qw] = layer.quantized(x, w, shape);
    CHECK(qx.rows().size_bytes() == rows * (in + 2));        // a scale for 32 of 40 and one for 8
    CHECK(qx.columns().size_bytes() == rows * in + 6 * in);  // 192 rows are 6 blocks
    CHECK(qw.columns().size_bytes() == out * in + 2 * in);
    const auto evaluated = layer.quantized(x, w, shape, nf::Phase::evaluation);
    CHECK(evaluated.x.size_bytes() == rows * (in + 2));
    CHECK(evaluated.x.rows().values == qx.rows().values);
    CHECK_THROWS_AS(evaluated.x.columns(), std::logic_error);
  }
  {
    nf::Linear<recipes::Nvfp4<>> layer;
    const auto [qx, qw] = layer.quantized(x, w, shape);
    CHECK(qx.rows().size_bytes() == rows * (in / 2 + 3) + 4);
    CHECK((qw.is_shared() && qw.size_bytes() == out * in / 2 + 4 * 3 + 4));  // blocks of 16 x 16
  }
  {
    nf::Linear<recipes::Mxfp4<>> layer;
    const auto [qx, qw] = layer.quantized(x, w, shape);
    const auto qdy = layer.quantized(dy, shape);
    CHECK(qx.rows().size_bytes() == 2 * rows * in);  // bfloat16 forward
    CHECK(qx.columns().size_bytes() == rows * in / 2 + 6 * in);
    CHECK(qdy.rows().size_bytes() == rows * (out / 2 + 2));
  }
}

TEST_CASE("transforms leave products as they are, but for what quantization loses", "[linear]") {
  constexpr std::size_t rows = shape.rows, in = shape.in, out = shape.out;
  const auto x = normal_floats(rows * in, 1), w = normal_floats(out * in, 2),
             dy = normal_floats(rows * out, 3);
  // In float nothing is lost but roundings.
  recipes::Float32<> plain, rotated;
  rotated.input_gradient.rotation = {.group = 64, .random_signs = true};
  rotated.weight_gradient.rotation = {.group = 16, .signs = nf::transformer_engine_signs};
  std::vector<float> y(rows * out), dx(rows * in), dw(out * in), want_dx(dx), want_dw(dw);
  nf::Linear<recipes::Float32<>> a(plain), b(rotated);
  a.forward(x, w, y, shape);
  a.backward(dy, want_dx, want_dw);
  for (int pass = 0; pass < 2; ++pass) {
    b.forward(x, w, y, shape);
    b.backward(dy, dx, dw);
    double off = 0;
    for (std::size_t i = 0; i < dx.size(); ++i)
      off = std::max(off, std::abs(dx[i] - double{want_dx[i]}));
    for (std::size_t i = 0; i < dw.size(); ++i)
      off = std::max(off, std::abs(dw[i] - double{want_dw[i]}));
    CHECK(off < 1e-4);
    CHECK(dx != want_dx);
  }
  // The signs are those of the step, for both operands of the product.
  b.update();
  b.update();
  const auto first = b.quantized(dy, shape);
  std::vector<float> by_hand(dy.size());
  nf::hadamard(dy, by_hand, rows, out, {.group = 64, .signs = nf::HadamardSigns::random(0, 2)});
  CHECK(first.rows().values == by_hand);
  nf::hadamard(dy, by_hand, rows, out, {.axis = 0, .signs = nf::transformer_engine_signs});
  CHECK(first.columns().values == by_hand);
}

TEST_CASE("stochastic gradients are without bias; no pass draws the bits of another", "[linear]") {
  constexpr std::size_t rows = shape.rows, in = shape.in, out = shape.out;
  const auto x = normal_floats(rows * in, 1), w = normal_floats(out * in, 2),
             dy = normal_floats(rows * out, 3);
  std::vector<float> y(rows * out), dx(rows * in), dw(out * in), before;
  std::vector<double> sum(dx.size()), exact(dx.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t o = 0; o < out; ++o)
        exact[r * in + i] += double{dy[r * out + o]} * w[o * in + i];
  nf::Linear<recipes::Mxfp4<>> layer({}, 5);
  constexpr int passes = 64;
  double error_of_one = 0, norm = 0, error_of_mean = 0;
  for (int pass = 0; pass < passes; ++pass) {
    layer.forward(x, w, y, shape);
    layer.backward(dy, dx, dw);
    CHECK(dx != before);
    before = dx;
    for (std::size_t i = 0; i < dx.size(); ++i) {
      sum[i] += dx[i];
      error_of_one += (dx[i] - exact[i]) * (dx[i] - exact[i]) / passes;
    }
  }
  for (std::size_t i = 0; i < dx.size(); ++i) {
    norm += exact[i] * exact[i];
    error_of_mean += (sum[i] / passes - exact[i]) * (sum[i] / passes - exact[i]);
  }
  // The error of a mean of 64 independent draws is an eighth of that of one.
  CHECK(std::sqrt(error_of_one / norm) > 0.1);
  CHECK(std::sqrt(error_of_mean / error_of_one) < 0.15);
}
