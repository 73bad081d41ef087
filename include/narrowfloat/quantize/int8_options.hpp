// SPDX-License-Identifier: MIT
// How to quantize to int8.
#pragma once

#include "../matrix.hpp"
#include "../rounding.hpp"

namespace narrowfloat {

/// How a matrix is quantized to int8.
struct Int8Options {
  /// What shares a scale: a row {1, whole}, a column {whole, 1} or the tensor {whole, whole}; nothing else.
  BlockShape block = {1, whole};
  NonFinite non_finite = NonFinite::nan_block;  ///< a block is what shares a scale
};

}  // namespace narrowfloat
