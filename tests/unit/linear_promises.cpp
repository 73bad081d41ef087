// SPDX-License-Identifier: MIT
// What a layer promises whatever happens: random bits that are not shared, the same in every
// environment, no record of what failed.
#include <algorithm>
#include <stdexcept>

#include "support/environments.hpp"
#include "support/linear_check.hpp"

using namespace test;
namespace recipes = nf::recipes;

/// A recipe of one's own, whose three casts round at random.
struct Stochastics {
  nf::FloatCast<nf::float8_e4m3fn, nf::Stochastic<>> x, w, dy;
  nf::LayerProduct<> forward, input_gradient, weight_gradient;
};
TEST_CASE("x, w and dy, and every pass, have random bits of their own", "[linear]") {
  const auto values = normal_floats(256, 1);
  const nf::LinearShape square{16, 16, 16};
  nf::Linear<Stochastics> layer;
  const auto codes = [](const auto& tensor) {
    std::vector<float> floats(256);
    tensor.rows().dequantize(floats);
    return floats;
  };
  std::vector<std::vector<float>> all;
  for (int pass = 0; pass < 3; ++pass) {
    const auto q = layer.quantized(values, values, square);
    all.insert(all.end(), {codes(q.x), codes(q.w), codes(layer.quantized(values, square))});
  }
  const auto evaluated = layer.quantized(values, values, square, nf::Phase::evaluation);
  all.insert(all.end(), {codes(evaluated.x), codes(evaluated.w)});
  std::ranges::sort(all);
  CHECK(std::ranges::adjacent_find(all) == all.end());
}

TEST_CASE("random signs are those of the step, whatever passes lie between", "[linear]") {
  const nf::LinearShape square{64, 64, 64};
  const auto x = normal_floats(64 * 64, 1), w = normal_floats(64 * 64, 2);
  std::vector<float> y(x.size()), plain(x.size()), dx(x.size());
  recipes::Float32<> rotated;
  rotated.input_gradient.rotation = {.group = 64, .random_signs = true};
  nf::Linear<recipes::Float32<>> layer(rotated), without;
  without.forward(x, w, y, square);
  without.backward(y, plain, {});
  layer.forward(x, w, y, square);
  (void)layer.quantized(x, w, square);
  layer.backward(y, dx, {});
  double off = 0;
  for (std::size_t i = 0; i < dx.size(); ++i)
    off = std::max(off, std::abs(double{dx[i]} - plain[i]));
  CHECK(off < 1e-3);
}

TEST_CASE("the same in every floating-point environment, scales below the normal floats too",
          "[linear]") {
  const nf::LinearShape column{16, 16, 1};
  const std::vector<float> x(16 * 16, 1e-36f), w(16, 1e3f);
  const auto check = [&](const auto& fresh) {
    const auto run = [&] {
      auto layer = fresh;
      std::vector<float> y(16), dx(16 * 16);
      layer.forward(x, w, y, column);
      layer.backward(y, dx, {});
      return std::pair(y, dx);
    };
    CHECK(run().first[0] > 1e-33f);
    check_rounding_modes(run);
    check_flush_flags(run);
  };
  check(nf::Linear<recipes::Fp8Current<>>());
  check(nf::Linear<recipes::Nvfp4<>>());
}

TEST_CASE("whatever is thrown, nothing is recorded", "[linear]") {
  const nf::LinearShape shape{128, 16, 16};  // y and dx have a part for the executor
  const auto x = normal_floats(2048, 1), w = normal_floats(256, 2), dy = normal_floats(2048, 3);
  std::vector<float> y(2048), dx(2048), dw(256);
  nf::Linear<recipes::Fp8Delayed<>> layer;
  const auto fails = [&](auto f) {
    CHECK_THROWS(f());
    CHECK(layer.passes == 0);
    CHECK(layer.recipe.x.source.amax_history[0] == 0);
    CHECK(layer.recipe.w.source.amax_history[0] == 0);
  };
  const auto broken = [](std::size_t, auto) { throw std::runtime_error("no threads"); };
  fails([&] { layer.forward(x, w, y, shape, nf::Phase::training, broken); });
  layer.recipe.w.source.scale = 0;
  fails([&] { layer.forward(x, w, y, shape); });
  layer.recipe.w.source.scale = 1;
  layer.forward(x, w, y, shape);
  CHECK_THROWS(layer.backward(dy, dx, dw, nf::recipe_rounding, broken));
  CHECK(layer.recipe.dy.source.amax_history[0] == 0);
  recipes::Float32<> odd;
  odd.forward.rotation.group = 24;
  nf::Linear<recipes::Float32<>> rotated(odd);
  CHECK_THROWS(rotated.forward(x, w, y, shape));
  CHECK(rotated.passes == 0);
}
