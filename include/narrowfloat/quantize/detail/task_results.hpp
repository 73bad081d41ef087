// SPDX-License-Identifier: MIT
// The rows of elements that are a task, and what tasks find, added up.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../../detail/array/tasks.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Calls f(row, left, n) for the parts of rows that `count` elements from `first` on are.
template <class F>
void for_each_row(std::size_t first, std::size_t count, std::size_t cols, const F& f) {
  std::size_t row = first < cols ? 0 : first / cols, left = first - row * cols;
  for (; count != 0; ++row, left = 0) {
    const std::size_t n = std::min(cols - left, count);
    f(row, left, n);
    count -= n;
  }
}

/// The tasks of n elements, at most `most_sums`, so that what they find has a place on the stack.
inline constexpr std::size_t most_sums = 256;
constexpr task_cuts sum_cuts(std::size_t n) {
  return {n, std::max(rounded_up(ceil_divided(n, most_sums), task_elements), task_elements)};
}

/// f(first, count) of the tasks of n elements, joined by join(all, each) in their order.
template <class T, class F, class Join>
T joined_in_order(const executor_ref& executor, std::size_t n, const F& f, const Join& join) {
  const task_cuts cuts = sum_cuts(n);
  T found[most_sums];
  found[0] = T{};
  run_tasks(executor, cuts.count(), [&](std::size_t task) {
    found[task] = f(cuts.begin(task), cuts.end(task) - cuts.begin(task));
  });
  for (std::size_t task = 1; task < cuts.count(); ++task) join(found[0], found[task]);
  return found[0];
}

/// Adds up what f(first, count, part) counts, a part for each task; in any order, for counts are
/// exact.
template <class T, class F>
T counted(const executor_ref& executor, std::size_t n, const F& f) {
  const task_cuts cuts{n};
  T all{};
  if (cuts.count() < 2) {
    f(std::size_t{0}, n, all);
    return all;
  }
  bool is_busy = false;
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    T part{};
    f(first, count, part);
    const short_lock lock(is_busy);
    all += part;
  });
  return all;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
