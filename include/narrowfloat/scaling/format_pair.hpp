// SPDX-License-Identifier: MIT
// Which format the tensors of the forward pass are cast to, and which those of the backward pass.
#pragma once

#include "../formats.hpp"

namespace narrowfloat {

/// The two formats of a recipe: activations and weights in the one, gradients of outputs in the
/// other.
template <narrow_float Forward, narrow_float Backward = Forward>
struct FormatPair {
  /// The formats of activations and weights, and of gradients.
  using forward = Forward;
  using backward = Backward;
};

/// Transformer Engine's Format.HYBRID: precision forward, range backward.
///
/// Example   CurrentScalingOptions options;
///           const float s_x = current_scale<HybridFormats::forward>(amax(x), options);
///           const float s_g = current_scale<HybridFormats::backward>(amax(gradients), options);
///           assert(s_x != s_g);
using HybridFormats = FormatPair<float8_e4m3fn, float8_e5m2>;
/// Transformer Engine's Format.E4M3: one format for both.
using E4m3Formats = FormatPair<float8_e4m3fn>;

}  // namespace narrowfloat
