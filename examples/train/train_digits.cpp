// SPDX-License-Identifier: MIT
// Trains a small classifier of handwritten digits in the recipe of a paper: in seconds what
// train_charlm does in minutes.
#include <fmt/core.h>

#include "../program.hpp"
#include "digits_task.hpp"
#include "trainer.hpp"

namespace {

using namespace train;

constexpr const char* usage = R"(usage: train_digits [options]

Trains a small classifier of 8 x 8 handwritten digits in the recipe of a paper, 300 steps, within seconds. Its accuracy
tells a run that learns from one that does not, no recipe from another: for that, compare the losses of runs with the same
--seed and --batch. These models have no residual branches and no table: layer scale and stable embeddings change nothing.

  --list             the recipes
  --model mlp|lenet  64-128-128-10; or two convolutions by im2col and two matrices (mlp)
  --batch N          images a step, of 1,437 (64)
  --full-batch       all of them: sums of 1,437 products and gradients without noise; of 1,408 in mxfp4, 1,424 in nvfp4
)";

struct Options : TrainOptions {
  std::string model = "mlp";
  std::size_t batch = 64;
};

Options parse(int count, char** arguments) {
  Options o;
  o.program = "train_digits";
  o.steps = 300;
  const auto own = [&](const std::string& name, const std::string& value) {
    if (name == "--full-batch")
      o.batch = 0;
    else if (name == "--model")
      o.model = value;
    else if (name == "--batch")
      o.batch = static_cast<std::size_t>(whole_number(name, value, 1, 1 << 20));
    else
      return false;
    return true;
  };
  parse_options(o, count, arguments, {"--full-batch"}, own);
  if (o.model != "mlp" && o.model != "lenet")
    throw std::invalid_argument("--model is mlp or lenet, not " + o.model);
  return o;
}

Prepared prepare(Options& o, const Ranks& ranks) {
  choose_micro_batches(o, ranks);
  Recipe recipe = find_recipe(o.recipe, o.recipe_options);
  auto task = std::make_unique<DigitsTask>(NARROWFLOAT_DATA_DIR "/digits.csv",
                                           o.model == "mlp" ? mlp() : lenet(), o.batch, o.seed,
                                           recipe, o.micro_batches);
  const auto is = [&](const char* name, const auto& value) {
    o.identity.push_back({name, fmt::format("{}", value)});
  };
  add_identity(o, recipe);
  is("model", o.model);
  is("batch", task->batch());
  return {std::move(recipe), std::move(task)};
}

}  // namespace

int main(int count, char** arguments) {
  static const std::string help = std::string(usage) + train_options_help;
  return run_on_ranks(
      "train_digits", help, [&] { return parse(count, arguments); },
      [](Options& o, Ranks& ranks) {
        return run_trainer(o, ranks, [&] { return prepare(o, ranks); });
      });
}
