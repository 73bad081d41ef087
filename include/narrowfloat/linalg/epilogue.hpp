// SPDX-License-Identifier: MIT
// What the sums of a matrix product go through before they are written: factors, a bias, a narrower
// type.
#pragma once

#include <optional>
#include <span>

#include "../convert.hpp"

namespace narrowfloat {

/// What becomes of the sums of a matmul; what is left out does nothing.
///
/// Result    c(i, j) = convert(x * f + bias[j]) with x the sum of element (i, j) as a float, to
///           nearest, and f = (scale * row_scales[i]) * column_scales[j]. Each of these operations
///           is rounded to float, to nearest even, as separate instructions do: a factor, the
///           product, the sum. The conversion to the numbers of c rounds by `rounding`, as element
///           i * n + j of it, and overflows by `saturation`, unless given as convert() does.
/// Special   Inf and NaN as IEEE 754; NaN is the positive canonical one. Row scales that are not
///           one a row of c, column scales and a bias that are not one a column, and another number
///           of words of random bits than elements throw std::invalid_argument with the numbers,
///           before anything is written.
/// Promises  the same bits on every instruction set and in every floating-point environment.
///
/// Example   // NVFP4 without a tensor scale, so that floats hold the values; the sums take it
///           const auto q = BlockTensor<nvfp4>::quantize(x, rows, cols, {.tensor_scale = 1});
///           const std::vector<float> bias(rows, 0.5f);
///           std::vector<bfloat16> y(rows * rows);
///           matmul(q, weights, y, rows, rows, cols, FusedAccumulator<float>{},
///                  {.b_transposed = true}, Epilogue<>{.scale = 0.25f, .bias = bias});
template <rounding_policy R = NearestEven>
struct Epilogue {
  /// A factor of all sums.
  float scale = 1;
  /// A factor for each row of c.
  std::span<const float> row_scales = {};
  /// A factor for each column of c.
  std::span<const float> column_scales = {};
  /// What is added to each column of c.
  std::span<const float> bias = {};
  /// How the result is rounded to the numbers of c.
  R rounding{};
  /// What becomes of overflow there; without a value as in convert().
  std::optional<Saturation> saturation = {};
};

}  // namespace narrowfloat
