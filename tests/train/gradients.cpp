// SPDX-License-Identifier: MIT
// The gradients of the trainers' models, in double: along a direction in each tensor they are what
// differences of the loss say.
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "../../examples/train/classifier.hpp"
#include "../../examples/train/gpt.hpp"
#include "support/catch.hpp"

namespace {

using namespace train;

/// The three products by plain loops.
class PlainLayer final : public Layer<double> {
 public:
  void forward(std::span<const double> x, std::span<const double> w, std::span<double> y,
               const nf::LinearShape& shape, nf::Phase, Executor&) override {
    const auto [rows, in, out] = shape;
    x_.assign(x.begin(), x.end());
    w_.assign(w.begin(), w.end());
    shape_ = shape;
    multiply<double>({}, rows, out, in, {x.data(), in}, {w.data(), in, true}, {y.data(), out});
  }
  void backward(std::span<const double> dy, std::span<double> dx, std::span<double> dw,
                Executor&) override {
    const auto [rows, in, out] = shape_;
    multiply<double>({}, out, in, rows, {dy.data(), out, true}, {x_.data(), in}, {dw.data(), in});
    if (dx.empty()) return;
    multiply<double>({}, rows, in, out, {dy.data(), out}, {w_.data(), in}, {dx.data(), in});
  }

 private:
  std::vector<double> x_, w_;
  nf::LinearShape shape_{};
};

std::unique_ptr<Layer<double>> plain(Role) { return std::make_unique<PlainLayer>(); }

/// Away from where gains are 1 or 0 and biases 0, which would hide terms.
template <class Model>
void disturb(Model& model, double deviation) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal(0, deviation);
  for (Tensor<double>& t : model.tensors())
    for (double& w : t.values) w += normal(random);
}

/// Differences in five points: their own error is of the fourth power of the distance, 1e-16 here,
/// beside roundings of 1e-12 that they are made from. A ReLU's kink would show; none lies that
/// near.
template <class Model, class Loss, class Backward>
void check_gradients(Model& model, const Loss& loss, const Backward& backward) {
  constexpr double loss_scale = 4, distance = 1e-4;
  loss();
  backward(loss_scale);
  std::mt19937 random(7);
  for (Tensor<double>& t : model.tensors()) {
    const std::vector<double> at = t.values, gradient = t.gradient;
    std::normal_distribution<double> normal;
    std::vector<double> direction(at.size());
    for (double& d : direction) d = normal(random);
    const double length =
        std::sqrt(std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0));
    const auto moved = [&](double by) {
      for (std::size_t i = 0; i < at.size(); ++i)
        t.values[i] = at[i] + by * distance / length * direction[i];
      return loss();
    };
    const double difference =
        (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * distance) * length;
    t.values = at;
    const double expected =
        std::inner_product(gradient.begin(), gradient.end(), direction.begin(), 0.0) / loss_scale;
    const double size =
        std::sqrt(std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0)) /
        loss_scale;
    INFO(t.name << ": gradient " << expected << ", difference " << difference << ", length "
                << size);
    CHECK(size > 1e-4);
    CHECK(std::abs(difference - expected) < 1e-6 * size);
  }
}

void check_classifier(const std::vector<Stage>& stages) {
  Executor run;
  const Context at{run, {}};
  Classifier<double> model({stages}, plain, 1);
  disturb(model, 0.1);
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> images(std::size_t{5} * 64);
  for (double& x : images) x = normal(random);
  const std::vector<std::uint8_t> labels{3, 1, 4, 1, 9};
  check_gradients(
      model, [&] { return model.forward(at, images, labels); },
      [&](double scale) { model.backward(at, labels, scale); });
}

void check_gpt(GptConfig config) {
  Executor run;
  const Context at{run, {}};
  config.layers = 2;
  config.width = 8;
  config.heads = 2;
  config.context = 6;
  config.vocabulary = 16;
  Gpt<double> model(config, plain, 1);
  disturb(model, 0.3);
  std::mt19937 random(3);
  std::vector<Token> tokens(18), targets(18);
  for (Token& t : tokens) t = static_cast<Token>(random() % 16);
  for (Token& t : targets) t = static_cast<Token>(random() % 16);
  check_gradients(
      model, [&] { return model.forward(at, tokens, targets); },
      [&](double scale) { model.backward(at, tokens, targets, scale); });
}

}  // namespace

TEST_CASE("gradients of the multi-layer perceptron are those of differences") {
  check_classifier(mlp(16));
}
TEST_CASE("gradients of the convolutions are those of differences") {
  check_classifier(lenet(2, 8));
}
TEST_CASE("gradients of the language model are those of differences") { check_gpt({}); }
TEST_CASE("so are they with a norm after the token table") {
  check_gpt({.stable_embedding = true});
}
TEST_CASE("so are they with gains of the branches") { check_gpt({.layer_scale = true}); }
