// SPDX-License-Identifier: MIT
// Trains a small GPT on The Devil's Dictionary, byte by byte, in the recipe of a paper.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "../program.hpp"
#include "gpt.hpp"
#include "text.hpp"
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
      const auto size = [&] { return static_cast<std::size_t>(whole_number(name, value, 1)); };
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

/// The language model as the loop sees it.
class CharacterModel final : public Task {
 public:
  CharacterModel(const Options& options, const Recipe& recipe)
      : text_(options.data),
        batch_(options.batch),
        seed_(options.seed),
        model_(
            options.model,
            [&, i = std::size_t{0}](Role role) mutable {
              return recipe.layers.make(role, seed_of(options.seed, 1000 + i++));
            },
            options.seed) {}

  std::vector<Tensor<float>>& tensors() override { return model_.tensors(); }
  std::vector<std::unique_ptr<Layer<float>>>& layers() override { return model_.layers(); }
  double pass(const Context& at, std::uint64_t step, double loss_scale) override {
    const TextBatch batch = text_.batch(seed_, step, batch_, context());
    const double loss = model_.forward(at, batch.tokens, batch.targets);
    model_.backward(at, batch.tokens, batch.targets, loss_scale);
    return loss;
  }
  double validate(const Context& at) override {
    constexpr std::size_t batches = 8;
    double total = 0;
    for (std::size_t i = 0; i < batches; ++i) {
      const TextBatch batch = text_.held_out(i, batches, batch_, context());
      total += model_.forward(at, batch.tokens, batch.targets);
    }
    return total / batches;
  }
  /// Goes on with a text that the model has not seen.
  std::string result(const Context& at) override {
    constexpr std::size_t length = 240;
    const auto prompt = text_.prompt(context());
    std::vector<Token> tokens(prompt.begin(), prompt.end());
    std::string made;
    for (std::size_t i = 0; i < length; ++i) {
      const std::vector<Token> window(tokens.end() - static_cast<std::ptrdiff_t>(context()),
                                      tokens.end());
      const double at_random = narrowfloat::element_bits<24>(seed_, ~std::uint64_t{0}, i) * 0x1p-24;
      tokens.push_back(model_.next(at, window, at_random));
      const bool is_shown = tokens.back() == '\n' || (tokens.back() >= ' ' && tokens.back() <= '~');
      made += is_shown ? static_cast<char>(tokens.back()) : '?';
    }
    return "..." +
           std::string(
               prompt.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(40, context())),
               prompt.end()) +
           "|" + made;
  }
  std::size_t step_items() const override { return batch_ * context(); }
  std::string item_name() const override { return "tokens"; }

 private:
  std::size_t context() const { return model_.config().context; }

  Text text_;
  std::size_t batch_;
  std::uint32_t seed_;
  Gpt<float> model_;
};

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
  CharacterModel model(o, recipe);
  example::set_blas_threads(1);
  return train::train(model, recipe, o).interrupted ? 130 : 0;
}

}  // namespace

int main(int count, char** arguments) {
  static const std::string help = std::string(usage) + train_options_help;
  return example::run_program(
      "train_charlm", help, [&] { return parse(count, arguments); },
      [](Options& options) { return run(options); });
}
