// SPDX-License-Identifier: MIT
// How to quantize to int8.
#pragma once

#include "../matrix.hpp"
#include "../rounding.hpp"

namespace narrowfloat {

/// How a matrix is quantized to int8.
///
/// Example   const auto by_row = Int8Matrix::quantize(x, rows, cols);
///           const auto whole_tensor =
///               Int8Matrix::quantize(x, rows, cols, {.block = {whole, whole}});
///           assert(by_row.scales().size() == rows && whole_tensor.scales().size() == 1);
struct Int8Options {
  /// What shares a scale: a row {1, whole}, a column {whole, 1} or the tensor {whole, whole};
  /// nothing else.
  BlockShape block = {1, whole};
  NonFinite non_finite = NonFinite::nan_block;  ///< a block is what shares a scale
};

}  // namespace narrowfloat
