// SPDX-License-Identifier: MIT
// Rules that look at the whole tensor before they change it: clipped updates, LAMB and LARS. Their
// steps read the tensor twice.
#pragma once

#include <cstdint>

#include "rules.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// sqrt(a / b) of sums of squares.
inline exact root_of_ratio(double a, double b) { return root(quotient(exact_of(a), exact_of(b))); }

/// What divides the rate: max(1, rms / threshold), rms = sqrt(sum / n).
inline float clipped_rate(float rate, double sum_of_squares, double n, double threshold) {
  using kind = exact::kind;
  const exact rms = root_of_ratio(sum_of_squares, n), most = exact_of(threshold);
  const bool above =
      rms.what == kind::infinity || (rms.what == kind::finite && !at_most(rms, most));
  return above ? nearest_float(quotient(product(exact_of(rate), most), rms)) : rate;
}

}  // namespace NF_BASELINE

/// The step of a rule whose rate is clipped.
template <class Inner>
struct clipped_step : Inner {
  double threshold;

  NF_INLINE void settle(double sum, double, double n) {
    this->rate = clipped_rate(this->rate, sum, n, threshold);
  }
};
}  // namespace detail

/// StableAdamW (Wortsman et al., arXiv 2304.13013): AdamW whose averages are without bias from the
/// start and whose rate is divided by max(1, RMS / clip_threshold), RMS = sqrt(mean(g^2 / max(v,
/// eps^2))) over the tensor, as AdaFactor clips.
///
///   beta^ = beta (1 - beta^(t-1)) / (1 - beta^t)
///   m = beta1^ m + (1 - beta1^) g;  v = beta2^ v + (1 - beta2^) g^2
///   u = m / (sqrt(v) + eps)
///
/// Decay is by the rate as it was, as the author's code has it; decay_by_clipped_rate: by the
/// divided one.
struct StableAdamWRule {
  /// The options, with the defaults of the paper.
  double lr = 2e-3, beta1 = 0.9, beta2 = 0.99, eps = 1e-6, weight_decay = 0.2, clip_threshold = 1;
  /// Whether decay shrinks with the rate.
  bool decay_by_clipped_rate = false;

  /// What optimizer_rule asks for: two states, the averages m of g and v of g^2.
  static constexpr const char* name = "StableAdamW";
  static constexpr auto states = detail::adam_states;
  struct Step : detail::AdamStep {
    /// The RMS above which the rate is divided, and whether decay is divided too.
    double threshold;
    bool clips_decay;
    /// Called between the two reads: sets the rate by the sum over the tensor.
    NF_INLINE void settle(double sum, double, double n) {
      const float clipped = detail::clipped_rate(rate, sum, n, threshold);
      if (clips_decay && detail::is_usable(rate))
        decay = detail::nearest_float(
            detail::quotient(detail::product(detail::exact_of(decay), detail::exact_of(clipped)),
                             detail::exact_of(rate)));
      rate = clipped;
    }
  };
  NF_INLINE void check() const {
    detail::check_options(name, lr, beta1, beta2, eps, weight_decay);
    detail::option_check{name}.require(clip_threshold > 0, "clip_threshold", clip_threshold,
                                       "above 0");
  }
  NF_INLINE Step at(std::uint64_t t) const {
    using namespace detail;
    const exact one = exact_of(1), first = unbiased_decay(beta1, t),
                second = unbiased_decay(beta2, t);
    const AdamStep adam{{to_float(lr), decay_of(lr, weight_decay)},
                        nearest_float(first),
                        nearest_float(sum(one, negated(first))),
                        nearest_float(second),
                        nearest_float(sum(one, negated(second))),
                        1.0f,
                        1.0f,
                        to_float(eps),
                        0.0f};
    return {adam, clip_threshold, decay_by_clipped_rate};
  }
};

