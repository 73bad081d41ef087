// SPDX-License-Identifier: MIT
// A long exact sum, by the tasks of an executor.
#pragma once

#include <cstddef>
#include <vector>

#include "../../detail/array/tasks.hpp"
#include "../exact.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The exact sum of n products, of which add(first, last, sum) adds some.
template <class Add>
float sum_exactly(std::size_t n, const executor_ref& executor, const Add& add) {
  using exact_products = running_sum<ExactAccumulator>;
  exact_products all(ExactAccumulator{}, 0);
  const task_cuts cuts{n};
  if (executor.is_serial() || cuts.count() < 2) {
    add(0, n, all);
    return all.value();
  }
  std::vector<exact_products> sums(cuts.count(), all);
  run_tasks(executor, cuts.count(), [&](std::size_t task) {
    exact_products sum(ExactAccumulator{}, 0);
    add(cuts.begin(task), cuts.end(task), sum);
    sums[task] = sum;
  });
  for (const exact_products& each : sums) all += each;
  return all.value();
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
