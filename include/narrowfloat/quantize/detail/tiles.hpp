// SPDX-License-Identifier: MIT
// A matrix as tasks for an executor: in tiles, or by its elements in row-major order.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../../detail/array/tasks.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Where the rows and the columns of a matrix are cut.
struct matrix_tiles {
  task_cuts down, across;

  constexpr std::size_t count() const { return down.count() * across.count(); }
};

/// Rows of so many elements that are one task.
constexpr std::size_t rows_of_task(std::size_t cols) {
  return std::max(task_elements / std::max<std::size_t>(cols, 1), std::size_t{1});
}

/// Runs f(top, bottom, left, right, task) for each tile, row by row of tiles.
template <class E, class F>
void run_tiles(E& executor, const matrix_tiles& tiles, const F& f) {
  run_tasks(executor, tiles.count(), [&](std::size_t task) {
    const std::size_t i = task / tiles.across.count(), k = task % tiles.across.count();
    f(tiles.down.begin(i), tiles.down.end(i), tiles.across.begin(k), tiles.across.end(k), task);
  });
}

/// Calls f(row, left, n) for the parts of rows that `count` elements from `first` on are.
template <class F>
void for_each_row(std::size_t first, std::size_t count, std::size_t cols, const F& f) {
  std::size_t left = first % cols;
  for (std::size_t row = first / cols; count != 0; ++row, left = 0) {
    const std::size_t n = std::min(cols - left, count);
    f(row, left, n);
    count -= n;
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
