// SPDX-License-Identifier: MIT
// Where a matrix is cut into tasks for an executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "tasks.hpp"

namespace narrowfloat::detail {

/// A rectangle of a matrix.
struct matrix_part {
  std::size_t top = 0, left = 0, rows = 0, cols = 0;
  friend constexpr bool operator==(const matrix_part&, const matrix_part&) = default;
};

/// A matrix in blocks of so many rows and columns, fewer at its lower and right ends.
struct matrix_blocks {
  std::size_t rows, cols, height, width;
};

inline namespace NF_BASELINE {

/// Where the rows and the columns of a matrix are cut into tasks, which come row by row.
struct matrix_cuts {
  task_cuts down, across;

  constexpr std::size_t count() const { return down.count() * across.count(); }
  constexpr matrix_part operator[](std::size_t task) const {
    const std::size_t i = task / across.count(), k = task % across.count();
    const std::size_t top = down.begin(i), left = across.begin(k);
    return {top, left, down.end(i) - top, across.end(k) - left};
  }
};

/// The tasks of a matrix, by its shape alone: some bands of blocks, or where one of these is large
/// enough some of its columns. They are whole blocks whose rows start on a byte, and as a rule as
/// many as fill whole cache lines with codes and with scales.
inline matrix_cuts cuts_of_blocks(const matrix_blocks& grid) {
  matrix_cuts cuts{{grid.rows, grid.rows}, {grid.cols, grid.cols}};
  if (grid.rows * grid.cols <= task_elements) return cuts;  // one for all
  const std::size_t height = std::min(grid.height, grid.rows), band = height * grid.cols;
  if (band < task_elements) {
    const std::size_t lines = std::lcm(height, std::size_t{64}), most = task_elements / grid.cols;
    const std::size_t unit = lines <= most ? lines : height;
    cuts.down.length = most / unit * unit;
  } else {
    const std::size_t lines = std::lcm(grid.width, std::size_t{512}),
                      bytes = std::lcm(grid.width, std::size_t{8}),
                      most = std::max(task_elements / height, bytes),
                      unit = lines <= most ? lines : bytes,
                      pieces = ceil_divided(grid.cols, most / unit * unit);
    cuts.down.length = height;
    cuts.across.length = rounded_up(ceil_divided(grid.cols, pieces), unit);
  }
  return cuts;
}

/// Runs f(part) for the tasks of a matrix.
template <class E, class F>
void run_cuts(E& executor, const matrix_cuts& cuts, const F& f) {
  run_tasks(executor, cuts.count(), [&](std::size_t task) { f(cuts[task]); });
}

/// The same of a matrix in blocks, or what has the members of matrix_blocks; on one thread for all
/// of it.
template <class Grid, class F>
void run_matrix(const executor_ref& executor, const Grid& grid, const F& f) {
  if (grid.rows == 0 || grid.cols == 0) return;  // however many empty rows
  if (executor.is_serial()) {
    f(matrix_part{0, 0, grid.rows, grid.cols});
  } else {
    run_cuts(executor, cuts_of_blocks({grid.rows, grid.cols, grid.height, grid.width}), f);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
