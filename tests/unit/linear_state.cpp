// SPDX-License-Identifier: MIT
// What a layer carries from pass to pass: scales, streams of random bits, operands; and what it
// refuses.
#include <narrowfloat/linalg.hpp>

#include "support/formats.hpp"
#include "support/linear_check.hpp"

using namespace test;
namespace recipes = nf::recipes;

constexpr nf::LinearShape shape{.rows = 128, .in = 24, .out = 16};  // y and dx: two parts

struct Tensors {
  std::vector<float> x = normal_floats(shape.rows * shape.in, 1),
                     w = normal_floats(shape.out * shape.in, 2),
                     dy = normal_floats(shape.rows * shape.out, 3);
  std::vector<float> y = std::vector<float>(shape.rows * shape.out),
                     dx = std::vector<float>(shape.rows * shape.in),
                     dw = std::vector<float>(shape.out * shape.in);
};

TEST_CASE("delayed scaling: a pass records, update() ends the step, evaluation does neither",
          "[linear]") {
  Tensors t;
  nf::Linear<recipes::Fp8Delayed<>> layer;
  layer.recipe.x.source = {.history_length = 4};
  layer.recipe.dy.source = {.history_length = 4};
  layer.forward(t.x, t.w, t.y, shape);
  layer.backward(t.dy, t.dx, t.dw);
  CHECK(layer.recipe.x.source.amax_history[0] == nf::amax(t.x));
  CHECK(layer.recipe.x.source.scale == 1);
  layer.update();
  CHECK(layer.recipe.x.source.scale == 448 / nf::amax(t.x));
  CHECK(layer.recipe.w.source.scale == 448 / nf::amax(t.w));
  CHECK(layer.recipe.dy.source.scale == 57344 / nf::amax(t.dy));

  std::vector<float> large(t.x);
  for (float& v : large) v *= 8;
  const auto before = layer.recipe.x.source.amax_history;
  const std::vector<float> y = t.y;
  layer.forward(large, t.w, t.y, shape, nf::Phase::evaluation);
  CHECK(layer.recipe.x.source.amax_history == before);
  CHECK(layer.passes == 1);
  layer.backward(t.dy, t.dx, t.dw);  // of the training pass, whose operands evaluation has left
  std::vector<float> dw(t.dw);
  nf::Linear<recipes::Fp8Delayed<>> again;
  again.recipe.dy.source.scale = 57344 / nf::amax(t.dy);
  again.forward(t.x, t.w, t.y, shape);
  again.backward(t.dy, t.dx, t.dw);
  CHECK(dw == t.dw);
}

TEST_CASE("FP8-LM in evaluation: the scale of the tensor, no state", "[linear]") {
  Tensors t;
  nf::Linear<recipes::Fp8Lm<>> layer;
  const auto [qx, qw] = layer.quantized(t.x, t.w, shape, nf::Phase::evaluation);
  CHECK(layer.recipe.x.source.filled == 0);
  layer.forward(t.x, t.w, t.y, shape);
  CHECK(layer.recipe.x.source.filled == 1);
  CHECK(layer.recipe.x.source.scale_inv == qx.rows().factor);
}

TEST_CASE("a copy goes on with the same bits; seeds and passes draw others", "[linear]") {
  Tensors t;
  nf::Linear<recipes::SrMac<>> layer({}, 9);
  layer.forward(t.x, t.w, t.y, shape);
  const auto first = t.y;
  auto copy = layer;
  layer.forward(t.x, t.w, t.y, shape);
  const auto second = t.y;
  CHECK(first != second);
  copy.forward(t.x, t.w, t.y, shape);
  CHECK(second == t.y);
  copy.backward(t.dy, t.dx, t.dw);
  auto dx = t.dx, dw = t.dw;
  layer.backward(t.dy, t.dx, t.dw);
  CHECK((dx == t.dx && dw == t.dw));
  layer.backward(t.dy, {}, t.dw);  // dx is not wanted
  CHECK(dw == t.dw);
  layer.backward(t.dy, t.dx, {});
  CHECK(dx == t.dx);

  nf::Linear<recipes::SrMac<>> restored(layer.recipe, layer.seed);
  restored.passes = 1;
  restored.forward(t.x, t.w, t.y, shape);
  CHECK(second == t.y);
  nf::Linear<recipes::SrMac<>> other({}, 10);
  other.forward(t.x, t.w, t.y, shape);
  CHECK(first != t.y);
}

