// SPDX-License-Identifier: MIT
// What a step of an optimizer is told, and what it tells.
#pragma once

#include "gradients.hpp"
#include "storage.hpp"

namespace narrowfloat {

/// What a step does where a gradient, times inverse_loss_scale, is Inf or NaN. Where the rule keeps
/// squares, 2^64 or more counts as well: its square would be Inf.
enum class OnOverflow {
  /// nothing changes and the step does not count, as under loss scaling (PyTorch's GradScaler)
  skip_step,
  skip_tensor,  ///< nothing but the number of steps changes, as in SwitchBack (arXiv 2304.13013)
  unchecked     ///< nobody looks, which saves one read; an Inf or NaN spreads
};

/// What a step does with the gradients before the rule sees them.
///
/// Example   std::vector<float> w = weights;
///           DynamicLossScale loss{.scale = 1};  // the gradients are those of the loss times this
///           AdamW<> adam({.lr = 1e-3}, w.size());
///           const StepReport done =
///               adam.step(w, gradients, {.inverse_loss_scale = 1 / loss.scale, .max_norm = 1});
///           loss.update(done.skipped);  // where a gradient is Inf or NaN nothing has changed
///           assert(!done.skipped && done.gradient_norm < 1);
struct StepOptions {
  float inverse_loss_scale = 1;  ///< what gradients are multiplied by
  double max_norm = 0;           ///< gradients are scaled down to this norm; 0: they are not
  /// What becomes of gradients with Inf or NaN.
  OnOverflow on_overflow = OnOverflow::skip_step;
  /// The norm of the gradients of all tensors, and whether one overflowed, where it is measured
  /// before the steps; else a step measures its own tensor.
  const GradientNorm* measured = nullptr;
};

/// What a step did.
struct StepReport {
  /// Whether the step changed nothing.
  bool skipped = false;
  float largest_update = 0;  ///< the largest |u|: of what the rate multiplies
  double gradient_norm = 0;  ///< where it was measured
  /// What became of numbers that the states, and the weights, took.
  StorageCounts state, weights;
  /// The share of numbers that are kept as the least positive one.
  double floor_share = 0;
};

}  // namespace narrowfloat
