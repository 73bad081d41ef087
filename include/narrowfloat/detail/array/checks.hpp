// SPDX-License-Identifier: MIT
// What array calls ask of their arguments, and how they refuse them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "../../errors.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Throws for the function that the caller called.
[[noreturn]] inline void throw_invalid(const char* call, const std::string& what) {
  fail<std::invalid_argument>(call, what);
}

constexpr bool fits_in_memory(std::size_t rows, std::size_t cols) {
  return cols == 0 || rows <= static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(double) / cols;
}

// Those below take the name of the function that the caller called, which their messages begin
// with.

constexpr void require_matrix(const char* call, std::size_t rows, std::size_t cols) {
  if (!fits_in_memory(rows, cols))
    throw_invalid(call, "a matrix of " + std::to_string(rows) + " x " + std::to_string(cols) +
                            " elements does not fit in memory");
}

constexpr void require_axis(const char* call, int axis) {
  if (axis < -2 || axis > 1)
    throw_invalid(call, "the axis of a matrix is 0, 1, -1 or -2, not " + std::to_string(axis));
}

constexpr void require_shape(const char* call, const char* what, std::size_t have, std::size_t rows,
                             std::size_t cols) {
  if (have != rows * cols)
    throw_invalid(call, std::string(what) + " has " + std::to_string(have) +
                            " elements, the matrix " + std::to_string(rows) + " x " +
                            std::to_string(cols));
}

constexpr void require_equal_sizes(const char* call, std::size_t in, std::size_t out) {
  if (in != out)
    throw_invalid(call, "the input has " + std::to_string(in) + " elements, the output " +
                            std::to_string(out));
}

constexpr void require_words(const char* call, std::size_t words, std::size_t in) {
  if (words != in)
    throw_invalid(call, "the rounding has " + std::to_string(words) +
                            " words of random bits, the input " + std::to_string(in) + " elements");
}

/// Whether an axis is that of the elements of a row.
constexpr bool is_within_rows(int axis) { return axis == 1 || axis == -1; }

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
