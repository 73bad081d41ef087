// SPDX-License-Identifier: MIT
// How to quantize to int8.
#pragma once

#include "../rounding.hpp"

namespace narrowfloat {

/// Which elements of a matrix share a scale.
enum class Granularity {
  tensor,  ///< all
  row,     ///< those of a row
  column   ///< those of a column
};

/// How quantize_int8() quantizes.
struct Int8Options {
  Granularity granularity = Granularity::row;
  NonFinite non_finite = NonFinite::nan_block;  ///< a block is what shares a scale
};

}  // namespace narrowfloat
