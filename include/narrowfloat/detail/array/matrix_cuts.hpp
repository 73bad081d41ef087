// SPDX-License-Identifier: MIT
// Where a matrix is cut into tasks for an executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "tasks.hpp"

namespace narrowfloat::detail {

/// A rectangle of a matrix: whole bands of blocks, or whole blocks of one row.
struct matrix_part {
  std::size_t top = 0, left = 0, rows = 0, cols = 0;
};

/// A matrix in blocks of so many rows and columns, fewer at its lower and right ends.
struct matrix_blocks {
  std::size_t rows, cols, height, width;
};

inline namespace NF_BASELINE {

/// The tasks of a matrix, by its shape alone: some bands of blocks, or where one of these is large
/// enough some of its columns. They are whole blocks whose rows start on a byte, and as a rule as
/// many as fill whole cache lines with codes and with scales.
class matrix_cuts {
 public:
  explicit matrix_cuts(const matrix_blocks& grid)
      : grid_(grid), rows_(grid.rows), cols_(grid.cols) {
    if (grid.rows * grid.cols <= task_elements) return;  // one for all
    const std::size_t height = std::min(grid.height, grid.rows), band = height * grid.cols;
    if (band < task_elements) {
      const std::size_t lines = std::lcm(height, std::size_t{64}), most = task_elements / grid.cols;
      const std::size_t unit = lines <= most ? lines : height;
      rows_ = most / unit * unit;
    } else {
      rows_ = grid.height;
      const std::size_t lines = std::lcm(grid.width, std::size_t{512}),
                        bytes = std::lcm(grid.width, std::size_t{8}),
                        most = std::max(task_elements / height, bytes),
                        unit = lines <= most ? lines : bytes,
                        pieces = ceil_divided(grid.cols, most / unit * unit);
      cols_ = ceil_divided(ceil_divided(grid.cols, pieces), unit) * unit;
    }
    down_ = ceil_divided(grid.rows, rows_);
    across_ = ceil_divided(grid.cols, cols_);
  }

  std::size_t count() const { return down_ * across_; }
  matrix_part operator[](std::size_t task) const {
    const std::size_t top = task / across_ * rows_, left = task % across_ * cols_;
    return {top, left, std::min(rows_, grid_.rows - top), std::min(cols_, grid_.cols - left)};
  }

 private:
  static std::size_t ceil_divided(std::size_t a, std::size_t b) { return a / b + (a % b != 0); }

  matrix_blocks grid_;
  std::size_t rows_, cols_;  ///< of a task
  std::size_t down_ = 1, across_ = 1;
};

/// Runs f(part) for the tasks of a matrix in blocks, or what has the members of matrix_blocks; on
/// one thread for all of it.
template <class Grid, class F>
void run_matrix(const executor_ref& executor, const Grid& grid, const F& f) {
  if (grid.rows == 0 || grid.cols == 0) return;  // however many empty rows
  if (executor.is_serial()) {
    f(matrix_part{0, 0, grid.rows, grid.cols});
    return;
  }
  const matrix_cuts cuts({grid.rows, grid.cols, grid.height, grid.width});
  run_tasks(executor, cuts.count(), [&](std::size_t task) { f(cuts[task]); });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
