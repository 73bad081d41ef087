// SPDX-License-Identifier: MIT
// What the int8 quantizers check and call, as integer.hpp sees it: the loops stand in
// int8_quantize.hpp and int8_dequantize.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "../../detail/array/checks.hpp"
#include "../../detail/array/place.hpp"
#include "../../detail/array/tasks.hpp"
#include "../../float.hpp"
#include "../../matrix.hpp"
#include "../int8_options.hpp"

namespace narrowfloat::detail {

/// The scales of the operands of a product, and its bias; one scale may be for all.
struct product_scales {
  std::span<const float> rows, columns, bias;
};

/// Which elements of a matrix share a scale.
enum class int8_sharing { tensor, row, column };

// Codes and scales have no leading dimension.
template <class T, class R>
void quantize_to_int8(in_library, MatrixView<const T> in, int8_sharing sharing,
                      NonFinite non_finite, const R& rounding, std::int8_t* codes, float* scales,
                      const executor_ref& executor);
void dequantize_int8_codes(in_library, const std::int8_t* codes, const float* scales,
                           MatrixView<float> out, int8_sharing sharing,
                           const executor_ref& executor);
void dequantize_sums(in_library, const std::int32_t* sums, std::size_t rows, std::size_t cols,
                     const product_scales& by, float* out, const executor_ref& executor);

inline namespace NF_BASELINE {

template <class T, class R>
void quantize_to_int8(here, MatrixView<const T> in, int8_sharing sharing, NonFinite non_finite,
                      const R& rounding, std::int8_t* codes, float* scales,
                      const executor_ref& executor);
void dequantize_int8_codes(here, const std::int8_t* codes, const float* scales,
                           MatrixView<float> out, int8_sharing sharing,
                           const executor_ref& executor);
void dequantize_sums(here, const std::int32_t* sums, std::size_t rows, std::size_t cols,
                     const product_scales& by, float* out, const executor_ref& executor);

/// Whether the library quantizes numbers of type T to int8.
template <class T, class R>
inline constexpr bool is_compiled_int8 = std::is_same_v<T, float> &&
                                         (std::is_same_v<R, NearestEven> ||
                                          std::is_same_v<R, Stochastic<>>);

/// Special   blocks that are neither rows nor columns nor the tensor throw std::invalid_argument.
inline int8_sharing sharing_of(const char* call, BlockShape block) {
  if (block.rows == whole && block.cols == whole) return int8_sharing::tensor;
  if (block.rows == 1 && block.cols == whole) return int8_sharing::row;
  if (block.rows == whole && block.cols == 1) return int8_sharing::column;
  throw_invalid(call,
                "a scale is one of a row {1, whole}, of a column {whole, 1} or of the tensor, "
                "not of a block of {" +
                    std::to_string(block.rows) + ", " + std::to_string(block.cols) + "}");
}

inline std::size_t scales_of(int8_sharing sharing, std::size_t rows, std::size_t cols) {
  if (sharing == int8_sharing::tensor) return 1;
  return sharing == int8_sharing::row ? rows : cols;
}

/// What shares a scale; checks the shape, and the numbers of codes and scales.
inline int8_sharing require_int8(const char* call, std::size_t codes, std::size_t scales,
                                 std::size_t rows, std::size_t cols, BlockShape block) {
  require_matrix(call, rows, cols);
  require_shape(call, "the array of codes", codes, rows, cols);
  const int8_sharing sharing = sharing_of(call, block);
  const std::size_t wanted = scales_of(sharing, rows, cols);
  if (scales != wanted)
    throw_invalid(call, "a matrix of " + std::to_string(rows) + " x " + std::to_string(cols) +
                            " elements has " + std::to_string(wanted) + " scales here, not " +
                            std::to_string(scales));
  return sharing;
}

/// Special   elements that are no whole rows of the matrix throw std::invalid_argument with the
///           numbers.
inline void require_rows(const char* call, std::size_t first, std::size_t count, std::size_t rows,
                         std::size_t cols) {
  const std::size_t n = rows * cols;
  if (first <= n && count <= n - first && (cols == 0 || (first % cols == 0 && count % cols == 0)))
    return;
  throw_invalid(call, "elements " + std::to_string(first) + " to " + std::to_string(first) + " + " +
                          std::to_string(count) + " are no whole rows of a matrix of " +
                          std::to_string(rows) + " x " + std::to_string(cols));
}

inline void require_same_shape(const char* call, std::size_t rows, std::size_t cols,
                               std::size_t have_rows, std::size_t have_cols) {
  if (rows != have_rows || cols != have_cols)
    throw_invalid(call, "the matrix is " + std::to_string(rows) + " x " + std::to_string(cols) +
                            " elements, the argument " + std::to_string(have_rows) + " x " +
                            std::to_string(have_cols));
}

inline void require_product(std::size_t sums, std::size_t out, std::size_t rows, std::size_t cols,
                            const product_scales& by) {
  constexpr const char* call = "dequantize_product";
  require_matrix(call, rows, cols);
  require_shape(call, "the array of sums", sums, rows, cols);
  require_shape(call, "the output", out, rows, cols);
  const auto require = [](const char* what, std::size_t have, std::size_t or_this,
                          std::size_t wanted) {
    if (have == or_this || have == wanted) return;
    throw_invalid(call, std::string(what) + " are " + std::to_string(or_this) + " or " +
                            std::to_string(wanted) + ", not " + std::to_string(have));
  };
  require("the row scales", by.rows.size(), 1, rows);
  require("the column scales", by.columns.size(), 1, cols);
  require("the numbers in the bias", by.bias.size(), 0, cols);
}

/// In squares that stay in the first-level cache; some columns, which are whole rows of `out`, are
/// a task.
inline void transpose_codes(const std::int8_t* in, std::size_t rows, std::size_t cols,
                            std::int8_t* out, const executor_ref& executor) {
  constexpr std::size_t side = 64;
  const std::size_t width = std::max(units_of_task(rows) / side, std::size_t{1}) * side;
  run_cuts(executor, task_cuts{cols, width}, [&](std::size_t first, std::size_t count) {
    for (std::size_t top = 0; top < rows; top += side) {
      const std::size_t bottom = std::min(rows, top + side);
      for (std::size_t left = first; left < first + count; left += side) {
        const std::size_t right = std::min(first + count, left + side);
        for (std::size_t col = left; col < right; ++col)
          for (std::size_t row = top; row < bottom; ++row)
            out[col * rows + row] = in[row * cols + col];
      }
    }
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
