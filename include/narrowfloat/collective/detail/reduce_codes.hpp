// SPDX-License-Identifier: MIT
// Gradients as codes to the ranks that add them up, and the sums' codes to all: step by step.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../../detail/array/tasks.hpp"
#include "code_sums.hpp"
#include "pieces.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class R>
constexpr void explain_reduction() {
  static_assert(
      !requires(const R& rounding) { rounding.size(); },
      "all_reduce: words of random bits serve one rounding; take a Stochastic with a key");
}

/// The rounding of sums: of a key, in a stream of its own.
template <class R>
constexpr R rounding_of_sums(R rounding) {
  if constexpr (requires { rounding.stream; }) rounding.stream += std::uint64_t{1} << 63;
  return rounding;
}
/// What is wrong with the arguments of a reduction; empty: nothing.
inline std::string reduction_problem(std::size_t residuals, std::size_t n, std::size_t segment) {
  if (residuals != 0 && residuals != n)
    return std::to_string(residuals) + " residuals of " + std::to_string(n) + " gradients";
  return segment == 0 ? "the segment is 0" : "";
}

/// Writes a + b, or a - b, rounded to nearest even.
inline void add_or_subtract(const float* a, const float* b, float* out, std::size_t n,
                            bool subtracts) {
  if constexpr (!float_environment::is_known) {
    for (std::size_t i = 0; i < n; ++i) {
      const exact y = exact_float(b[i]);
      out[i] = nearest_float(sum(exact_float(a[i]), subtracts ? negated(y) : y, false));
    }
  } else {
    const float_environment environment(direction::nearest);
    if (subtracts) {
      for (std::size_t i = 0; i < n; ++i) out[i] = a[i] - b[i];
    } else {
      for (std::size_t i = 0; i < n; ++i) out[i] = a[i] + b[i];
    }
  }
}

/// What a reduction of gradients has for all its steps. The sum of n gradients and their residuals,
/// if there are any, is what is reduced; a residual becomes what its codes have lost.
template <class F, class R>
struct code_reduction {
  const float* gradients;
  std::span<float> residuals;
  std::size_t n;
  float factor, inverse;  ///< of gradients, and of codes
  float decoding;         ///< of sums of codes
  R rounding, sum_rounding;
  Saturation saturation;
  executor_ref executor;

  /// Calls f(values, count, first) for parts of what is reduced.
  template <class Function>
  void for_each_input(std::size_t first, std::size_t count, const Function& f) const {
    if (residuals.empty()) {
      f(gradients + first, count, first);
      return;
    }
    float values[part_elements];
    for (std::size_t done = 0, size = 0; done < count; done += size) {
      size = std::min(part_elements, count - done);
      const std::size_t at = first + done;
      add_or_subtract(gradients + at, residuals.data() + at, values, size, false);
      f(values, size, at);
    }
  }
  float amax() const {
    const task_cuts cuts{n};
    std::vector<float> found(cuts.count(), 0.0f);
    run_tasks(executor, cuts.count(), [&](std::size_t task) {
      const std::size_t first = cuts.begin(task);
      for_each_input(
          first, cuts.end(task) - first, [&](const float* values, std::size_t count, std::size_t) {
            const float here = reducible_amax(largest_magnitude(active_isa(), values, count));
            found[task] = larger_magnitude(found[task], here);
          });
    });
    return reducible_amax(largest_of_range(found));
  }
  /// Codes of elements, and what they lose; returns how many are beyond the largest.
  std::uint64_t quantize(std::size_t first, std::size_t count, F* codes) const {
    ConversionStats stats;
    for_each_input(first, count, [&](const float* values, std::size_t size, std::size_t at) {
      F* const to = codes + (at - first);
      stats += convert_counted(SerialExecutor{}, active_isa(), values, to, size, &factor,
                               rounding_from(rounding, at), saturation, Subnormals::keep);
      if (residuals.empty()) return;
      float* const lost = residuals.data() + at;
      float decoded[part_elements];
      convert_with(active_isa(), static_cast<const F*>(to), decoded, size, Scale{inverse},
                   nearest_even, Saturation::none, Subnormals::keep);
      add_or_subtract(values, decoded, lost, size, true);
      for (std::size_t i = 0; i < size; ++i) {
        if (!is_finite(lost[i])) lost[i] = 0;
      }
    });
    return stats.saturated;
  }
};

/// Adds numbers of tasks that end in any order.
struct task_totals {
  std::atomic<std::uint64_t> inputs_beyond = 0, beyond = 0, attained = 0;
};

/// Reduces all elements. Each rank's sums go to `out`: those of all ranks where they are gathered,
/// else those of its piece alone.
template <class Ranks, class F, class R>
void reduce_codes(Ranks& ranks, const code_reduction<F, R>& of, float* out, bool gathers,
                  std::size_t segment, std::span<std::uint64_t, 3> totals) {
  const auto count = static_cast<std::size_t>(ranks.size()),
             me = static_cast<std::size_t>(ranks.rank());
  task_totals found;
  std::vector<F> codes, received, sums;
  for (std::size_t step = 0; step < piece_ranges::steps(of.n, count, segment); ++step) {
    const piece_ranges ranges(of.n, count, segment, step);
    const std::size_t own = ranges.sizes[me];
    codes.resize(ranges.total);
    received.resize(own * count);
    sums.resize(own);
    const task_cuts cuts = task_cuts::of(codes.data(), ranges.total);
    run_cuts(of.executor, cuts, [&](std::size_t place, std::size_t size) {
      ranges.for_each(place, place + size, [&](std::size_t first, std::size_t at, std::size_t n) {
        found.inputs_beyond += of.quantize(first, n, codes.data() + at);
      });
    });
    ranks.exchange(std::as_bytes(std::span(codes)), ranges.bytes(sizeof(F)),
                   std::as_writable_bytes(std::span(received)),
                   std::vector<std::size_t>(count, own * sizeof(F)));
    run_cuts(of.executor, task_cuts::of(sums.data(), own), [&](std::size_t first, std::size_t n) {
      const sum_counts here =
          sum_codes(received.data(), own, count, first, sums.data(), n,
                    rounding_from(of.sum_rounding, ranges.begins[me]), of.saturation);
      found.beyond += here.beyond;
      found.attained += here.attained;
    });
    const auto decode = [&](const F* from, float* to, std::size_t n) {
      convert_with(active_isa(), from, to, n, Scale{of.decoding}, nearest_even, Saturation::none,
                   Subnormals::keep);
    };
    if (!gathers) {
      const std::size_t begin = ranges.begins[me] - piece_begin(of.n, count, me);
      run_cuts(of.executor, task_cuts::of(out + begin, own), [&](std::size_t first, std::size_t n) {
        decode(sums.data() + first, out + begin + first, n);
      });
      continue;
    }
    ranks.all_gather(std::as_bytes(std::span(sums)), std::as_writable_bytes(std::span(codes)),
                     ranges.bytes(sizeof(F)));
    run_cuts(of.executor, cuts, [&](std::size_t place, std::size_t size) {
      ranges.for_each(place, place + size, [&](std::size_t first, std::size_t at, std::size_t n) {
        decode(codes.data() + at, out + first, n);
      });
    });
  }
  totals[0] = found.inputs_beyond;
  totals[1] = found.beyond;
  totals[2] = found.attained;
  ranks.all_sum(totals);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
