// SPDX-License-Identifier: MIT
// The test matrix of optimizers: every rule, storage and form of weights, beside the same step in
// doubles from the same state. How far each may be off, and why.
#pragma once

#include <functional>
#include <narrowfloat/optim.hpp>
#include <random>

#include "support/catch.hpp"
#include "support/optim_reference.hpp"

namespace optim_matrix {

namespace nf = narrowfloat;
using optim_reference::tensor;

/// What a format may make of a number x of a block with the largest magnitude amax: relative |x|,
/// plus of_amax amax, plus of_tensor the largest of the tensor, plus absolute.
struct bound {
  double relative, of_amax, absolute, of_tensor = 0;
  double of(double x, double amax, double tensor) const {
    return relative * std::abs(x) + of_amax * amax + of_tensor * tensor + absolute;
  }
};

/// Storages: half a step of their formats; a whole one where they round at random.
template <class S>
struct storage_case;
template <>
struct storage_case<nf::FloatState> {
  static constexpr bound of_signed{0, 0, 0}, of_unsigned{0, 0, 0};
};
template <>
struct storage_case<nf::Bfloat16State> {  // 8 bits
  static constexpr bound of_signed{0x1p-8, 0, 0x1p-133}, of_unsigned = of_signed;
};
template <>
struct storage_case<nf::StochasticBfloat16State> {
  static constexpr bound of_signed{0x1p-7, 0, 0x1p-133}, of_unsigned = of_signed;
};
template <>
struct storage_case<nf::Float16State> {  // 11 bits, steps of 2^-24 below 2^-14; v keeps 2^-24
  static constexpr bound of_signed{0x1p-11, 0, 0x1p-25}, of_unsigned{0x1p-11, 0, 0x1p-24};
};
template <>
struct storage_case<
    nf::CodebookState> {  // steps of 0.9 / 64 and 0.9 / 128 of a scale amax / 0.99296875
  static constexpr bound of_signed{0, 0.00709, 0}, of_unsigned{0, 0.00353, 0};
};
template <>
struct storage_case<
    nf::Codebook4State> {  // 0.9 / 4, and 1 / 16 of what is below 1 / 16; headroom: amax / 0.8875
  static constexpr bound of_signed{0, 0.127, 0}, of_unsigned{0, 0.0626, 0};
};

template <>
struct storage_case<
    nf::Fp8BlockState> {  // 4 bits, steps of 2^-9 of a scale amax / 448 at the lower end
  static constexpr bound of_signed{0x1p-4, 0x1p-10 / 448, 0}, of_unsigned{0x1p-4, 0x1p-9 / 448, 0};
};
template <>
struct storage_case<nf::Fp8State> {
  static constexpr bound of_signed{0x1p-4, 0, 0, 0x1p-10 / 448},
      of_unsigned{0x1p-4, 0, 0, 0x1p-9 / 448};
};
template <>
struct storage_case<nf::Fp8LmFirst> {  // a scale up to twice as large
  static constexpr bound of_signed{0x1p-4, 0, 0, 0x1p-9 / 448},
      of_unsigned{0x1p-4, 0, 0, 0x1p-8 / 448};
};
template <>
struct storage_case<nf::Fp8LmSecond> {
  static constexpr bound of_signed{0x1p-11, 0, 0, 0x1p-24 / 65504},
      of_unsigned{0x1p-11, 0, 0, 0x1p-23 / 65504};
};
template <>
struct storage_case<
    nf::ExpandedState> {  // code 2.3 2^-9 half a step off, to the power 1 / k, k above 0.3 here
  static constexpr bound of_signed{1, 1e-9, 0}, of_unsigned = of_signed;
};

/// Rules: the options of the test, the step in doubles, and how much larger than a weight's last
/// place the rounding of its floats may be: an update of size rate |u| has a relative error of some
/// 2^-20.
template <class Rule>
struct rule_case;
inline constexpr optim_reference::hyper adam_hyper{.decay = 0.1};

template <>
struct rule_case<nf::GradientDescentRule> {
  static nf::GradientDescentRule rule() { return {.lr = 0.1, .weight_decay = 0.01}; }
  static void step(tensor& x, int) {
    x.each([](auto& w, double g) { w.move(g + 0.01 * w.w, 0.1, 0, false); }, nullptr);
  }
};
template <>
struct rule_case<nf::SgdRule> {
  static nf::SgdRule rule() { return {.lr = 0.01, .weight_decay = 0.01, .nesterov = true}; }
  static void step(tensor& x, int t) {
    x.each([t](auto& w, double g) { w.sgd(g, 0.01, 0.9, 0, 0.01, true, t); },
           &optim_reference::weight<double>::m);
  }
};
template <>
struct rule_case<nf::AdamRule> {
  static nf::AdamRule rule() { return {.weight_decay = 0.1}; }
  static void step(tensor& x, int t) {
    using one = optim_reference::weight<double>;
    x.each([t](auto& w, double g) { w.adam(g, adam_hyper, t); }, &one::m, &one::v);
  }
};
template <>
struct rule_case<nf::AdamWRule> {
  static nf::AdamWRule rule() { return {.weight_decay = 0.1}; }
  static void step(tensor& x, int t) {
    using one = optim_reference::weight<double>;
    x.each([t](auto& w, double g) { w.adamw(g, adam_hyper, t); }, &one::m, &one::v);
  }
};
template <>
struct rule_case<nf::LionRule> {
  static nf::LionRule rule() { return {.weight_decay = 0.1}; }
  static void step(tensor& x, int) {
    x.each([](auto& w, double g) { w.lion(g, {.lr = 1e-4, .beta2 = 0.99, .decay = 0.1}); },
           &optim_reference::weight<double>::m);
  }
};
template <>
struct rule_case<nf::AdagradRule> {
  static nf::AdagradRule rule() { return {}; }
  static void step(tensor& x, int t) {
    x.each([t](auto& w, double g) { w.adagrad(g, 1e-2, 0, 1e-10, 0, t); },
           &optim_reference::weight<double>::v);
  }
};
template <>
struct rule_case<nf::RmspropRule> {
  static nf::RmspropRule rule() { return {}; }
  static void step(tensor& x, int) {
    x.each([](auto& w, double g) { w.rmsprop(g, 1e-2, 0.99, 1e-8, 0); },
           &optim_reference::weight<double>::v);
  }
};
template <>
struct rule_case<nf::AdemamixRule> {
  static nf::AdemamixRule rule() { return {.weight_decay = 0.1}; }
  static void step(tensor& x, int t) {
    using one = optim_reference::weight<double>;
    x.each([t](auto& w, double g) { w.ademamix(g, adam_hyper, t); }, &one::m, &one::v, &one::slow);
  }
};
template <>
struct rule_case<nf::StableAdamWRule> {
  static nf::StableAdamWRule rule() { return {.lr = 1e-3, .weight_decay = 0.1}; }
  static void step(tensor& x, int t) {
    x.stable_adamw({.beta2 = 0.99, .eps = 1e-6, .decay = 0.1}, t, 1);
  }
};
template <>
struct rule_case<nf::LambRule> {
  static nf::LambRule rule() { return {.weight_decay = 0.1}; }
  static void step(tensor& x, int t) { x.lamb({.eps = 1e-6, .decay = 0.1}, t); }
};
template <>
struct rule_case<nf::LarsRule> {
  static nf::LarsRule rule() { return {}; }
  static void step(tensor& x, int) { x.lars(0.1, 0.9, 1e-4, 1e-3); }
};
template <>
struct rule_case<nf::Clipped<nf::LionRule>> {
  static nf::Clipped<nf::LionRule> rule() { return {.rule = {}, .threshold = 0.5}; }
  static void step(tensor& x, int) { x.clipped_lion({.lr = 1e-4, .beta2 = 0.99}, 0.5); }
};

/// Forms of weights: how one is made of floats, and how far what it reads may be from what it was
/// given.
struct float_weights {
  using form = std::vector<float>;
  static form make(const std::vector<float>& from) { return from; }
  static constexpr double relative = 0, absolute = 0;
};
struct stochastic_bfloat16_weights {
  using form = std::vector<nf::bfloat16>;
  static form make(const std::vector<float>& from) {
    form made(from.size());
    nf::convert(from, made);
    return made;
  }
  static constexpr double relative = 0x1p-7, absolute = 0;
};
template <class Form, int Bits>
struct form_case {
  using form = Form;
  static form make(const std::vector<float>& from) { return form(from); }
  static constexpr double relative = Bits == 24 ? 0 : 1.0 / (1 << Bits),
                          absolute = Bits == 24 ? 0 : 1e-10;
};

template <class W>
std::vector<double> doubles_of(const W& weights) {
  std::vector<float> read(weights.size());
  if constexpr (nf::number_range<W>)
    nf::convert(weights, read);
  else
    weights.read(0, read);
  return {read.begin(), read.end()};
}

constexpr std::size_t size = 4099;  // code-books begin at 4096; neither blocks nor rows are whole

/// A rule, its storages and a form of weights without their types: the comparison is compiled once.
struct subject {
  const char* name;
  double relative, absolute;  ///< of the form of weights
  std::vector<bound> bounds;  ///< of each state
  std::function<void(tensor&, int)> reference;
  std::function<nf::StepReport(const std::vector<float>&)> step;
  std::function<std::vector<double>()> weights;
  std::function<void(std::vector<double> (&)[3])> states;
};

/// What a state has become, against what it should be.
inline double worst_of(const std::vector<double>& found, const std::vector<double>& expected,
                       const bound& by) {
  double worst = 0, whole = 0;
  for (const double x : expected) whole = std::max(whole, std::abs(x));
  for (std::size_t begin = 0; begin < size; begin += 256) {  // blocks are of 256, or lie in such
    double amax = 0;
    const std::size_t end = std::min(size, begin + 256);
    for (std::size_t i = begin; i < end; ++i) amax = std::max(amax, std::abs(expected[i]));
    for (std::size_t i = begin; i < end; ++i) {
      const double x = expected[i];
      const double allowed = by.of(x, amax, whole) * 1.001 + 0x1p-22 * (std::abs(x) + amax) + 1e-30;
      worst = std::max(worst, std::abs(found[i] - x) / allowed);
    }
  }
  return worst;
}

inline std::vector<float> starting_weights(std::mt19937& random) {
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> start(size);
  for (float& x : start) x = normal(random);
  return start;
}

/// 1,000 steps, of which some are compared.
inline void check(const subject& of, std::mt19937& random) {
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> gradients(size);
  for (int t = 1; t <= 1000; ++t) {
    if (t < 20 || t % 50 == 0)
      for (float& g : gradients) g = 0.1f * normal(random) * (random() % 64 == 0 ? 1e-3f : 1.0f);
    if (t > 3 && t != 10 && t != 100 && t % 500 != 0) {
      REQUIRE(!of.step(gradients).skipped);
      continue;
    }
    tensor expected;
    expected.w = of.weights();
    expected.g.assign(gradients.begin(), gradients.end());
    of.states(expected.s);
    const std::vector<double> before = expected.w;
    of.reference(expected, t);
    REQUIRE(!of.step(gradients).skipped);
    const std::vector<double> found = of.weights();
    double worst = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const double moved = std::abs(expected.w[i] - before[i]), w = std::abs(expected.w[i]);
      const double allowed = 0x1p-22 * std::max(w, std::abs(before[i])) + 0x1p-19 * moved + 1e-30 +
                             of.absolute + of.relative * (w + moved);
      worst = std::max(worst, std::abs(found[i] - expected.w[i]) / allowed);
    }
    INFO(of.name << ", step " << t);
    REQUIRE(worst <= 1);
    std::vector<double> states[3];
    of.states(states);
    for (std::size_t k = 0; k < of.bounds.size(); ++k) {
      INFO("state " << k);
      REQUIRE(worst_of(states[k], expected.s[k], of.bounds[k]) <= 1);
    }
  }
}

