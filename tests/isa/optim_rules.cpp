// SPDX-License-Identifier: MIT
// Each rule in floats, bit by bit as written out for one weight: for every length of a last row,
// with and without a factor.
#include <narrowfloat/optim.hpp>
#include <random>

#include "support/catch.hpp"
#include "support/optim_reference.hpp"

using namespace narrowfloat;
using reference = std::vector<optim_reference::weight<float>>;

namespace {

std::vector<float> draws(std::size_t n, unsigned seed, float size) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, size);
  std::vector<float> x(n);
  for (float& each : x) each = normal(random);
  return x;
}

/// Five steps by an optimizer and by the reference; a factor of 1/8 undoes what the gradients are
/// times.
template <class Optimizer, class Step>
void check(const Optimizer& fresh, std::size_t n, Step step) {
  std::vector<float> weights = draws(n, 1, 1);
  reference expected(n);
  for (std::size_t i = 0; i < n; ++i) expected[i].w = weights[i];
  Optimizer optimizer = fresh;
  for (int t = 1; t <= 5; ++t) {
    std::vector<float> gradients = draws(n, static_cast<unsigned>(10 + t), t == 3 ? 1e-20f : 0.1f);
    if (n > 2) gradients[1] = t % 2 == 0 ? 0.0f : -0.0f;
    for (std::size_t i = 0; i < n; ++i) step(expected[i], gradients[i], t);
    for (float& g : gradients) g *= 8;
    const StepReport done = optimizer.step(weights, gradients, {.inverse_loss_scale = 0.125f});
    REQUIRE(!done.skipped);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; ++i)
      wrong +=
          std::bit_cast<std::uint32_t>(weights[i]) != std::bit_cast<std::uint32_t>(expected[i].w);
    INFO(Optimizer::name << ", " << n << " weights, step " << t);
    REQUIRE(wrong == 0);
  }
}

}  // namespace

TEST_CASE("rules are those written out for one weight, bit by bit") {
  for (const std::size_t n : {1u, 15u, 16u, 17u, 63u, 1023u, 1025u, 70000u}) {
    optim_reference::hyper h{.decay = 0.1};
    check(AdamW<>({.weight_decay = 0.1}, n), n, [&](auto& w, float g, int t) { w.adamw(g, h, t); });
    h.after = true;
    check(AdamW<>({.weight_decay = 0.1, .decay_order = DecayOrder::after}, n), n,
          [&](auto& w, float g, int t) { w.adamw(g, h, t); });
    check(Adam<>({.weight_decay = 0.1}, n), n, [&](auto& w, float g, int t) { w.adam(g, h, t); });
    check(Ademamix<>({.weight_decay = 0.1, .decay_order = DecayOrder::after}, n), n,
          [&](auto& w, float g, int t) { w.ademamix(g, h, t); });
    const optim_reference::hyper lion{.lr = 1e-4, .beta2 = 0.99, .decay = 0.1};
    check(Lion<>({.weight_decay = 0.1}, n), n, [&](auto& w, float g, int) { w.lion(g, lion); });
    check(Adagrad<>({.lr_decay = 0.1, .weight_decay = 0.1}, n), n,
          [&](auto& w, float g, int t) { w.adagrad(g, 1e-2, 0.1, 1e-10, 0.1, t); });
    check(Rmsprop<>({.weight_decay = 0.1}, n), n,
          [&](auto& w, float g, int) { w.rmsprop(g, 1e-2, 0.99, 1e-8, 0.1); });
    for (const bool nesterov : {false, true}) {
      const double dampening = nesterov ? 0 : 0.3;
      check(
          Sgd<>({.lr = 0.1, .dampening = dampening, .weight_decay = 0.1, .nesterov = nesterov}, n),
          n, [&](auto& w, float g, int t) { w.sgd(g, 0.1, 0.9, dampening, 0.1, nesterov, t); });
    }
    check(Optimizer<GradientDescentRule>({.lr = 0.1, .weight_decay = 0.1}, n), n,
          [&](auto& w, float g, int) {
            w.move(optim_reference::sum(g, optim_reference::product(0.1f, w.w)), 0.1f, 0, false);
          });
  }
}
