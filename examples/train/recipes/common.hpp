// SPDX-License-Identifier: MIT
// What rows of the table share: layers whose float sums are the options', and the usual optimizers.
#pragma once

#include "../recipe.hpp"

namespace train {

using Floats = std::vector<float>;

/// Gives every sum of floats in a recipe the function that multiplies.
template <class Accumulator>
void set_multiply(Accumulator& accumulator, const Multiply& multiply) {
  if constexpr (requires { accumulator.gemm; }) accumulator.gemm = multiply;
}
template <nf::linear_recipe R>
LayerMaker layer(const RecipeOptions& options, R recipe = {}) {
  set_multiply(recipe.forward.accumulator, options.multiply);
  set_multiply(recipe.input_gradient.accumulator, options.multiply);
  set_multiply(recipe.weight_gradient.accumulator, options.multiply);
  return layer(std::move(recipe));
}

/// What most runs are made with.
inline constexpr nf::AdamWRule usual_adam{.lr = 4e-3, .beta2 = 0.99, .weight_decay = 0.1};

/// AdamW; vectors do not decay.
template <class Form, class M = nf::FloatState, class V = M, class Rounding = nf::NearestEven,
          class Gradient = float>
WeightMakers adamw(nf::AdamWRule options = usual_adam) {
  WeightMakers made{.hidden = weights<Form, nf::AdamW<M, V>, Rounding, Gradient>(options)};
  options.weight_decay = 0;
  made.vector = weights<Form, nf::AdamW<M, V>, Rounding, Gradient>(options);
  return made;
}
/// StableAdamW on floats, as SwitchBack's authors train.
WeightMakers stable_adamw();

/// What the recipe of one's own steps with.
inline constexpr nf::LionRule own_lion{.lr = 5e-4};

/// A loss scale that starts at 2^16 and grows after 2000 steps: PyTorch's.
inline constexpr LossScaling usual_loss_scale{LossScaling::Kind::dynamic, 65536, 2000};

/// Layers of floats, and of bfloat16: what many recipes leave the last layer in.
LayerMaker float_layer(const RecipeOptions& options);
LayerMaker bfloat16_layer(const RecipeOptions& options);

}  // namespace train
