// SPDX-License-Identifier: MIT
// GradientNorm: the norm of the gradients of a model, and whether one of them overflowed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/sources.hpp"
#include "../detail/array/tasks.hpp"
#include "detail/rule_part.hpp"

namespace narrowfloat {
namespace detail {

/// The largest magnitude of numbers times a factor, as bits, and the sum of their squares.
struct measured_gradients {
  std::uint32_t largest = 0;
  double squares = 0;
};

inline namespace NF_BASELINE {

template <class Range>
NF_INLINE auto span_of(const Range& values) {
  return std::span<const number_of<Range>>(std::ranges::data(values), std::ranges::size(values));
}

template <class T>
measured_gradients measure(std::span<const T> gradients, float factor,
                           const executor_ref& executor) {
  const task_cuts cuts{gradients.size()};
  std::vector<measured_gradients> found(cuts.count());
  run_tasks(executor, cuts.count(), [&](std::size_t task) {
    rule_totals totals;
    const auto add = [&](const float* values, std::size_t count, std::size_t) {
      measure_gradients(place_of<true>(), active_isa(), values, count, factor, totals);
    };
    for_each_part(gradients.data(), cuts.begin(task), cuts.end(task), add);
    found[task] = {totals.largest_of_all(), totals.total(0)};
  });
  measured_gradients all;
  for (const measured_gradients& each : found) {
    all.largest = std::max(all.largest, each.largest);
    all.squares = double_total(all.squares, each.squares);
  }
  return all;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The norm of the gradients of all tensors of a model, and whether there was an Inf or NaN among
/// them, in one read. With it all tensors are clipped by one norm, or all steps are skipped.
///
/// Result    norm() is the root of the sum of the squares of gradients times inverse_loss_scale,
///           each product rounded to float, the squares added up in double in an order that neither
///           instruction set nor threads change.
/// Promises  the same bits on every instruction set, for every executor, in every floating-point
///           environment.
/// Cost      one read of the gradients.
///
/// Example   GradientNorm norm;
///           norm.add(gradients, 1.0f / 1024);  // of each tensor
///           std::vector<float> w = weights;
///           AdamW<> adam({.lr = 1e-3f}, w.size());
///           adam.step(w, gradients,
///                     {.inverse_loss_scale = 1.0f / 1024, .max_norm = 1, .measured = &norm});
///           assert(!norm.overflowed() && norm.norm() > 0);
class GradientNorm {
 public:
  /// Adds the gradients of one tensor.
  template <float_source G, task_executor E = SerialExecutor>
  NF_INLINE void add(const G& gradients, float inverse_loss_scale = 1, E&& executor = {}) {
    join(detail::measure(detail::span_of(gradients), inverse_loss_scale,
                         detail::executor_ref::of(executor)));
  }
  /// Not for users: what add() found.
  NF_INLINE void join(const detail::measured_gradients& found) {
    largest_ = std::max(largest_, found.largest);
    squares_ = detail::double_total(squares_, found.squares);
  }
  /// Inf or NaN after an overflow.
  NF_INLINE double norm() const {
    return detail::nearest_double(detail::root(detail::exact_of(squares_)));
  }
  /// Whether there was an Inf or NaN.
  NF_INLINE bool overflowed() const noexcept { return largest_ >= detail::float_infinity; }
  /// The largest magnitude.
  NF_INLINE float amax() const noexcept { return detail::float_of_bits(largest_); }

 private:
  std::uint32_t largest_ = 0;
  double squares_ = 0;
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/rule_loop.hpp"
#endif
