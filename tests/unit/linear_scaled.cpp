// SPDX-License-Identifier: MIT
// The recipes of Linear whose operands are numbers of a type, with one scale or none.
#include <limits>

#include "support/linear_check.hpp"

using namespace test;
namespace recipes = nf::recipes;

constexpr nf::LinearShape shape{.rows = 66, .in = 37, .out = 29};
constexpr double in_float = 0x1p-20;  // 66 roundings of 2^-24 at most

TEST_CASE("float, bfloat16 and float16: sums in float, results in the type", "[linear]") {
  check_recipe<recipes::Float32<>>("float32", shape, in_float, in_float);
  check_recipe<recipes::Bfloat16<>>("bfloat16", shape, 0x1p-8, 0x1p-8);
  check_recipe<recipes::Float16<>>("float16", shape, 0x1p-10, 0x1p-4);  // gradients are subnormal
}
TEST_CASE("FP8 with delayed, current and FP8-LM's scales, and Graphcore's biases", "[linear]") {
  check_recipe<recipes::Fp8Delayed<>>("delayed", shape, in_float, in_float);
  check_recipe<recipes::Fp8Current<>>("current", shape, in_float, in_float);
  check_recipe<recipes::Fp8Lm<>>("FP8-LM", shape, in_float, in_float);
  check_recipe<recipes::GraphcoreFp8<>>("Graphcore", shape, 0x1p-10, 0x1p-4);
}
TEST_CASE("unit scaling: results times the factors of the layer's shape", "[linear]") {
  check_recipe<recipes::UnitScaled<>>("unit", shape, in_float, in_float);
}

TEST_CASE("the bytes that each pass reads, and the formats of x, w and dy", "[linear]") {
  constexpr std::size_t rows = shape.rows, in = shape.in, out = shape.out;
  const auto bytes = [&](auto layer, std::size_t of_each) {
    const auto [qx, qw] =
        layer.quantized(normal_floats(rows * in, 1), normal_floats(out * in, 2), shape);
    const auto qdy = layer.quantized(normal_floats(rows * out, 3), shape);
    CHECK((qx.is_shared() && qw.is_shared() && qdy.is_shared()));
    CHECK(qx.size_bytes() == of_each * rows * in);
    CHECK(qw.size_bytes() == of_each * out * in);
    CHECK(qdy.size_bytes() == of_each * rows * out);
  };
  bytes(nf::Linear<recipes::Float32<>>(), 4);
  bytes(nf::Linear<recipes::Bfloat16<>>(), 2);
  bytes(nf::Linear<recipes::Fp8Delayed<>>(), 1);
  using Delayed = recipes::Fp8Delayed<>;
  static_assert(std::same_as<decltype(Delayed::x)::rows_operand,
                             nf::ProductOperand<std::vector<nf::float8_e4m3fn>>>);
  static_assert(std::same_as<decltype(Delayed::dy)::rows_operand,
                             nf::ProductOperand<std::vector<nf::float8_e5m2>>>);
}

TEST_CASE("FP8 saturates where a delayed scale is too large, and 16 bits overflow", "[linear]") {
  const std::vector<float> x(shape.rows * shape.in, 5e4f), w(shape.out * shape.in, 1.0f);
  nf::Linear<recipes::Fp8Delayed<>> layer;
  layer.recipe.x.source.scale = 1000;
  const auto delayed = layer.quantized(x, w, shape);
  CHECK(static_cast<float>(delayed.x.rows().values[0]) == 448);
  nf::Linear<recipes::UnitScaled<>> unit;
  CHECK(static_cast<float>(unit.quantized(x, w, shape).x.rows().values[0]) == 448);
  nf::Linear<recipes::Float16<>> mixed;
  std::vector<float> y(shape.rows * shape.out);
  mixed.forward(x, w, y, shape);
  CHECK(y[0] == std::numeric_limits<float>::infinity());  // what a loss scale looks for
}

TEST_CASE("factors whose product is no float are multiplied one after the other", "[linear]") {
  nf::Linear<recipes::Fp8Current<>> layer;
  const std::vector<float> x{1e38f, 0, 0, 1}, w{0, 1e6f, 0, 1};
  std::vector<float> y(4);
  layer.forward(x, w, y, {2, 2, 2});
  CHECK(y == std::vector<float>(4));  // 1 is too small beside 1e38
  const std::vector<float> tiny{0x1p-100f}, large{0x1p-30f};
  layer.forward(tiny, large, std::span(y).first(1), {1, 1, 1});
  CHECK(y[0] == 0x1p-130f);
}

TEST_CASE("an overflow in dy reaches dw where dy's saturation says so", "[linear]") {
  nf::Linear<recipes::UnitScaled<>> layer;
  const std::vector<float> x{1}, w{1}, dy{std::numeric_limits<float>::infinity()};
  std::vector<float> y(1), dx(1), dw(1);
  layer.forward(x, w, y, {1, 1, 1});
  layer.backward(dy, dx, dw);
  CHECK(dw[0] == 57344);
  layer.recipe.dy.saturation = nf::Saturation::propagate;
  layer.backward(dy, dx, dw);
  CHECK(dw[0] == dy[0]);
}

TEST_CASE("Graphcore's gradients have three bits of headroom", "[linear]") {
  constexpr std::size_t rows = shape.rows, out = shape.out;
  nf::Linear<recipes::GraphcoreFp8<>> layer;
  const auto dy = normal_floats(rows * out, 3);
  const auto q = layer.quantized(dy, shape);
  CHECK(q.rows().factor == nf::amax_bias<nf::float8_e5m2fnuz>(nf::amax(dy), 3).scale_inv());
  const auto x = normal_floats(rows * shape.in, 1), w = normal_floats(out * shape.in, 2);
  CHECK(layer.quantized(x, w, shape).x.rows().factor ==
        nf::amax_bias<nf::float8_e4m3fnuz>(nf::amax(x)).scale_inv());
  CHECK(static_cast<float>(nf::amax(q.rows().values)) <= 57344 / 8);
  CHECK(static_cast<float>(nf::amax(q.rows().values)) > 57344 / 32);
}
