// SPDX-License-Identifier: MIT
// The training loop of docs/scales.md: it is the one on the page, it learns what its formats can
// tell, and its evaluation leaves no trace in the histories.
#include <narrowfloat/scaling.hpp>

#include <cmath>
#include <fstream>
#include <iterator>

#include "support/catch.hpp"

namespace {

namespace nf = narrowfloat;
constexpr std::size_t rows = 32, features = 8;
constexpr int steps = 300;
using Floats = std::vector<float>;

/// Inputs of a step, of a size that is far from 1.
Floats batch(int step, float size = 0.01f) {
  Floats x(rows * features);
  auto state = static_cast<std::uint32_t>(step) * 77777u + 1;
  for (float& value : x) {
    state = state * 1664525u + 1013904223u;
    value = size * (static_cast<float>(state >> 8) * 0x1p-23f - 1);
  }
  return x;
}

/// y = x w, and dw = x^T dy.
Floats product(const Floats& x, const Floats& w) {
  Floats y(rows);
  for (std::size_t i = 0; i < rows * features; ++i) y[i / features] += x[i] * w[i % features];
  return y;
}
Floats gradient(const Floats& x, const Floats& dy) {
  Floats dw(features);
  for (std::size_t i = 0; i < rows * features; ++i) dw[i % features] += x[i] * dy[i / features];
  return dw;
}

/// Half the mean squared difference to y = x * {1, 2, ... 8}, and its gradient.
Floats difference(const Floats& x, const Floats& y) {
  Floats wanted(features);
  for (std::size_t i = 0; i < features; ++i) wanted[i] = static_cast<float>(i + 1);
  Floats dy = product(x, wanted);
  for (std::size_t i = 0; i < rows; ++i) dy[i] = (y[i] - dy[i]) / rows;
  return dy;
}
void step_of_optimizer(Floats& w, const Floats& dw) {
  for (std::size_t i = 0; i < features; ++i) w[i] -= 10000 * dw[i];
}

template <class F>
Floats values(const nf::ScaledTensor<F>& tensor) {
  Floats out(tensor.size());
  tensor.dequantize(out);
  return out;
}

struct Run {
  Floats weights;
  int skipped = 0, evaluated = 0;
  nf::DelayedScaling<nf::float8_e4m3fn> inputs;
};

Run train() {
  Floats weights(features);
  Run run;
  // clang-format off
  // on the page:
using Forward = nf::HybridFormats::forward;    // float8_e4m3fn: inputs and weights
using Backward = nf::HybridFormats::backward;  // float8_e5m2: gradients
nf::DelayedScaling<Forward> of_x{.history_length = 16}, of_w{.history_length = 16};
nf::DelayedScaling<Backward> of_dy{.history_length = 16};
nf::DynamicLossScale loss;

for (int step = 0; step < steps; ++step) {
  // Forward: convert with the scales that earlier steps have left, and record; one read of each
  // tensor.
  const auto x = nf::ScaledTensor<Forward>::quantize(batch(step), of_x);
  const auto w = nf::ScaledTensor<Forward>::quantize(weights, of_w);
  const Floats y = product(values(x), values(w));

  // Backward: the gradient of the loss is multiplied by the loss scale before anything makes it
  // narrow.
  Floats dy = difference(batch(step), y);
  for (float& value : dy) value *= loss.scale;
  const auto narrow_dy = nf::ScaledTensor<Backward>::quantize(dy, of_dy);
  Floats dw = gradient(values(x), values(narrow_dy));

  // The optimizer sees gradients without the loss scale, clipping and weight decay too; or it is
  // not called.
  const bool found_inf = nf::unscale(dw, loss.scale);
  if (!found_inf) step_of_optimizer(weights, dw);
  loss.update(found_inf);

  // The step ends, skipped or not: the next scales. Where workers share them, of_x.reduce(...) and
  // so on come first.
  of_x.update();
  of_w.update();
  of_dy.update();

  // Evaluation: the scales as they are. Nothing is recorded, so nothing of it is in the history.
  if (step % 100 == 99) {
    const auto held_out = nf::ScaledTensor<Forward>::quantize(batch(-1, 100), nf::Scale{of_x.scale});
    run.evaluated += product(values(held_out), weights).size() == rows;
  }
  run.skipped += found_inf;
}
  // end
  // clang-format on
  run.weights = weights;
  run.inputs = of_x;
  return run;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("training loop: learns the weights, to half a step of their codes", "[scaling]") {
  const Run run = train();
  CHECK(run.evaluated == 3);
  CHECK(run.skipped < 5);
  for (std::size_t i = 0; i < features; ++i)
    CHECK(std::fabs(run.weights[i] - static_cast<float>(i + 1)) <
          static_cast<float>(i + 1) / 16 + 0.02f);
  CHECK(nf::amax(run.inputs.amax_history) <=
        0.01f);  // the held-out inputs are 10,000 times as large
  CHECK(run.inputs.scale >= 44800);
}

TEST_CASE("training loop: the page shows this one", "[scaling]") {
  const std::string source = text_of(__FILE__),
                    page = text_of(NARROWFLOAT_DATA_DIR "/../../docs/scales.md");
  const std::string first = "// on the page:\n", last = "  // end\n";
  const std::size_t begin = source.find(first) + first.size();
  const std::string loop = source.substr(begin, source.find(last, begin) - begin);
  REQUIRE(loop.size() > 1000);
  CHECK(page.find("```cpp\n" + loop + "```\n") != std::string::npos);
}
