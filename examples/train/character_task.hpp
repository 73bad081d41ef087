// SPDX-License-Identifier: MIT
// A language model of bytes as the loop sees it.
#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gpt.hpp"
#include "text.hpp"
#include "trainer.hpp"

namespace train {

/// The language model as the loop sees it.
class CharacterTask final : public Task {
 public:
  CharacterTask(const std::string& text, const GptConfig& config, std::size_t batch,
                std::uint32_t seed, const Recipe& recipe, std::size_t micro_batches = 1)
      : text_(text),
        batch_(batch),
        micro_batches_(micro_batches),
        seed_(seed),
        model_(
            config,
            [&, i = std::size_t{0}](Role role) mutable {
              return recipe.layers.make(role, seed_of(seed, 1000 + i++));
            },
            seed) {
    text_.require_length(config.context);
    if (batch % micro_batches != 0)
      throw std::invalid_argument("a batch of " + std::to_string(batch) + " sequences is not " +
                                  std::to_string(micro_batches) + " micro-batches of one length");
    const std::size_t sequences = batch / micro_batches;
    if (sequences * config.context % recipe.row_multiple != 0)
      throw std::invalid_argument(
          recipe.name + " trains on a multiple of " + std::to_string(recipe.row_multiple) +
          " tokens a " + (micro_batches == 1 ? "step" : "micro-batch") + ", not " +
          std::to_string(sequences) + " sequences of " + std::to_string(config.context));
  }

  std::string data_digest() const { return text_.digest(); }
  std::vector<Tensor<float>>& tensors() override { return model_.tensors(); }
  std::vector<std::unique_ptr<Layer<float>>>& layers() override { return model_.layers(); }
  std::size_t micro_batches() const override { return micro_batches_; }
  double pass(const Context& at, std::uint64_t step, std::size_t micro_batch,
              double loss_scale) override {
    const std::size_t sequences = batch_ / micro_batches_;
    const TextBatch batch = text_.batch(seed_, step, sequences, context(), micro_batch * sequences);
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
  std::size_t batch_, micro_batches_;
  std::uint32_t seed_;
  Gpt<float> model_;
};

}  // namespace train
