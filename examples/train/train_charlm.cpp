// SPDX-License-Identifier: MIT
// Trains a small GPT on The Devil's Dictionary, byte by byte, in the recipe of a paper.
#include <fmt/core.h>

#include <map>

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
  GptConfig model;
  std::size_t batch = 0;
  std::string data = NARROWFLOAT_DATA_DIR "/devils-dictionary.txt";
};

Options parse(int count, char** arguments) {
  Options o;
  o.program = "train_charlm";
  o.model.layers = o.model.width = o.model.heads = o.model.context = 0;
  const std::map<std::string, std::size_t*> sizes{{"--layers", &o.model.layers},
                                                  {"--width", &o.model.width},
                                                  {"--heads", &o.model.heads},
                                                  {"--context", &o.model.context},
                                                  {"--batch", &o.batch}};
  parse_options(o, count, arguments, {}, [&](const std::string& name, const std::string& value) {
    if (const auto size = sizes.find(name); size != sizes.end())
      *size->second = static_cast<std::size_t>(whole_number(name, value, 1, 1 << 20));
    else if (name == "--data")
      o.data = value;
    else
      return false;
    return true;
  });
  return o;
}

Prepared prepare(Options& o, const Ranks& ranks) {
  choose_micro_batches(o, ranks);
  Recipe recipe = find_recipe(o.recipe, o.recipe_options);
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
  o.model.gain = recipe.gain;
  o.model.unit_scaling = recipe.unit_scaling;
  const auto is = [&](const char* name, const auto& value) {
    o.identity.push_back({name, fmt::format("{}", value)});
  };
  add_identity(o, recipe);
  is("layers", o.model.layers);
  is("width", o.model.width);
  is("heads", o.model.heads);
  is("context", o.model.context);
  is("batch", o.batch);
  auto task =
      std::make_unique<CharacterTask>(o.data, o.model, o.batch, o.seed, recipe, o.micro_batches);
  is("data", task->data_digest());
  return {std::move(recipe), std::move(task)};
}

}  // namespace

int main(int count, char** arguments) {
  static const std::string help = std::string(usage) + train_options_help;
  return run_on_ranks(
      "train_charlm", help, [&] { return parse(count, arguments); },
      [](Options& o, Ranks& ranks) {
        return run_trainer(o, ranks, [&] { return prepare(o, ranks); });
      });
}