/// Update clipping for another rule: its rate is divided by max(1, RMS / threshold). The RMS is
/// that of StableAdamW where the rule keeps a second moment, else that of its updates u. Decay
/// keeps the rate as it was. Not for rules that look at the whole tensor themselves (StableAdamW,
/// LAMB, LARS).
///
/// Example   Optimizer<Clipped<LionRule>, Bfloat16State> lion({.rule = {.lr = 1e-4},
///                                                             .threshold = 1},
///                                                            weights.size());
template <optimizer_rule Rule>
struct Clipped {
  static_assert(
      !requires { &detail::step_of_rule<Rule>::settle; },
      "narrowfloat::Clipped: the rule scales its updates by the whole tensor itself");
  /// The rule whose rate is clipped.
  Rule rule{};
  /// The RMS of updates above which the rate is divided.
  double threshold = 1;

  /// What optimizer_rule asks for: the name and the states of the inner rule.
  static constexpr const char* name = Rule::name;
  static constexpr auto states = Rule::states;
  using Step = detail::clipped_step<detail::step_of_rule<Rule>>;
  NF_INLINE void check() const {
    rule.check();
    detail::option_check{name}.require(threshold > 0, "threshold", threshold, "above 0");
  }
  NF_INLINE Step at(std::uint64_t t) const { return {rule.at(t), threshold}; }
};

/// LAMB (You et al., arXiv 1904.00962, algorithm 2): u = Adam's update + weight_decay w, at the
/// rate lr |w| / |u|, norms over the tensor; where one of them is 0, at the rate lr.
struct LambRule {
  /// The options: rate, decays of the two averages, the term beside the root, decay.
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-6, weight_decay = 1e-2;

  /// What optimizer_rule asks for: two states, the averages m of g and v of g^2.
  static constexpr const char* name = "Lamb";
  static constexpr auto states = detail::adam_states;
  struct Step : detail::AdamStep {
    /// The decay: what w is added to the update with.
    float with_weights;

    /// Called between the two reads: sets the rate by the sums of squares of weights and updates.
    NF_INLINE void settle(double weights, double updates, double) {
      using namespace detail;
      if (weights > 0 && updates > 0)
        rate = nearest_float(product(exact_of(rate), root_of_ratio(weights, updates)));
    }
  };
  NF_INLINE void check() const { detail::check_options(name, lr, beta1, beta2, eps, weight_decay); }
  NF_INLINE Step at(std::uint64_t t) const {
    return {detail::adam_step(lr, beta1, beta2, eps, t), detail::to_float(weight_decay)};
  }
};

/// LARS (You, Gitman and Ginsburg, arXiv 1708.03888): m = momentum m + ratio (g + weight_decay w),
/// u = m, with ratio = trust |w| / (|g| + weight_decay |w|), norms over the tensor; 1 where |w| or
/// |g| is 0. The rate lies outside of m, as in bitsandbytes; the paper has it inside.
struct LarsRule {
  /// The options: rate, momentum, decay, and the paper's trust coefficient.
  double lr = 0.1, momentum = 0.9, weight_decay = 1e-4, trust = 1e-3;

  /// What optimizer_rule asks for: one state, the momentum m.
  static constexpr const char* name = "Lars";
  static constexpr std::array states = {RuleState{"m", Signedness::is_signed}};
  struct Step : RuleStep {
    /// The momentum, the decay, and the factor of gradients that settle() finds.
    float momentum, l2, ratio;
    /// The trust coefficient.
    double trust;

    /// Called between the two reads: sets the ratio by the sums of squares of weights and
    /// gradients.
    NF_INLINE void settle(double weights, double gradients, double) {
      using namespace detail;
      if (!(weights > 0 && gradients > 0)) return;
      const exact norm = root(exact_of(weights)),
                  both = sum(root(exact_of(gradients)), product(exact_of(l2), norm));
      ratio = nearest_float(quotient(product(exact_of(trust), norm), both));
    }
  };
  NF_INLINE void check() const {
    detail::check_options(name, lr, 0, 0, 0, weight_decay);
    const detail::option_check is{name};
    is.below_one("momentum", momentum);
    is.require(trust > 0, "trust", trust, "above 0");
  }
  NF_INLINE Step at(std::uint64_t) const {
    using namespace detail;
    return {{to_float(lr)}, to_float(momentum), to_float(weight_decay), 1.0f, trust};
  }
};

}  // namespace narrowfloat
