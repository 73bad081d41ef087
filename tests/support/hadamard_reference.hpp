// SPDX-License-Identifier: MIT
// The Hadamard transform as its documentation pins it, in plain loops over floats; and as a dense
// matrix.
#pragma once

#include <cstddef>
#include <vector>

namespace test {

struct Transform {
  std::size_t rows = 0, cols = 0, group = 16;
  bool within_rows = true;
  std::vector<int> signs;  ///< as many as a group has elements
  bool inverse = false;

  std::size_t groups() const { return rows * cols / group; }
  /// The place in the matrix of element i of a group.
  std::size_t place(std::size_t number, std::size_t i) const {
    if (within_rows) return number * group + i;
    return (number / cols * group + i) * cols + number % cols;
  }
  /// 1 or -1: element (i, j) of S, but for 1 / sqrt(group).
  int element(std::size_t i, std::size_t j) const;
};

/// Rounded after each operation, in the pinned order; NaN is 0x7fc00000. Compiled without
/// -ffast-math.
std::vector<float> transformed(const std::vector<float>& x, const Transform& transform);

/// The products with the dense matrix, without 1 / sqrt(group): exact for integers.
std::vector<double> dense_products(const std::vector<float>& x, const Transform& transform);

}  // namespace test