TEST_CASE("a rounding given to backward() takes the place of the recipe's", "[linear]") {
  Tensors t;
  nf::Linear<recipes::Mxfp8<>> layer;
  layer.forward(t.x, t.w, t.y, shape);
  const nf::Stochastic<8> rounding{.seed = 4, .stream = 2};
  const auto given = layer.quantized(t.dy, shape, rounding);
  const auto want = nf::BlockTensor<nf::mxfp8_e4m3>::quantize_both(
      t.dy, shape.rows, shape.out, {.rule = nf::ScaleRule::rceil}, rounding);
  CHECK(given.rows().values == want.first);
  CHECK(given.columns().values == want.second);
  CHECK_FALSE(layer.quantized(t.dy, shape).rows().values == want.first);
  layer.backward(t.dy, t.dx, t.dw, rounding);
  const auto stochastic = t.dx;
  layer.backward(t.dy, t.dx, t.dw);
  CHECK(stochastic != t.dx);
  layer.backward(t.dy, t.dx, t.dw, rounding);
  CHECK(stochastic == t.dx);
}

TEST_CASE("the same bits on every instruction set, by any executor", "[linear]") {
  Tensors t;
  const auto run = [&](auto layer, auto executor) {
    layer.forward(t.x, t.w, t.y, shape, nf::Phase::training, executor);
    layer.backward(t.dy, t.dx, t.dw, nf::recipe_rounding, executor);
    return std::tuple(t.y, t.dx, t.dw);
  };
  std::size_t most = 0;
  const auto backwards = [&most](std::size_t tasks, auto f) {
    most = std::max(most, tasks);
    while (tasks-- != 0) f(tasks);
  };
  const auto check = [&](auto layer) {
    const auto want = run(layer, nf::SerialExecutor{});
    CHECK(run(layer, backwards) == want);
    for (const nf::Isa isa : {nf::Isa::generic, nf::Isa::avx2, nf::Isa::neon}) {
      if (!nf::isa_available(isa)) continue;
      const nf::ScopedIsa scope(isa);
      CHECK(run(layer, nf::SerialExecutor{}) == want);
    }
  };
  check(nf::Linear<recipes::Nvfp4<>>());
  check(nf::Linear<recipes::SrMac<9>>());
  check(nf::Linear<recipes::SwitchBack<>>());
  CHECK(most == 2);
}

TEST_CASE("large tensors are quantized and read by any executor", "[linear]") {
  constexpr nf::LinearShape large{.rows = 320, .in = 256, .out = 64};  // x: two tasks
  const auto x = normal_floats(large.rows * large.in, 1),
             w = normal_floats(large.out * large.in, 2);
  std::vector<std::size_t> calls;
  const auto backwards = [&calls](std::size_t tasks, auto f) {
    calls.push_back(tasks);
    while (tasks-- != 0) f(tasks);
  };
  const auto run = [&](auto layer, auto executor) {
    std::vector<float> all(2 * x.size());
    const auto rows = std::span(all).first(x.size()), columns = std::span(all).last(x.size());
    const auto qx = layer.quantized(x, w, large, nf::Phase::training, executor).x;
    qx.rows().dequantize(rows, executor);
    qx.columns().dequantize(columns, executor);
    std::vector<std::byte> state;
    for (const nf::ConstStatePart& part : std::as_const(layer).parts())
      state.insert(state.end(), part.bytes.begin(), part.bytes.end());
    return std::pair(all, state);
  };
  const auto check = [&](auto layer) {
    calls.clear();
    CHECK(run(layer, backwards) == run(layer, nf::SerialExecutor{}));
    CHECK(calls.size() >= 3);  // quantized, and read twice
  };
  check(nf::Linear<recipes::Nvfp4<>>());
  check(nf::Linear<recipes::SwitchBack<>>());
  check(nf::Linear<recipes::Fp8Delayed<>>());
  calls.clear();
  std::vector<float> y(large.rows * large.out);
  nf::Linear<recipes::Fp8Delayed<>>().forward(x, w, y, large, nf::Phase::evaluation, backwards);
  CHECK((calls.size() == 2 && calls[0] == 2));  // x, and the product
}

