// SPDX-License-Identifier: MIT
// The gradients of layers against differences of a loss, in double: the smooth part, what is left
// when operands are on the grid of their format already.
#include <cmath>

#include "support/linear_check.hpp"

using namespace test;
namespace recipes = nf::recipes;

constexpr nf::LinearShape shape{.rows = 16, .in = 12, .out = 20};

/// The loss sum of log cosh(scale * x w^T), whose gradient by y is tanh(y).
double loss_of(const std::vector<double>& x, const std::vector<double>& w, double scale) {
  constexpr std::size_t rows = shape.rows, in = shape.in, out = shape.out;
  double loss = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t o = 0; o < out; ++o) {
      double y = 0;
      for (std::size_t i = 0; i < in; ++i) y += x[r * in + i] * w[o * in + i];
      loss += std::log(std::cosh(scale * y));
    }
  }
  return loss;
}

/// The largest distance of gradients from central differences, by the largest of them.
template <class Loss>
double distance(const std::vector<float>& gradient, std::vector<double> at, double factor,
                const Loss& loss) {
  constexpr double step = 1e-5;
  double most = 0, off = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double middle = at[i];
    at[i] = middle + step;
    const double above = loss(at);
    at[i] = middle - step;
    const double difference = (above - loss(at)) / (2 * step) * factor;
    at[i] = middle;
    most = std::max(most, std::abs(difference));
    off = std::max(off, std::abs(difference - static_cast<double>(gradient[i])));
  }
  return off / most;
}

/// `tolerance` is what the layer's roundings of y, dy and its results lose.
template <class R>
void check_gradients(const char* name, double tolerance, const R& recipe = {}) {
  INFO(name);
  constexpr std::size_t rows = shape.rows, in = shape.in, out = shape.out;
  nf::Linear<R> layer(recipe);
  nf::LinearScales by;
  if constexpr (requires { recipe.scales(shape); }) by = recipe.scales(shape);
  // On the grid of E2M1, which is on that of every format and of blocks with ones: sixes in each
  // block and row.
  std::vector<float> x = normal_floats(rows * in, 1), w = normal_floats(out * in, 2);
  for (std::vector<float>* v : {&x, &w}) {
    for (std::size_t i = 0; i < v->size(); ++i) {
      (*v)[i] = i % in == 0 ? 6.0f : static_cast<float>(nf::convert<nf::float4_e2m1fn>((*v)[i]));
      (*v)[i] /= 8;
    }
  }
  std::vector<float> y(rows * out), dy(y.size()), dx(x.size()), dw(w.size());
  layer.forward(x, w, y, shape);
  for (std::size_t i = 0; i < y.size(); ++i) dy[i] = std::tanh(y[i]);
  layer.backward(dy, dx, dw);
  const std::vector<double> at_x(x.begin(), x.end()), at_w(w.begin(), w.end());
  CHECK(distance(dx, at_x, by.grad_x / by.forward,
                 [&](const auto& v) { return loss_of(v, at_w, by.forward); }) < tolerance);
  CHECK(distance(dw, at_w, by.grad_w / by.forward,
                 [&](const auto& v) { return loss_of(at_x, v, by.forward); }) < tolerance);
}

TEST_CASE("gradients are those of the loss", "[linear]") {
  check_gradients<recipes::Float32<>>("float", 1e-6);
  check_gradients<recipes::Bfloat16<>>("bfloat16", 0x1p-7);
  check_gradients<recipes::Float16<>>("float16", 0x1p-10);
  check_gradients<recipes::UnitScaled<>>("unit", 0x1p-3);  // dy in E5M2
  check_gradients<recipes::UnitScaled<nf::FormatPair<nf::bfloat16>>>("unit in bfloat16", 0x1p-8);
  check_gradients<recipes::Fp8Delayed<>>("delayed", 0x1p-3);
  check_gradients<recipes::SwitchBack<>>("SwitchBack", 0x1p-5);
}
