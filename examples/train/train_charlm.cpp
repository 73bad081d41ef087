// SPDX-License-Identifier: MIT
// Trains a small GPT on The Devil's Dictionary, byte by byte, in the recipe of a paper.
#include <fmt/core.h>

#include "../program.hpp"
#include "character_task.hpp"
#include "gpt.hpp"
#include "trainer.hpp"

namespace {

using namespace train;

constexpr const char* usage = R"(usage: train_charlm [options]

Trains a small GPT on a text, byte by byte, in the recipe of a paper; about two minutes in float on two cores.

  --list             the recipes
  --layers N --width N --heads N --context N --batch N
                     the model (2, 128, 4, 128; 16 sequences a step); emulated recipes: 1, 64, 2, 64; 4
  --data FILE        another text
)";

struct Options : TrainOptions {
  bool help = false, list = false;
  GptConfig model;
  std::size_t batch = 0;
  std::string data = NARROWFLOAT_DATA_DIR "/devils-dictionary.txt";
};

Options parse(int count, char** arguments) {
  Options o;
  o.program = "train_charlm";
  o.recipe_options.multiply.use_blas = example::has_blas;
  o.model.layers = o.model.width = o.model.heads = o.model.context = 0;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--help")
      o.help = true;
    else if (name == "--list")
      o.list = true;
    else if (name == "--quiet")
      o.quiet = true;
    else if (name == "--no-blas")
      o.recipe_options.multiply.use_blas = false;
    else if (name == "--flush")
      o.recipe_options.subnormals = false;
    else {
      if (i + 1 == count) throw std::invalid_argument(name + " needs a value, or is unknown");
      const std::string value = arguments[++i];
      const auto size = [&] {
        return static_cast<std::size_t>(whole_number(name, value, 1, 1 << 20));
      };
      if (name == "--layers")
        o.model.layers = size();
      else if (name == "--width")
        o.model.width = size();
      else if (name == "--heads")
        o.model.heads = size();
      else if (name == "--context")
        o.model.context = size();
      else if (name == "--batch")
        o.batch = size();
      else if (name == "--data")
        o.data = value;
      else if (!take_option(o, name, value))
        throw std::invalid_argument("unknown option " + name);
    }
  }
  return o;
}

int run(Options& o) {
  if (o.list) {
    fmt::print("{}", recipe_list());
    return 0;
  }
  const Recipe recipe = find_recipe(o.recipe, o.recipe_options);
  const auto choose = [&](std::size_t& size, std::size_t usual, std::size_t small) {
    if (size == 0) size = recipe.is_slow ? small : usual;
  };
  choose(o.model.layers, 2, 1);
  choose(o.model.width, 128, 64);
  choose(o.model.heads, 4, 2);
  choose(o.model.context, 128, 64);
  choose(o.batch, 16, 4);
  o.model.stable_embedding = recipe.stable_embedding;
  o.model.layer_scale = recipe.layer_scale;
  o.model.unit_scaling = recipe.unit_scaling;
  const auto is = [&](const char* name, const auto& value) {
    o.identity.emplace_back(name, fmt::format("{}", value));
  };
  add_identity(o, recipe);
  is("layers", o.model.layers);
  is("width", o.model.width);
  is("heads", o.model.heads);
  is("context", o.model.context);
  is("batch", o.batch);
  CharacterTask task(o.data, o.model, o.batch, o.seed, recipe);
  is("data", task.data_digest());
  example::set_blas_threads(1);
  return train::train(task, recipe, o).interrupted ? 130 : 0;
}

}  // namespace

int main(int count, char** arguments) {
  static const std::string help = std::string(usage) + train_options_help;
  return example::run_program(
      "train_charlm", help, [&] { return parse(count, arguments); },
      [](Options& options) { return run(options); });
}
