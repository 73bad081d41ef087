// SPDX-License-Identifier: MIT
// int8 by SwitchBack, with what its authors train it with: StableAdamW, a constant loss scale,
// tensors skipped one by one.
#include "common.hpp"

namespace train {

WeightMakers stable_adamw() {
  nf::StableAdamWRule options{.lr = 4e-3, .weight_decay = 0.1};
  WeightMakers made{.hidden = weights<Floats, nf::StableAdamW<>>(options)};
  options.weight_decay = 0;
  made.vector = weights<Floats, nf::StableAdamW<>>(options);
  return made;
}

std::vector<Recipe> int8_recipes(const RecipeOptions& options) {
  namespace recipes = nf::recipes;
  const auto row = [&](std::string name, std::string summary, LayerMaker hidden) {
    return Recipe{.name = std::move(name),
                  .summary = std::move(summary),
                  .baseline = "stable-adamw",
                  .layers = {std::move(hidden), {}, bfloat16_layer(options)},
                  .weights = stable_adamw(),
                  .loss_scaling = {LossScaling::Kind::constant, 65536},
                  .on_overflow = nf::OnOverflow::skip_tensor,
                  .max_norm = 0};
  };
  return {
      row("switchback", "int8 y and dx, bfloat16 dw (SwitchBack)",
          layer<recipes::SwitchBack<Sums>>(options)),
      row("switchback-m", "the same, dw from the int8 codes of x",
          layer<recipes::SwitchBackM<Sums>>(options)),
      row("switchback-q", "the same, scales by row and column of w",
          layer<recipes::SwitchBackQ<Sums>>(options)),
      row("int8-all", "all three products in int8: what SwitchBack is compared with",
          layer<recipes::LlmInt8<>>(options)),
  };
}

}  // namespace train
