// SPDX-License-Identifier: MIT
// The rules: the formula of each optimizer with the options and defaults of its source.
#pragma once

#include <cstdint>

#include "rule.hpp"

namespace narrowfloat {

namespace detail {

/// m and v of the family of Adam, and u = (m / c1) / (sqrt(v / c2) + eps) with c = 1 - beta^t.
struct AdamStep : RuleStep {
  static constexpr int second_moment = 1;
  float beta1, rest1, beta2, rest2, inverse1, root2, eps, l2;
};

inline namespace NF_BASELINE {

inline void check_options(const char* name, double lr, double beta1, double beta2, double eps,
                          double weight_decay) {
  const option_check is{name};
  is.positive_or_zero("lr", lr);
  is.below_one("beta1", beta1);
  is.below_one("beta2", beta2);
  is.positive_or_zero("eps", eps);
  is.positive_or_zero("weight_decay", weight_decay);
}
inline AdamStep adam_step(double lr, double beta1, double beta2, double eps, std::uint64_t t) {
  return {{to_float(lr)},
          to_float(beta1),
          rest_of(beta1),
          to_float(beta2),
          rest_of(beta2),
          inverse(bias_of(beta1, t)),
          inverse(root(bias_of(beta2, t))),
          to_float(eps),
          0.0f};
}
/// lr * weight_decay.
inline float decay_of(double lr, double weight_decay) {
  return nearest_float(product(exact_of(lr), exact_of(weight_decay)));
}

}  // namespace NF_BASELINE

inline constexpr std::array adam_states = {RuleState{"m", Signedness::is_signed},
                                           RuleState{"v", Signedness::is_unsigned}};
}  // namespace detail

/// w - lr g, with decay added to the gradient. Keeps nothing.
struct GradientDescentRule {
  /// The learning rate, and L2 decay.
  double lr = 1e-3, weight_decay = 0;

  /// What optimizer_rule asks for: it keeps no states.
  static constexpr const char* name = "GradientDescent";
  static constexpr std::array<RuleState, 0> states{};
  struct Step : RuleStep {
    /// The decay that is added to the gradient.
    float l2;
  };
  NF_INLINE void check() const { detail::check_options(name, lr, 0, 0, 0, weight_decay); }
  NF_INLINE Step at(std::uint64_t) const {
    return {{detail::to_float(lr)}, detail::to_float(weight_decay)};
  }
};

/// Gradient descent with momentum, as PyTorch's SGD (Sutskever et al. 2013): m = momentum m +
/// (1 - dampening) g, at the first step m = g; u = m, with Nesterov's u = g + momentum m. Decay is
/// added to the gradient.
struct SgdRule {
  /// The learning rate, the momentum, the part of a gradient that does not enter it, and the decay
  /// that is added to the gradient.
  double lr = 1e-3, momentum = 0.9, dampening = 0, weight_decay = 0;
  /// Whether the update looks ahead, as Nesterov's momentum does.
  bool nesterov = false;

  /// What optimizer_rule asks for: one state, the momentum m.
  static constexpr const char* name = "Sgd";
  static constexpr std::array states = {RuleState{"m", Signedness::is_signed}};
  struct Step : RuleStep {
    float momentum, gain, l2, ahead, now;  ///< m = momentum m + gain g; u = ahead m + now g
  };
  NF_INLINE void check() const {
    detail::check_options(name, lr, 0, 0, 0, weight_decay);
    const detail::option_check is{name};
    is.below_one("momentum", momentum);
    is.below_one("dampening", dampening);
    is.require(!nesterov || (momentum > 0 && dampening == 0), "momentum", momentum,
               "above 0 without dampening, as nesterov wants it");
  }
  NF_INLINE Step at(std::uint64_t t) const {
    const float beta = detail::to_float(momentum);
    return {{detail::to_float(lr)},
            beta,
            t == 1 ? 1.0f : detail::rest_of(dampening),
            detail::to_float(weight_decay),
            nesterov ? beta : 1.0f,
            nesterov ? 1.0f : 0.0f};
  }
};

/// Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1), with decay added to the gradient as
/// PyTorch's Adam has it.
struct AdamRule {
  /// The options: rate, decays of the two averages, the term beside the root, L2 decay.
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;

  /// What optimizer_rule asks for: two states, the averages m of g and v of g^2.
  static constexpr const char* name = "Adam";
  static constexpr auto states = detail::adam_states;
  NF_INLINE void check() const { detail::check_options(name, lr, beta1, beta2, eps, weight_decay); }
  NF_INLINE detail::AdamStep at(std::uint64_t t) const {
    auto made = detail::adam_step(lr, beta1, beta2, eps, t);
    made.l2 = detail::to_float(weight_decay);
    return made;
  }
};

/// AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2): Adam with decay that is decoupled
/// from the gradient.
///
/// Example   std::vector<float> w = weights, g = gradients;
///           // AdamW<>
///           Optimizer<AdamWRule, FloatState, FloatState> adam({.lr = 1e-3, .weight_decay = 0.1},
///                                                             w.size());
///           adam.step(w, g);
///           assert(std::abs(w[0] - (weights[0] * (1 - 1e-4f) - std::copysign(1e-3f, g[0]))) <
///                  1e-6f);
struct AdamWRule {
  /// The options: rate, decays of the two averages, the term beside the root, decoupled decay.
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 1e-2;
  /// Whether weights shrink before the update, or after it.
  DecayOrder decay_order = DecayOrder::before;

