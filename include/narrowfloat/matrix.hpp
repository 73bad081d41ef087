// SPDX-License-Identifier: MIT
// How a matrix lies in memory, and how it is cut into blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>

#include "detail/array/checks.hpp"

namespace narrowfloat {

/// In a BlockShape, and as the length of a block format's blocks: the whole axis.
inline constexpr int whole = 0x7fffffff;

/// What shares a scale: blocks of so many rows and columns, fewer at the lower and right ends of a
/// matrix.
///
/// Example   const BlockShape shapes[] = {
///               {1, whole},      // a scale a row
///               {whole, 1},      // a scale a column
///               {whole, whole},  // one for the tensor
///               // Transformer Engine's and DeepSeek-V3's for activations and
///               {1, 128},
///               {128, 128}};  // gradients, and for weights
///           assert(shapes[3].across(cols) == 2);
struct BlockShape {
  /// Rows and columns of a block; `whole` is all of them.
  std::size_t rows = 1, cols = whole;

  /// The rows of a full block in a matrix of matrix_rows rows.
  constexpr NF_INLINE std::size_t height(std::size_t matrix_rows) const noexcept {
    return rows == whole ? std::max<std::size_t>(matrix_rows, 1) : rows;
  }
  /// The columns of a full block in a matrix of matrix_cols columns.
  constexpr NF_INLINE std::size_t width(std::size_t matrix_cols) const noexcept {
    return cols == whole ? std::max<std::size_t>(matrix_cols, 1) : cols;
  }
  /// How many blocks lie below each other.
  constexpr NF_INLINE std::size_t down(std::size_t matrix_rows) const noexcept {
    return matrix_rows / height(matrix_rows) + (matrix_rows % height(matrix_rows) != 0 ? 1 : 0);
  }
  /// How many blocks lie beside each other.
  constexpr NF_INLINE std::size_t across(std::size_t matrix_cols) const noexcept {
    return matrix_cols / width(matrix_cols) + (matrix_cols % width(matrix_cols) != 0 ? 1 : 0);
  }
  friend constexpr bool operator==(BlockShape, BlockShape) = default;
};

/// A row-major matrix in memory of the caller's: row r begins `leading` elements after row r - 1,
/// so that some columns of a wider matrix, and rows with padding, are a matrix too.
///
/// Special   a range that does not hold the matrix, and a leading dimension below the number of
///           columns, throw std::invalid_argument with the numbers.
///
/// Example   // columns 64 ... 127 of a matrix with 256
///           const auto heads = MatrixView(std::span(x).subspan(64), rows, 64, 256);
///           assert(heads.row(1)[0] == x[256 + 64]);
template <class T>
class MatrixView {
 public:
  /// The type of the elements.
  using value_type = std::remove_cv_t<T>;

  MatrixView() = default;
  /// A view of a whole range, whose rows have no gaps.
  template <std::ranges::contiguous_range Range>
  constexpr NF_INLINE MatrixView(Range&& values, std::size_t rows, std::size_t cols)
      : data_(std::ranges::data(values)), rows_(rows), cols_(cols), leading_(cols) {
    detail::require_matrix("MatrixView", rows, cols);
    detail::require_shape("MatrixView", "the range", std::ranges::size(values), rows, cols);
  }
  /// Rows that begin `leading` elements apart; the range may end where the last row does.
  template <std::ranges::contiguous_range Range>
  constexpr NF_INLINE MatrixView(Range&& values, std::size_t rows, std::size_t cols,
                                 std::size_t leading)
      : data_(std::ranges::data(values)), rows_(rows), cols_(cols), leading_(leading) {
    const std::size_t have = std::ranges::size(values);
    if (leading < cols || !detail::fits_in_memory(rows, leading) ||
        (rows != 0 && cols != 0 && have < (rows - 1) * leading + cols))
      detail::throw_invalid("MatrixView", std::to_string(have) + " elements hold no matrix of " +
                                              std::to_string(rows) + " x " + std::to_string(cols) +
                                              " elements with the leading dimension " +
                                              std::to_string(leading));
  }
  /// A view that only reads, of a matrix that may be written.
  template <class U>
  requires(std::is_same_v<T, const U>)  //
      constexpr NF_INLINE MatrixView(const MatrixView<U>& other) noexcept
      : data_(other.data()), rows_(other.rows()), cols_(other.cols()), leading_(other.leading()) {}

  /// The first element.
  constexpr NF_INLINE T* data() const noexcept { return data_; }
  /// The shape, and the distance from the beginning of one row to that of the next.
  constexpr NF_INLINE std::size_t rows() const noexcept { return rows_; }
  constexpr NF_INLINE std::size_t cols() const noexcept { return cols_; }
  constexpr NF_INLINE std::size_t leading() const noexcept { return leading_; }
  /// How many elements there are, and whether there are none.
  constexpr NF_INLINE std::size_t size() const noexcept { return rows_ * cols_; }
  constexpr NF_INLINE bool empty() const noexcept { return size() == 0; }
  /// Row r.
  ///
  /// Requires  r < rows().
  constexpr NF_INLINE std::span<T> row(std::size_t r) const noexcept {
    return {data_ + r * leading_, cols_};
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0, cols_ = 0, leading_ = 0;
};

/// Deduces the element type from the range.
template <std::ranges::contiguous_range Range>
MatrixView(Range&&, std::size_t, std::size_t)
    -> MatrixView<std::remove_reference_t<std::ranges::range_reference_t<Range>>>;
template <std::ranges::contiguous_range Range>
MatrixView(Range&&, std::size_t, std::size_t, std::size_t)
    -> MatrixView<std::remove_reference_t<std::ranges::range_reference_t<Range>>>;

namespace detail {
inline namespace NF_BASELINE {

/// The matrix that fills a range; `call` and `what` name the function and the range in messages.
template <class Range>
constexpr NF_INLINE auto matrix_of(const char* call, const char* what, Range&& values,
                                   std::size_t rows, std::size_t cols) {
  require_matrix(call, rows, cols);
  require_shape(call, what, std::ranges::size(values), rows, cols);
  return MatrixView(values, rows, cols);
}

}  // namespace NF_BASELINE
}  // namespace detail

}  // namespace narrowfloat
