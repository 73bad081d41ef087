// SPDX-License-Identifier: MIT
// A classifier of digits as the loop sees it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "classifier.hpp"
#include "digits_data.hpp"
#include "trainer.hpp"

namespace train {

class DigitsTask final : public Task {
 public:
  /// A batch of 0: as many of all rows as the recipe's products can take, 1437 in most.
  DigitsTask(const std::string& data, std::vector<Stage> stages, std::size_t batch,
             std::uint32_t seed, const Recipe& recipe, std::size_t micro_batches = 1)
      : digits_(data),
        batch_(batch == 0 ? digits_.size() / multiple_of(recipe, micro_batches) *
                                multiple_of(recipe, micro_batches)
                          : batch),
        micro_batches_(micro_batches),
        seed_(seed),
        model_(
            {std::move(stages), recipe.unit_scaling},
            [&, i = std::size_t{0}](Role role) mutable {
              return recipe.layers.make(role, seed_of(seed, 1000 + i++));
            },
            seed) {
    const std::size_t multiple = multiple_of(recipe, micro_batches);
    if (batch_ == 0 || batch_ > digits_.size() || batch_ % multiple != 0)
      throw std::invalid_argument(
          fmt::format("{} trains on at most {} rows a step, a multiple of {}: not {}", recipe.name,
                      digits_.size() / multiple * multiple, multiple, batch_));
  }

  std::size_t batch() const { return batch_; }
  std::vector<Tensor<float>>& tensors() override { return model_.tensors(); }
  std::vector<std::unique_ptr<Layer<float>>>& layers() override { return model_.layers(); }
  std::size_t micro_batches() const override { return micro_batches_; }
  double pass(const Context& at, std::uint64_t step, std::size_t micro_batch,
              double loss_scale) override {
    const DigitBatch batch =
        digits_.batch(seed_, step * micro_batches_ + micro_batch, batch_ / micro_batches_);
    const double loss = model_.forward(at, batch.images, batch.labels);
    model_.backward(at, batch.labels, loss_scale);
    return loss;
  }
  double validate(const Context& at) override {
    const DigitBatch batch = digits_.held_out();
    return model_.forward(at, batch.images, batch.labels);
  }
  std::string result(const Context& at) override {
    const DigitBatch batch = digits_.held_out();
    model_.forward(at, batch.images, batch.labels);
    const auto p = model_.probabilities();
    std::size_t right = 0;
    for (std::size_t r = 0; r < batch.labels.size(); ++r) {
      const auto row = p.subspan(r * Digits::classes, Digits::classes);
      right += std::ranges::max_element(row) - row.begin() == batch.labels[r];
    }
    const auto n = static_cast<double>(batch.labels.size());
    const double share = static_cast<double>(right) / n;
    return fmt::format(
        "{} of {} held-out digits are right: {:.1f} % with a standard error of {:.1f}. That tells a "
        "run that learns from one that does not, no recipe from another: compare the losses of runs "
        "with the same seed and batches.",
        right, n, 100 * share, 100 * std::sqrt(share * (1 - share) / n));
  }
  std::size_t step_items() const override { return batch_; }
  std::string item_name() const override { return "images"; }

 private:
  /// Rows of a step: whole groups of a product's, in each of equal micro-batches.
  static std::size_t multiple_of(const Recipe& recipe, std::size_t micro_batches) {
    return recipe.row_multiple * micro_batches;
  }

  Digits digits_;
  std::size_t batch_, micro_batches_;
  std::uint32_t seed_;
  Classifier<float> model_;
};

}  // namespace train
