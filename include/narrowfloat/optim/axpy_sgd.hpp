// SPDX-License-Identifier: MIT
// AxpySgd: SGD with momentum all of whose arithmetic is in a 16-bit format.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/sources.hpp"
#include "../detail/array/tasks.hpp"
#include "detail/form_calls.hpp"
#include "detail/step_start.hpp"
#include "gradients.hpp"
#include "step_options.hpp"

namespace narrowfloat {

/// The options of AxpySgd.
struct AxpySgdOptions {
  /// The learning rate, the momentum, and the decay that is added to the gradient.
  double lr = 1e-3, momentum = 0.9, weight_decay = 0;
};

/// The weight update of IBM's FP8 training (Wang et al., NeurIPS 2018): three AXPYs on weights and
/// momentum in a 16-bit format, without a float master copy: 4 bytes a weight. Rounded to nearest,
/// updates below half of the last place of a weight are lost; stochastic rounding keeps them on
/// average.
///
/// Result    with the gradient g times inverse_loss_scale (and max_norm / norm where that is below
///           1), a float: g' = R(g + weight_decay w), v = R(momentum v + g'), w = R(w - lr v), each
///           exact and rounded once to F by the rounding R of the step; the options are the nearest
///           floats.
/// Special   a NaN or Inf gradient by StepOptions::on_overflow: never half an update. Without
///           checks it becomes what F has for it. Beyond the largest F as convert() has it.
/// Requires  as many weights and gradients as it was made for, and options that make sense: else
///           std::invalid_argument, before anything is changed. The rounding is a keyed one, or has
///           no random bits.
/// Promises  the same bits on every instruction set, for every executor and number of threads, in
///           every floating-point environment. Step t draws from stream + 8 t for w, stream + 8 t +
///           1 for v and stream + 8 t + 2 for g'; element i that of index offset + i.
///
/// Example   std::vector<float16_e6m9> w(weights.size());
///           convert(weights, w);
///           AxpySgd<> sgd({.lr = 1e-3, .weight_decay = 1e-4}, w.size());
///           const StepReport done = sgd.step(w, gradients, {.inverse_loss_scale = 1.0f / 1000},
///                                            Stochastic<>{.seed = 1});
///           assert(!done.skipped && sgd.steps == 1);
template <narrow_float F = float16_e6m9>
requires lossless_to<F, float>
struct AxpySgd : AxpySgdOptions {
  /// The name in messages.
  static constexpr const char* name = "AxpySgd";
  std::uint64_t steps = 0;    ///< so far: t of the formula
  std::uint64_t skipped = 0;  ///< steps that changed nothing
  std::vector<F> v;           ///< the momentum

  /// Zero momentum for n weights.
  NF_INLINE AxpySgd(const AxpySgdOptions& options, std::size_t n) : AxpySgdOptions(options), v(n) {
    check();
  }

  /// Throws std::invalid_argument for an option that makes no sense.
  NF_INLINE void check() const {
    const detail::option_check is{name};
    is.positive_or_zero("lr", lr);
    is.below_one("momentum", momentum);
    is.positive_or_zero("weight_decay", weight_decay);
  }

  template <std::ranges::contiguous_range W, float_source G, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  /// One step; weights and gradients are as many as the momentum.
  requires std::same_as<std::ranges::range_reference_t<W>, F&> NF_INLINE StepReport
  step(W&& weights, const G& gradients, const StepOptions& options = {}, R rounding = {},
       E&& executor = {}) {
    static_assert(
        detail::is_keyed<R> || R::random_bits == 0,
        "narrowfloat: the rounding of an optimizer's step has a key (Stochastic) or no random bits");
    const auto g = detail::span_of(gradients);
    check();
    detail::require_equal_counts(name, std::ranges::size(weights), g.size(), v.size());
    detail::require_options(name, options);
    StepReport report;
    const auto measure = [&](GradientNorm& norm) NF_INLINED {
      norm.add(gradients, options.inverse_loss_scale, executor);
    };
    if (detail::is_skipped(options, false, steps, skipped, report, measure)) return report;
    const std::array factors{detail::to_float(weight_decay), detail::to_float(momentum),
                             -detail::to_float(lr),
                             detail::gradient_factor(options, report.gradient_norm)};
    const std::uint64_t t = steps + 1;
    std::array<R, 3> random;
    for (std::size_t k = 0; k < 3; ++k) random[k] = detail::rounding_of(rounding, t, k);
    const detail::task_cuts cuts{v.size()};
    std::vector<std::uint32_t> largest(cuts.count());
    F* const w = std::ranges::data(weights);
    detail::run_tasks(executor, cuts.count(), [&](std::size_t task) NF_INLINED {
      const std::size_t end = cuts.end(task);
      for (std::size_t i = cuts.begin(task); i < end; i += detail::part_elements)
        largest[task] =
            std::max(largest[task],
                     step_part(w, g, i, std::min(detail::part_elements, end - i), factors, random));
    });
    steps = t;
    for (const std::uint32_t each : largest)
      report.largest_update =
          detail::larger_magnitude(report.largest_update, detail::float_of_bits(each));
    return report;
  }

  /// Everything that has to be saved, with names and types.
  NF_INLINE std::vector<StatePart> parts() { return parts_of(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(*this); }
  /// The bytes of the momentum.
  NF_INLINE std::size_t size_bytes() const noexcept { return v.size() * sizeof(F); }

 private:
  template <class Self>
  static NF_INLINE auto parts_of(Self& self) {
    return std::vector{state_part("steps", self.steps), state_part("skipped", self.skipped),
                       state_part("v.codes", std::span(self.v))};
  }
  /// out = R(factor * x + y), and as floats.
  template <class R>
  static NF_INLINE void axpy(float factor, const float* x, const float* y, F* out, float* floats,
                             std::size_t n, const R& rounding) {
    double sums[detail::part_elements];
    const Isa isa = active_isa();
    detail::axpy_floats(detail::place_of<true>(), isa, factor, x, y, sums, n);
    detail::round_doubles(detail::place_of<detail::is_compiled_axpy<F, R>, F, R>(), isa, sums, out,
                          n, rounding);
    convert(std::span<const F>(out, n), std::span(floats, n));
  }
  /// The largest |v| as bits.
  template <class T, class R>
  NF_INLINE std::uint32_t step_part(F* weights, std::span<T> gradients, std::size_t first,
                                    std::size_t n, const std::array<float, 4>& factors,
                                    const std::array<R, 3>& rounding) {
    float w[detail::part_elements], g[detail::part_elements], m[detail::part_elements];
    F rounded[detail::part_elements];
    const auto random = [&](std::size_t which)
                            NF_INLINED { return detail::rounding_from(rounding[which], first); };
    F* const weight = weights + first;
    F* const state = v.data() + first;
    convert(std::span<const F>(weight, n), std::span(w, n));
    convert(std::span<const F>(state, n), std::span(m, n));
    const float* const raw = detail::as_floats(gradients.data() + first, n, g);
    convert(std::span(raw, n), std::span(g, n), Scale{factors[3]});
    axpy(factors[0], w, g, rounded, g, n, random(2));
    axpy(factors[1], m, g, state, m, n, random(1));
    axpy(factors[2], m, w, weight, w, n, random(0));
    return detail::largest_bits(detail::place_of<true>(), active_isa(), m, n);
  }
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/form_loop.hpp"
#include "detail/rule_loop.hpp"
#endif
