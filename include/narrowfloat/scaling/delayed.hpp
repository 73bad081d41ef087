// SPDX-License-Identifier: MIT
// Delayed scaling: the scale of this step's cast comes from the largest magnitudes of earlier
// steps.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include "detail/saved.hpp"
#include "detail/scales.hpp"
#include "format_pair.hpp"

namespace narrowfloat {

/// Which magnitude of the history the scale is made from.
enum class AmaxAlgorithm {
  max,         ///< the largest of all
  most_recent  ///< that of this step
};

/// What DelayedScaling::update() does when the largest magnitude of this step is 0: the tensor was
/// not used.
enum class UnusedStep {
  /// nothing: history and scale stay, as in Transformer Engine's kernel for all tensors at once
  keep,
  roll  ///< what it always does: the 0 becomes a part of the history
};

/// What DelayedScaling does with an amax of Inf and NaN, recorded or found in the history.
enum class NonFiniteAmax {
  drop_nan,  ///< a NaN counts for nothing, an Inf is recorded: Transformer Engine's kernels (fmaxf)
  keep,      ///< both are recorded: Transformer Engine's Python path
  discard    ///< neither counts
};

namespace detail {
inline namespace NF_BASELINE {

/// (largest / amax) / 2^margin, each a float; `scale` where amax is 0, Inf or NaN.
constexpr float delayed_scale(const exact& largest, float amax, int margin, float scale) {
  if (!is_usable(amax)) return scale;
  exact divided = exact_of(nearest_float(quotient(largest, exact_of(larger_magnitude(amax, 0)))));
  if (divided.what == exact::kind::finite) divided.exponent -= std::clamp(margin, -512, 512);
  return limited_scale(nearest_float(divided), largest_float);
}

/// Moves each entry one place down, the first to the end; the first is 0 then.
constexpr void roll_history(std::span<float> history) {
  std::rotate(history.begin(), history.begin() + 1, history.end());
  history[0] = 0;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The delayed scaling of one tensor to the format F, as in NVIDIA Transformer Engine (recipe
/// DelayedScaling; Micikevicius et al., "FP8 Formats for Deep Learning", arXiv 2209.05433, has the
/// formats). Its members are its options, then its state; copying it saves it, and the copy goes on
/// with the same bits.
///
/// Each step: convert with `scale`; record() the largest magnitude of the tensor, as often as it is
/// cast; reduce() where several workers share the scale; update() once at the end.
///
/// Result    update() sets scale = (largest F / amax) / 2^margin, each operation rounded to a
///           float; amax is what `amax_algorithm` finds in the history.
/// Special   an amax of 0, Inf or NaN leaves the scale as it is. A scale that overflows is the
///           largest float; one below 2^-126 is 2^-126, so that its inverse is a number. What is
///           recorded stays in the history for history_length steps, an Inf too: it freezes a scale
///           by `max` so long, and so does a NaN under NonFiniteAmax::keep.
/// Requires  amax_history.size() == history_length >= 1 (set the length when the object is made),
///           and a scale from 2^-127 to the largest float: else every call throws
///           std::invalid_argument with the numbers.
/// Promises  no allocation after construction; the same bits in every floating-point environment.
///
/// Example   DelayedScaling<float8_e4m3fn> s{.history_length = 16};
///           std::vector<float8_e4m3fn> q(x.size());
///           for (int step = 0; step < 3; ++step) {
///             convert(x, q, Scale{s.scale}, nearest_even, Saturation::finite);
///             s.record(amax(x));
///             // an all-reduce with MAX, where there are workers
///             s.reduce([](float mine) { return mine; });
///             s.update();
///           }
///           assert(s.scale == 448 / amax(x));
template <narrow_float F>
requires lossless_to<F, float>
struct DelayedScaling {
  /// Steps of which the largest magnitudes are kept.
  std::size_t history_length = 1024;
  int margin = 0;  ///< bits of headroom
  /// What the scale is made from.
  AmaxAlgorithm amax_algorithm = AmaxAlgorithm::max;
  /// What a step without a tensor means.
  UnusedStep unused_step = UnusedStep::keep;
  /// What becomes of a magnitude of Inf or NaN.
  NonFiniteAmax non_finite = NonFiniteAmax::drop_nan;
  float scale = 1;  ///< what the next cast multiplies by
  /// Entry 0 is this step's; after it from the oldest step to the last one.
  std::vector<float> amax_history = std::vector<float>(history_length);

  /// What a value read from F is multiplied by: 1 / scale, rounded once.
  NF_INLINE float scale_inv() const {
    require_state("DelayedScaling::scale_inv");
    return detail::float_quotient(1.0f, scale);
  }

  /// Takes the largest magnitude of a tensor that was cast in this step; the largest of a step
  /// counts, and a NaN that counts is larger than Inf. The amax of Transformer Engine's kernels is
  /// amax(x, NanAmax::drop).
  NF_INLINE void record(float amax) {
    require_state("DelayedScaling::record");
    if (counts(amax)) amax_history[0] = detail::larger_magnitude(amax_history[0], amax);
  }

  /// Replaces what this step recorded by what `all_reduce` makes of it: the largest of all workers.
  template <std::invocable<float> AllReduce>
  NF_INLINE void reduce(AllReduce&& all_reduce) {
    require_state("DelayedScaling::reduce");
    amax_history[0] = all_reduce(amax_history[0]);
  }

  /// Ends the step: the next scale, then a place in the history for the next step.
  NF_INLINE void update() {
    update([this](std::span<const float> history) NF_INLINED {
      if (amax_algorithm == AmaxAlgorithm::most_recent) return history[0];
      float most = 0;
      for (const float x : history) {
        if (counts(x)) most = detail::larger_magnitude(most, x);
      }
      return most;
    });
  }
  /// The same by an algorithm of your own, in the place of amax_algorithm: it gets the history,
  /// this step's entry first and those that non_finite leaves out among the others, and returns the
  /// amax.
  template <std::invocable<std::span<const float>> Algorithm>
  NF_INLINE void update(Algorithm&& algorithm) {
    require_state("DelayedScaling::update");
    if (unused_step == UnusedStep::keep && detail::is_zero(amax_history[0])) return;
    const float amax = algorithm(std::span<const float>(amax_history));
    detail::roll_history(amax_history);
    scale = detail::delayed_scale(detail::largest_of<F>, amax, margin, scale);
  }

  /// What is saved: scale and history.
  NF_INLINE std::vector<StatePart> parts() { return parts_of(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(*this); }

 private:
  template <class Self>
  static NF_INLINE auto parts_of(Self& self) {
    return std::vector{detail::scale_part("scale", self.scale),
                       state_part("amax_history", std::span(self.amax_history))};
  }
  NF_INLINE bool counts(float amax) const noexcept {
    return non_finite == NonFiniteAmax::keep || detail::is_finite(amax) ||
           (non_finite == NonFiniteAmax::drop_nan && detail::is_number(amax));
  }
  NF_INLINE void require_state(const char* call) const {
    detail::require_history(call, amax_history.size(), history_length);
    detail::require_scale_of_state(call, "the scale", scale);
  }
};

}  // namespace narrowfloat
