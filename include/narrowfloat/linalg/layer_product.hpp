// SPDX-License-Identifier: MIT
// The sizes of a linear layer, and how one of its three products is made.
#pragma once

#include "../hadamard.hpp"
#include "accumulator.hpp"

namespace narrowfloat {

/// The sizes of a linear layer: x is rows x in (rows are tokens), w is out x in, y is rows x out;
/// row-major.
struct LinearShape {
  /// Tokens, inputs and outputs.
  std::size_t rows, in, out;
  friend constexpr bool operator==(const LinearShape&, const LinearShape&) = default;
};

/// The random Hadamard transform of both operands of a product along the axis that it sums over,
/// before they are quantized: it spreads outliers and leaves the product as it is.
struct Rotation {
  std::size_t group = 0;  ///< elements that are mixed: 16, 32, 64 or 128; 0: none
  /// The signs of the transform; all +1 unless given.
  HadamardSigns signs = {};
  bool random_signs = false;  ///< new ones in each step, in the place of `signs`
};

/// How one of a layer's products is made: how its sums are added up, and what they are written as.
///
/// Out    the type that the layer's floats are rounded to on the way out: float16 and bfloat16 of
///        mixed precision
///
/// Two int8 operands under ExactAccumulator are multiplied as integers, and the sums go through
/// dequantize_product().
///
/// Example   // results in bfloat16; both operands through a random Hadamard transform
///           const LayerProduct<FusedAccumulator<float>, bfloat16> product{
///               .rotation = {.group = 64, .random_signs = true}};
///           assert(product.rotation.group == 64);
template <class Acc = FusedAccumulator<float>, number Out = float, rounding_policy R = NearestEven>
requires lossless_to<Out, float>
struct LayerProduct {
  /// How sums are added up.
  Acc accumulator{};
  /// How they are rounded to Out.
  R rounding{};
  /// What becomes of overflow there.
  Saturation saturation = default_saturation<Out>;
  /// The transform of both operands before they are quantized.
  Rotation rotation{};
};

}  // namespace narrowfloat
