// SPDX-License-Identifier: MIT
// The scales of FP8-LM: of a tensor, of gradients that workers sum, and its automatic factor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "../stats.hpp"
#include "detail/saved.hpp"
#include "detail/scales.hpp"
#include "format_pair.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// The factor of a step that multiplies by `factor` in `steps` steps.
constexpr double growth_of(double factor, int steps) {
  return nearest_double(nth_root(exact_of(factor), steps));
}
inline constexpr double doubled_in_1000_steps = growth_of(2, 1000);

/// 2^(floor(log2(largest / amax)) - margin), as far as it and its inverse are floats.
constexpr int power_scale_exponent(const exact& largest, float amax, int margin) {
  const int exponent = floor_log2_quotient(largest, exact_of(larger_magnitude(amax, 0)));
  return std::clamp(exponent - std::clamp(margin, -512, 512), -127, 127);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The scale of a tensor in FP8-LM (Peng et al., arXiv 2310.18313; the ScalingMeta of its library
/// MS-AMP): always a power of two that leaves the largest magnitude in (largest F / 2, largest F].
/// Its members are its options, then its state; copying it saves it.
///
/// With a window of 1, and until a longer one is full, the scale is that of the tensor itself
/// (`in_time()`): record(), update(), convert(). Then it is delayed: convert(), record(), update().
///
/// Result    update() sets scale = 2^(floor(log2(largest F / amax)) - margin), from exponent bits,
///           and scale_inv, by the largest amax of the window, which then moves on by one.
/// Special   an amax of 0, Inf or NaN leaves the scale. Inf and NaN in the window become 0,
///           and it is filled anew: in_time() holds again. The exponent stays within +-127.
/// Requires  amax.size() == window >= 1, and scales from 2^-127 on: else std::invalid_argument.
/// Promises  no allocation after construction; the same bits in every floating-point environment.
///
/// Example   ScalingMeta<float8_e4m3fn> meta{.window = 16};
///           std::vector<float8_e4m3fn> q(x.size());
///           meta.record(amax(x));
///           if (meta.in_time()) meta.update();
///           convert(x, q, Scale{meta.scale});
///           assert(meta.scale * amax(x) > 224 && meta.scale * meta.scale_inv == 1);
template <narrow_float F>
requires lossless_to<F, float>
struct ScalingMeta {
  std::size_t window = 1;          ///< steps between updates of the scale
  int margin = 0;                  ///< bits of headroom
  float scale = 1, scale_inv = 1;  ///< what numbers, and what codes, are multiplied by
  std::vector<float> amax = std::vector<float>(window);  ///< entry 0 is the one being recorded
  std::size_t filled = 0;                                ///< updates since the window was begun

  /// Whether the scale is made from the tensor that it is for.
  constexpr bool in_time() const noexcept { return window <= 1 || filled < window; }

  /// Takes the largest magnitude of the tensor; the largest between two updates counts.
  NF_INLINE void record(float x) {
    require_state("ScalingMeta::record");
    amax[0] = detail::larger_magnitude(amax[0], x);
  }
  /// Ends a step: makes the next scale, and moves the window on.
  NF_INLINE void update() {
    require_state("ScalingMeta::update");
    bool finite = true;
    for (float& x : amax) {
      finite = finite && detail::is_finite(x);
      if (!detail::is_finite(x)) x = 0;
    }
    const float largest = detail::largest_of_range(amax);
    if (detail::is_usable(largest)) {
      const int e = detail::power_scale_exponent(detail::largest_of<F>, largest, margin);
      scale = detail::power_of_two<float>(e);
      scale_inv = detail::power_of_two<float>(-e);
    }
    filled = finite ? filled + (filled < window ? 1 : 0) : 0;
    std::rotate(amax.begin(), amax.end() - 1, amax.end());
    amax[0] = 0;
  }

  /// What is saved: scales, window and how much of it is filled.
  NF_INLINE std::vector<StatePart> parts() { return parts_of(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(*this); }

 private:
  template <class Self>
  static NF_INLINE auto parts_of(Self& self) {
    return std::vector{detail::scale_part("scale", self.scale),
                       detail::scale_part("scale_inv", self.scale_inv),
                       state_part("amax", std::span(self.amax)), state_part("filled", self.filled)};
  }
  NF_INLINE void require_state(const char* call) const {
    detail::require_history(call, amax.size(), window);
    detail::require_scale_of_state(call, "the scale", scale);
    detail::require_scale_of_state(call, "the inverse scale", scale_inv);
  }
};

/// The scale that workers share when they sum gradients in the format F (FP8-LM; the code of
/// MS-AMP). Each worker gives reducible_amax(amax of its gradient) to an all-reduce with MAX, which
/// is the minimum over the workers of their scales, and update()s with the result; converts with
/// `scale`; the codes are summed; `scale_inv` reads the sum, mean_scale_inv() the mean.
///
/// The sum has to saturate, as add() on arrays does and operator + does not: the scale leaves room
/// for a sum of independent gradients, sqrt(workers) times one of them. Where the workers agree
/// more than that, codes of 320 and 320 become 448 in a saturating sum of float8_e4m3fn, and NaN by
/// the operator. AutoScale makes room where that is frequent.
///
/// Result    scale = 2^floor(log2(largest F / amax)) / sqrt(workers), rounded to a float.
/// Special   an amax of 0, Inf or NaN leaves the power of two as it is.
/// Requires  workers >= 1, an exponent within +-127 and a scale_inv from 2^-127 to the largest
///           float: else std::invalid_argument with the number.
/// Promises  the same bits in every floating-point environment.
///
/// Example   AllReduceScale<float8_e4m3fn> shared{.workers = 2};
///           shared.update(reducible_amax(std::vector<float>{amax(gradients), amax(gradients)}));
///           std::vector<float8_e4m3fn> mine(gradients.size()), theirs(mine), sum(mine);
///           convert(gradients, mine, Scale{shared.scale}, nearest_even, Saturation::finite);
///           theirs = mine;  // two workers agree: the worst case
///           const std::uint64_t saturated = add(mine, theirs, sum);
///           std::vector<float> mean(sum.size());
///           convert(sum, mean, Scale{shared.mean_scale_inv()});
///           assert(saturated < sum.size() && amax(mean) <= amax(gradients) * 1.07f);
template <narrow_float F>
requires lossless_to<F, float>
struct AllReduceScale {
  std::int32_t workers = 1;        ///< how many gradients are added up
  int exponent = 0;                ///< of the power of two
  float scale = 1, scale_inv = 1;  ///< what gradients, and what codes, are multiplied by

  /// Sets the scale by the largest magnitude among all workers.
  NF_INLINE void update(float largest_amax) {
    require_state("AllReduceScale::update");
    if (detail::is_usable(largest_amax))
      exponent = detail::power_scale_exponent(detail::largest_of<F>, largest_amax, 0);
    auto pre_scaled =
        detail::quotient(detail::exact_of(1), detail::root(detail::exact_of(workers)));
    pre_scaled.exponent += exponent;
    scale = detail::limited_scale(detail::nearest_float(pre_scaled), detail::largest_float);
    scale_inv = detail::float_quotient(1.0f, scale);
  }
  /// What the sum of the codes is multiplied by to give the mean: scale_inv / workers.
  NF_INLINE float mean_scale_inv() const {
    require_state("AllReduceScale::mean_scale_inv");
    return detail::nearest_float(
        detail::quotient(detail::exact_of(scale_inv), detail::exact_of(workers)));
  }

  /// What is saved: exponent and scales.
  NF_INLINE std::vector<StatePart> parts() { return parts_of(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(*this); }

 private:
  template <class Self>
  static NF_INLINE auto parts_of(Self& self) {
    return std::vector{detail::limited_part<-127, 127>("exponent", self.exponent),
                       detail::scale_part("scale", self.scale),
                       detail::scale_part("scale_inv", self.scale_inv)};
  }
  NF_INLINE void require_state(const char* call) const {
    if (workers < 1)
      detail::throw_invalid(call, std::to_string(workers) + " workers cannot reduce");
    if (exponent < -127 || exponent > 127)
      detail::throw_invalid(call, "the exponent is " + std::to_string(exponent) + ", beyond 127");
    detail::require_scale_of_state(call, "the scale", scale);
    detail::require_scale_of_state(call, "the inverse scale", scale_inv);
  }
};

/// What a worker gives to the all-reduce: its amax, Inf for NaN, so that a maximum is enough.
constexpr NF_INLINE float reducible_amax(float amax) noexcept {
  return detail::larger_magnitude(detail::is_finite(amax) ? amax : __builtin_inff(), 0);
}
/// The reduction itself, of the amaxes of all workers.
NF_INLINE float reducible_amax(std::span<const float> of_workers) {
  return reducible_amax(detail::largest_of_range(of_workers));
}

/// Which elements of a gradient AutoScale takes for overflowed.
enum class AutoScaleCount {
  attained,  ///< those that became the largest magnitude: the words of the paper
  beyond     ///< those that were larger than it
};

/// The automatic factor of FP8-LM: gradients are multiplied by `mu` before they are summed in FP8;
/// where too many elements reach the end of the format, mu shrinks at once, else it grows slowly.
/// The paper can be read in two ways: unbounded() halves mu and lets it grow on, bounded() sets it
/// to 1/2 and lets it grow to 2; AutoScale{} is the first.
///
/// Result    update() multiplies mu by `backoff` if over threshold * count elements overflowed,
///           else by `growth`; the product is rounded to a double, within [lowest, highest].
/// Special   a mu outside [2^-126, 2^127] or NaN, factors and bounds that are not positive,
///           lowest > highest, a threshold that is negative or NaN and more overflowed elements
///           than there are throw std::invalid_argument with the numbers.
/// Promises  the same bits in every floating-point environment.
///
/// Example   AutoScale mu = AutoScale::bounded();
///           ConversionStats stats;
///           std::vector<float8_e5m2> q(gradients.size());
///           convert(gradients, q, Scale{mu.factor()}, stats);
///           mu.update(stats);
///           assert(mu.mu > 1 && mu.mu < 1.001);
struct AutoScale {
  double threshold = 1e-5;                        ///< of the elements
  double backoff = 0.5;                           ///< the factor of a step that overflowed
  double growth = detail::doubled_in_1000_steps;  ///< of a step that did not: doubled in 1000 steps
  double lowest = 0x1p-126, highest = 0x1p127;    ///< the bounds of mu
  AutoScaleCount counted = AutoScaleCount::attained;  ///< which elements count as overflowed
  double mu = 1;                                      ///< the factor of the scale of gradients

  /// mu is halved, or doubled in 1000 steps, without an end.
  static constexpr AutoScale unbounded(AutoScaleCount counted = AutoScaleCount::attained) noexcept {
    return {.counted = counted};
  }
  /// mu is set to 1/2, a quarter of its largest value, and grows up to 2.
  static constexpr AutoScale bounded(AutoScaleCount counted = AutoScaleCount::attained) noexcept {
    return {.backoff = 0.25, .lowest = 0.5, .highest = 2, .counted = counted};
  }

  /// mu as the factor of a Scale.
  NF_INLINE float factor() const {
    require_state("AutoScale::factor");
    return detail::nearest_float(detail::exact_of(mu));
  }

  /// Takes the counters of the step's conversions.
  NF_INLINE void update(const ConversionStats& stats) {
    update(counted == AutoScaleCount::attained ? stats.attained : stats.saturated, stats.count);
  }
  /// The same of numbers: how many elements overflowed, as add() counts them in a sum, of how many.
  NF_INLINE void update(std::uint64_t overflowed, std::uint64_t count) {
    require_state("AutoScale::update");
    if (overflowed > count) {
      detail::throw_invalid("AutoScale::update", std::to_string(overflowed) + " elements of " +
                                                     std::to_string(count) + " overflowed");
    }
    const auto limit = detail::product(detail::exact_of(threshold), detail::exact_of(count));
    const auto above = detail::sum(detail::exact_of(overflowed), detail::negated(limit));
    const bool shrinks = above.what == detail::exact::kind::finite && !above.negative;
    const auto product =
        detail::product(detail::exact_of(mu), detail::exact_of(shrinks ? backoff : growth));
    using traits = detail::number_traits<double>;
    mu = traits::from_code(std::clamp(traits::to_code(detail::nearest_double(product)),
                                      traits::to_code(lowest), traits::to_code(highest)));
  }

  /// The factor of a step that multiplies mu by `factor` in `steps` steps.
  static constexpr NF_INLINE double growth_of(double factor, int steps) {
    return detail::growth_of(factor, steps);
  }

  /// What is saved: mu.
  NF_INLINE std::vector<StatePart> parts() { return {detail::factor_part("mu", mu)}; }
  NF_INLINE std::vector<ConstStatePart> parts() const { return {detail::factor_part("mu", mu)}; }

 private:
  NF_INLINE void require_state(const char* call) const {
    const auto require = [&](const char* name, double value, double least, double most) NF_INLINED {
      // as bits: comparisons of floats may raise flags
      using traits = detail::number_traits<double>;
      const auto bits = traits::to_code(value);
      if (bits >= traits::to_code(least) && bits <= traits::to_code(most)) return;
      detail::throw_invalid(call, std::string(name) + " is " + detail::shown(value) +
                                      ", outside [" + detail::shown(least) + ", " +
                                      detail::shown(most) + "]");
    };
    require("mu", mu, 0x1p-126, 0x1p127);
    require("lowest", lowest, 0x1p-126, 0x1p127);
    require("highest", highest, lowest, 0x1p127);
    require("backoff", backoff, 0x1p-126, 0x1p127);
    require("growth", growth, 0x1p-126, 0x1p127);
    require("the threshold", threshold, 0, 0x1p127);
  }
};

}  // namespace narrowfloat