TEST_CASE("what does not fit is refused with the numbers, before anything is recorded",
          "[linear]") {
  Tensors t;
  nf::Linear<recipes::Fp8Delayed<>> layer;
  CHECK_THROWS_WITH(
      layer.backward(t.dy, t.dx, t.dw),
      "narrowfloat::Linear::backward: there was no forward pass with Phase::training");
  const auto expect = [&](auto f, const std::string& message) {
    CHECK_THROWS_WITH(f(), "narrowfloat::" + message);
  };
  const std::span<float> x(t.x), w(t.w), y(t.y);
  expect([&] { layer.forward(x.first(5), w, y, shape); },
         "Linear::forward: x has 5 elements, the matrix 128 x 24");
  expect([&] { layer.forward(x, w.first(5), y, shape); },
         "Linear::forward: w has 5 elements, the matrix 16 x 24");
  expect([&] { layer.forward(x, w, y.first(5), shape); },
         "Linear::forward: y has 5 elements, the matrix 128 x 16");
  CHECK(layer.passes == 0);
  CHECK(layer.recipe.x.source.amax_history[0] == 0);
  layer.forward(x, w, y, shape);
  expect([&] { layer.backward(y.first(5), t.dx, t.dw); },
         "Linear::backward: dy has 5 elements, the matrix 128 x 16");
  expect([&] { layer.backward(t.dy, x.first(5), t.dw); },
         "Linear::backward: dx has 5 elements, the matrix 128 x 24");
  CHECK(layer.recipe.dy.source.amax_history[0] == 0);

  nf::Linear<recipes::Mxfp4<>> rotated;
  expect([&] { rotated.forward(x, w, y, shape); },
         "Linear::forward: out = 16 is no multiple of the Hadamard group of 64");
  rotated.forward(x, w, y, shape, nf::Phase::evaluation);  // has no transform
}

/// A product of the caller's; how often it was called.
struct CountedGemm {
  static inline int calls = 0;
  void operator()(std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda,
                  const float* b, std::size_t ldb, float* c, std::size_t ldc) const {
    ++calls;
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t l = 0; l < k; ++l) sum += double{a[i * lda + l]} * b[l * ldb + j];
        c[i * ldc + j] = static_cast<float>(sum);
      }
    }
  }
};
TEST_CASE("float sums by someone else's product of matrices", "[linear]") {
  Tensors t;
  nf::Linear<recipes::Mxfp8<nf::FreeOrderAccumulator<CountedGemm>>> layer;
  layer.forward(t.x, t.w, t.y, shape);
  layer.backward(t.dy, t.dx, t.dw);
  CHECK(CountedGemm::calls == 3);
  const auto dx = t.dx, dw = t.dw, y = t.y;
  nf::Linear<recipes::Mxfp8<nf::FusedAccumulator<double>>> in_double;
  in_double.forward(t.x, t.w, t.y, shape);
  in_double.backward(t.dy, t.dx, t.dw);
  CHECK((y == t.y && dx == t.dx && dw == t.dw));
}

TEST_CASE("empty layers", "[linear]") {
  nf::Linear<recipes::UnitScaled<>> unit;
  unit.forward({}, {}, {}, {0, 0, 0});
  nf::Linear<recipes::Mxfp8<>> layer;
  std::vector<float> none, w(8 * 4, 1.0f), dw(8 * 4, 5.0f);
  layer.forward(none, w, none, {0, 4, 8});
  layer.backward(none, none, dw);
  CHECK(dw == std::vector<float>(32));
}
