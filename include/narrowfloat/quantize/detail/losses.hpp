// SPDX-License-Identifier: MIT
// What values lose, counted and added up; for tasks too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../detail/array/tasks.hpp"
#include "../../detail/exact/arithmetic.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../detail/simd/environment.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What values are clipped beyond.
struct clip_limits {
  double low, high;

  NF_INLINE clip_limits operator*(double scale) const { return {low * scale, high * scale}; }
};

/// A result as it was rounded: the compiler may neither fuse it with what follows nor, under
/// -ffast-math, reorder.
NF_INLINE double as_rounded(double x) {
  __asm__("" : "+m"(x));
  return x;
}

/// The counts and sums of a FormatReport.
struct losses {
  std::size_t non_finite = 0, lost = 0, clipped = 0, flushed = 0;
  double signal = 0, noise = 0;

  void join(const losses& other) {
    non_finite += other.non_finite;
    lost += other.lost;
    clipped += other.clipped;
    flushed += other.flushed;
    signal = double_total(signal, other.signal);
    noise = double_total(noise, other.noise);
  }
  template <class Report>
  void write(Report& report) const {
    report.non_finite = non_finite;
    report.lost = lost;
    report.clipped = clipped;
    report.flushed = flushed;
    report.signal = signal;
    report.noise = noise;
  }
};

/// Adds n values and their images, each times `factor`.
inline void count_losses(const float* values, const float* images, std::size_t n,
                         clip_limits limits, double factor, losses& report) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t magnitude = magnitude_bits(values[i]), image = magnitude_bits(images[i]);
    if (magnitude >= float_infinity) {
      ++report.non_finite;
      continue;
    }
    const double x = static_cast<double>(values[i]);
    const bool is_lost = image >= float_infinity;
    const double error = is_lost ? x : x - as_rounded(static_cast<double>(images[i]) * factor);
    report.signal = as_rounded(report.signal + x * x);  // the square of a float is exact
    report.noise = as_rounded(report.noise + as_rounded(error * error));
    if (is_lost) {
      ++report.lost;
    } else if (image == 0) {
      report.flushed += magnitude != 0 ? 1 : 0;
    } else {
      report.clipped += magnitude != 0 && (x < limits.low || x > limits.high) ? 1 : 0;
    }
  }
}

/// f(first, count, losses) of tasks, in an environment that rounds to nearest; joined in order.
template <class F>
losses losses_of_tasks(const executor_ref& executor, const task_cuts& cuts, const F& f) {
  std::vector<losses> found(cuts.count());
  run_tasks(executor, cuts.count(), [&](std::size_t task) {
    const float_environment environment(direction::nearest);
    f(cuts.begin(task), cuts.end(task) - cuts.begin(task), found[task]);
  });
  losses all;
  for (std::size_t task = 0; task < found.size(); ++task) {
    if (task == 0)
      all = found[0];
    else
      all.join(found[task]);
  }
  return all;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