template <class Rule, class Weights, class... States>
void run(std::uint64_t seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  auto weights = Weights::make(starting_weights(random));
  nf::Optimizer<Rule, States...> optimizer(rule_case<Rule>::rule(), size);
  subject made{Rule::name,
               Weights::relative,
               Weights::absolute,
               {},
               &rule_case<Rule>::step,
               [&](const std::vector<float>& gradients) {
                 return optimizer.step(weights, gradients, {}, nf::Stochastic<>{seed});
               },
               [&] { return doubles_of(weights); },
               [&](std::vector<double>(&to)[3]) {
                 [[maybe_unused]] std::size_t k = 0;
                 std::apply([&](const auto&... each) { ((to[k++] = doubles_of(each)), ...); },
                            optimizer.states);
               }};
  [[maybe_unused]] const auto add_bound = [&](const bound& of_signed, const bound& of_unsigned) {
    const bool is_signed = Rule::states[made.bounds.size()].signedness == nf::Signedness::is_signed;
    made.bounds.push_back(is_signed ? of_signed : of_unsigned);
  };
  (add_bound(storage_case<States>::of_signed, storage_case<States>::of_unsigned), ...);
  check(made, random);
}

/// A rule on states that all have one storage.
template <class Rule, class Weights, class Storage, std::size_t... K>
void run_with(std::index_sequence<K...>) {
  run<Rule, Weights, std::conditional_t<(K < 9), Storage, void>...>(1 + sizeof...(K));
}
template <class... T>
struct types {};
/// Every rule on every storage, with one form of weights.
template <class Weights, class... Rules, class... Storages>
void run_all(types<Rules...>, types<Storages...>) {
  const auto of_rule = [&]<class Rule>(types<Rule>) {
    (run_with<Rule, Weights, Storages>(std::make_index_sequence<Rule::states.size()>{}), ...);
  };
  (of_rule(types<Rules>{}), ...);
}

using all_rules = types<nf::SgdRule, nf::AdamRule, nf::AdamWRule, nf::LionRule, nf::AdagradRule,
                        nf::RmspropRule, nf::AdemamixRule, nf::StableAdamWRule, nf::LambRule,
                        nf::LarsRule, nf::Clipped<nf::LionRule>>;
using all_storages =
    types<nf::FloatState, nf::Bfloat16State, nf::StochasticBfloat16State, nf::Float16State,
          nf::CodebookState, nf::Codebook4State, nf::Fp8BlockState, nf::Fp8State, nf::Fp8LmFirst,
          nf::Fp8LmSecond, nf::ExpandedState>;

}  // namespace optim_matrix
