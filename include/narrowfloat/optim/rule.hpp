// SPDX-License-Identifier: MIT
// What a rule is: the formula of an optimizer, written once on a group of floats.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "../detail/array/checks.hpp"
#include "../detail/exact/binary.hpp"
#include "../float.hpp"
#include "../specials.hpp"

namespace narrowfloat {

/// A state that a rule keeps of each weight.
struct RuleState {
  const char* name;       ///< "m" and "v" of Adam
  Signedness signedness;  ///< of its numbers
};

/// When weights shrink by the decay that is decoupled from the gradient.
enum class DecayOrder {
  before,  ///< before the update: w - (rate u + decay w), as PyTorch
  after    ///< after it: (w - rate u) (1 - decay), as the 8-bit optimizers of bitsandbytes
};

/// The numbers of one step that all rules have: the loop makes of a weight w and its update u
///
///   w - (rate u + decay w)                      under DecayOrder::before
///   (w - rate u) - decay (w - rate u)           under DecayOrder::after
///
/// each operation rounded to a float.
struct RuleStep {
  /// What the update, and what the weight, is multiplied by before it is subtracted.
  float rate = 0, decay = 0;
  /// Which of the two is subtracted first.
  DecayOrder order = DecayOrder::before;
};

/// A rule, the library's or one's own: an aggregate of options with
///
///   static constexpr const char* name    for messages
///   static constexpr std::array<RuleState, N> states    those that it keeps; at most 3
///   void check() const             throws std::invalid_argument for an option that makes no sense
///   S at(std::uint64_t t) const    the numbers of step t = 1, 2 ...: a RuleStep with the formula
///
/// and the formula u = step.update(w, g, state), a template on G, a group of floats with + - * /,
/// square_root(), sign(), larger() and G(float): it takes the weights and gradients, and replaces
/// state[k] by the new ones. It runs on the baseline's instructions; the library's own rules have
/// their formulas in optim/detail/rule_loop.inl, for every set.
///
/// docs/optimizers.md has one.
///
/// Example   const AdamWRule rule{.lr = 1e-3, .beta1 = 0.9, .weight_decay = 0.01};
///           rule.check();  // throws for an option that makes no sense, such as beta1 = 9
///           const auto third = rule.at(3);      // the numbers of the third step
///           assert(third.rate == 1e-3f && third.decay == 1e-5f && third.beta1 == 0.9f);
///           static_assert(optimizer_rule<AdamWRule> && AdamWRule::states.size() == 2);  // m and v
template <class T>
concept optimizer_rule = requires(const T& rule) {
  { T::states.size() } -> std::convertible_to<std::size_t>;
  { rule.at(std::uint64_t{1}) } -> std::convertible_to<RuleStep>;
  rule.check();
};

namespace detail {
inline namespace NF_BASELINE {

template <class Rule>
inline constexpr std::size_t states_of = Rule::states.size();
template <class Rule>
using step_of_rule = decltype(std::declval<const Rule&>().at(1));

/// The float nearest to a hyper-parameter.
inline float to_float(double x) { return nearest_float(exact_of(x)); }
/// 1 - x as a float.
inline float rest_of(double x) { return nearest_float(sum(exact_of(1), negated(exact_of(x)))); }

/// beta^t of 0 <= beta < 1.
inline exact decayed(double beta, std::uint64_t t) {
  exact x = exact_of(beta), result = exact_of(1);
  for (; t > 0; t /= 2) {
    if (x.what == exact::kind::zero || x.exponent < -2000)
      return exact::zero(false);  // far below every float
    if (t % 2 != 0) result = product(result, x);
    x = product(x, x);
  }
  return result;
}
/// 1 - beta^t, what an average that began with 0 is too small by.
inline exact bias_of(double beta, std::uint64_t t) {
  return sum(exact_of(1), negated(decayed(beta, t)));
}
/// beta (1 - beta^(t - 1)) / (1 - beta^t): of an average without that bias.
inline exact unbiased_decay(double beta, std::uint64_t t) {
  return quotient(product(exact_of(beta), bias_of(beta, t - 1)), bias_of(beta, t));
}
inline float inverse(const exact& x) { return nearest_float(quotient(exact_of(1), x)); }

/// What options of rules are asked for.
struct option_check {
  const char* rule;

  void require(bool good, const char* option, double value, const char* wanted) const {
    if (good) return;
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    throw_invalid(rule, std::string(option) + " is " + text + ", not " + wanted);
  }
  void positive_or_zero(const char* option, double x) const {
    require(x >= 0 && x <= 0x1p100, option, x, "a number from 0 to 2^100");
  }
  void below_one(const char* option, double x) const {
    require(x >= 0 && x < 1, option, x, "in [0, 1)");
  }
};

}  // namespace NF_BASELINE
}  // namespace detail

}  // namespace narrowfloat
