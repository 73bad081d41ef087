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

namespace {

/// Options that a recipe does not have would be ignored.
void require_options(const Recipe& recipe, const RecipeOptions& options) {
  const bool is_pass = options.part == Part::forward || options.part == Part::backward;
  const bool is_sums = recipe.name == "sr-mac";
  if (options.part != Part::all &&
      !(is_pass ? recipe.name == "nvfp4" || is_sums : recipe.name == "adam4bit"))
    throw std::invalid_argument(
        "--part forward and backward are of nvfp4 and sr-mac, m and v of adam4bit; this is " +
        recipe.name);
  if (options.part != Part::all && is_sums && (options.bits != 13 || !options.subnormals))
    throw std::invalid_argument("--part of sr-mac goes with 13 random bits and subnormal numbers");
  if (options.gain != 0 && !recipe.layer_scale)
    throw std::invalid_argument("--gain is of recipes with layer scale; this is " + recipe.name);
}

}  // namespace

Recipe find_recipe(const std::string& name, const RecipeOptions& options) {
  std::string names;
  for (Recipe& recipe : all_recipes(options)) {
    if (recipe.name == name) {
      require_options(recipe, options);
      return std::move(recipe);
    }
    names += (names.empty() ? "" : ", ") + recipe.name;
  }
  throw std::invalid_argument("there is no recipe " + name + "; there are " + names);
}

}  // namespace train
