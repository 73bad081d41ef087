// SPDX-License-Identifier: MIT
// Codes, and the largest magnitude of what they were made of, in one read.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../stats.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The largest magnitude of n floats with and without NaN, as bits.
struct measured_magnitude {
  std::uint32_t all = 0, numbers = 0;
};

/// Writes the codes of n numbers of an array of `all` times a factor and returns their largest
/// magnitude, which is found while a part lies in the first-level cache.
template <class From, class F, class R>
measured_magnitude measure_piece(Isa isa, const From* in, F* out, std::size_t n, float factor,
                                 const R& rounding, Saturation saturation, std::size_t all) {
  const bool stream = leaves_caches(all * (sizeof(From) + sizeof(F)));
  float buffer[part_elements], products[part_elements];
  measured_magnitude found;
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = next_part(out + done, n - done);
    const float* const values = as_floats(in + done, count, buffer);
    const std::uint32_t largest = largest_of_reals(isa, values, count, NanAmax::keep);
    const bool has_nan = largest > wide<std::uint32_t>::infinity;
    found.all = std::max(found.all, largest);
    found.numbers = std::max(
        found.numbers, has_nan ? largest_of_reals(isa, values, count, NanAmax::drop) : largest);
    scale_floats(place_of<true>(), isa, values, products, count, factor, false);
    convert_part(isa, products, out + done, count, rounding_from(rounding, done), saturation,
                 Subnormals::keep, stream);
  }
  return found;
}

/// The same of a whole array, by the tasks of an executor.
template <class E, class From, class F, class R>
measured_magnitude convert_measured(const E& executor, const From* in, F* out, std::size_t n,
                                    float factor, const R& rounding, Saturation saturation) {
  const Isa isa = active_isa();
  const auto piece = [&](std::size_t first, std::size_t count) {
    return measure_piece(isa, in + first, out + first, count, factor,
                         rounding_from(rounding, first), saturation, n);
  };
  if constexpr (std::same_as<E, SerialExecutor>) {
    return piece(0, n);
  } else {
    const task_cuts cuts = task_cuts::of(out, n);
    std::vector<measured_magnitude> each(cuts.count());
    run_tasks(executor, cuts.count(), [&](std::size_t task) {
      each[task] = piece(cuts.begin(task), cuts.end(task) - cuts.begin(task));
    });
    measured_magnitude found;
    for (const auto& [all, numbers] : each) {
      found.all = std::max(found.all, all);
      found.numbers = std::max(found.numbers, numbers);
    }
    return found;
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
