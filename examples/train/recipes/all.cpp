// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "../recipe.hpp"

namespace train {

std::vector<Recipe> all_recipes(const RecipeOptions& options) {
  std::vector<Recipe> all;
  for (const auto family : {sixteen_bit_recipes, fp8_recipes, block_recipes, int8_recipes,
                            emulated_recipes, optimizer_recipes, learned_recipes, own_recipes})
    std::ranges::move(family(options), std::back_inserter(all));
  return all;
}

Recipe find_recipe(const std::string& name, const RecipeOptions& options) {
  std::string names;
  for (Recipe& recipe : all_recipes(options)) {
    if (recipe.name == name) return std::move(recipe);
    names += (names.empty() ? "" : ", ") + recipe.name;
  }
  throw std::invalid_argument("there is no recipe " + name + "; there are " + names);
}

}  // namespace train