  /// What optimizer_rule asks for: two states, the averages m of g and v of g^2.
  static constexpr const char* name = "AdamW";
  static constexpr auto states = detail::adam_states;
  NF_INLINE void check() const { detail::check_options(name, lr, beta1, beta2, eps, weight_decay); }
  NF_INLINE detail::AdamStep at(std::uint64_t t) const {
    auto made = detail::adam_step(lr, beta1, beta2, eps, t);
    made.decay = detail::decay_of(lr, weight_decay);
    made.order = decay_order;
    return made;
  }
};

/// Lion (Chen et al., arXiv 2302.06675, algorithm 2): u = sign(beta1 m + (1 - beta1) g), then m =
/// beta2 m + (1 - beta2) g; the sign of 0 is 0. Decoupled decay.
struct LionRule {
  /// The options: rate, decays of the average for the update and for the state, decoupled decay.
  double lr = 1e-4, beta1 = 0.9, beta2 = 0.99, weight_decay = 0;

  /// What optimizer_rule asks for: one state, the average m of g.
  static constexpr const char* name = "Lion";
  static constexpr std::array states = {RuleState{"m", Signedness::is_signed}};
  struct Step : RuleStep {
    /// The decays of the options, and 1 minus each.
    float beta1, rest1, beta2, rest2;
  };
  NF_INLINE void check() const { detail::check_options(name, lr, beta1, beta2, 0, weight_decay); }
  NF_INLINE Step at(std::uint64_t) const {
    using namespace detail;
    return {{to_float(lr), decay_of(lr, weight_decay)},
            to_float(beta1),
            rest_of(beta1),
            to_float(beta2),
            rest_of(beta2)};
  }
};

/// Adagrad (Duchi, Hazan and Singer 2011), as PyTorch: v = v + g^2, u = g / (sqrt(v) + eps), at the
/// rate lr / (1 + (t - 1) lr_decay). Decay is added to the gradient.
struct AdagradRule {
  /// The learning rate and its decay, the term beside the root, and the decay that is added to the
  /// gradient.
  double lr = 1e-2, lr_decay = 0, eps = 1e-10, weight_decay = 0;

  /// What optimizer_rule asks for: one state, the sum v of g^2.
  static constexpr const char* name = "Adagrad";
  static constexpr std::array states = {RuleState{"v", Signedness::is_unsigned}};
  struct Step : RuleStep {
    /// Which state is a second moment: what Clipped measures updates by.
    static constexpr int second_moment = 0;
    /// The term beside the root, and the decay that is added to the gradient.
    float eps, l2;
  };
  NF_INLINE void check() const {
    detail::check_options(name, lr, 0, 0, eps, weight_decay);
    detail::option_check{name}.positive_or_zero("lr_decay", lr_decay);
  }
  NF_INLINE Step at(std::uint64_t t) const {
    using namespace detail;
    const exact slower = sum(exact_of(1), product(exact_of(t - 1), exact_of(lr_decay)));
    return {{nearest_float(quotient(exact_of(lr), slower))}, to_float(eps), to_float(weight_decay)};
  }
};

/// RMSprop (Hinton 2012), as PyTorch: v = alpha v + (1 - alpha) g^2, u = g / (sqrt(v) + eps). Decay
/// is added to the gradient.
struct RmspropRule {
  /// The learning rate, the decay of the average, the term beside the root, and the decay that is
  /// added to the gradient.
  double lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0;

  /// What optimizer_rule asks for: one state, the average v of g^2.
  static constexpr const char* name = "Rmsprop";
  static constexpr std::array states = {RuleState{"v", Signedness::is_unsigned}};
  struct Step : RuleStep {
    /// Which state is a second moment: what Clipped measures updates by.
    static constexpr int second_moment = 0;
    /// The decay of the average, 1 minus it, the term beside the root, and L2 decay.
    float alpha, rest, eps, l2;
  };
  NF_INLINE void check() const {
    detail::check_options(name, lr, 0, 0, eps, weight_decay);
    detail::option_check{name}.below_one("alpha", alpha);
  }
  NF_INLINE Step at(std::uint64_t) const {
    using namespace detail;
    return {{to_float(lr)}, to_float(alpha), rest_of(alpha), to_float(eps), to_float(weight_decay)};
  }
};

/// AdEMAMix (Pagliardini et al., arXiv 2409.03137, algorithm 1): Adam with a second, slow average
/// of the gradients, u = (m / (1 - beta1^t) + alpha slow) / (sqrt(v / (1 - beta2^t)) + eps).
/// Warm-up of alpha and beta3: change the members between steps. Decoupled decay.
struct AdemamixRule {
  /// The options, named as in the paper: beta3 is the decay of the slow average, alpha its weight.
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, beta3 = 0.9999, alpha = 5, eps = 1e-8,
         weight_decay = 1e-2;
  /// Whether weights shrink before the update, or after it.
  DecayOrder decay_order = DecayOrder::before;

  /// What optimizer_rule asks for: three states, m, v and the slow average.
  static constexpr const char* name = "Ademamix";
  static constexpr std::array states = {detail::adam_states[0], detail::adam_states[1],
                                        RuleState{"slow", Signedness::is_signed}};
  struct Step : detail::AdamStep {
    /// The decay of the slow average, 1 minus it, and its weight.
    float beta3, rest3, alpha;
  };
  NF_INLINE void check() const {
    detail::check_options(name, lr, beta1, beta2, eps, weight_decay);
    const detail::option_check is{name};
    is.below_one("beta3", beta3);
    is.positive_or_zero("alpha", alpha);
  }
  NF_INLINE Step at(std::uint64_t t) const {
    using namespace detail;
    AdamStep adam = adam_step(lr, beta1, beta2, eps, t);
    adam.decay = decay_of(lr, weight_decay);
    adam.order = decay_order;
    return {adam, to_float(beta3), rest_of(beta3), to_float(alpha)};
  }
};

}  // namespace narrowfloat
