// SPDX-License-Identifier: MIT
// The training loop: a task, a recipe, and what a person expects of a trainer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ops.hpp"
#include "options.hpp"
#include "ranks.hpp"
#include "recipe.hpp"

namespace train {

/// What is trained: a model and its data.
class Task {
 public:
  virtual ~Task() = default;
  virtual std::vector<Tensor<float>>& tensors() = 0;
  virtual std::vector<std::unique_ptr<Layer<float>>>& layers() = 0;
  /// In how many micro-batches of one length a step's batch is cut.
  virtual std::size_t micro_batches() const = 0;
  /// The mean loss of a micro-batch of a step, whose gradients, times loss_scale, lie in tensors()
  /// then.
  virtual double pass(const Context& at, std::uint64_t step, std::size_t micro_batch,
                      double loss_scale) = 0;
  /// The mean loss on data that no step sees.
  virtual double validate(const Context& at) = 0;
  /// What else there is to say of the trained model: a text, an accuracy.
  virtual std::string result(const Context& at) = 0;
  /// What a step reads, and its name: 2048 "tokens".
  virtual std::size_t step_items() const = 0;
  virtual std::string item_name() const = 0;
};

/// What came of a run.
struct TrainResult {
  std::uint64_t steps = 0, skipped = 0;
  double loss = 0;  ///< the mean of the last 50 steps
  double validation_loss = 0;
  bool interrupted = false;
  double seconds = 0;
  int ranks = 1;
  double bytes_per_step = 0;                                 ///< that this rank sent to others
  std::vector<std::pair<std::uint64_t, double>> curve = {};  ///< validation losses by step
  std::string text = {};                                     ///< Task::result(), where it is shown
};

/// Trains, and prints, saves, writes what the options ask for. Special: a checkpoint that does not
/// fit, is damaged or was made by other options throws, before anything is written. Of several
/// ranks, each with a task of its own, the first prints, validates and writes.
TrainResult train(Task& task, const Recipe& recipe, const TrainOptions& options, Ranks& ranks);
TrainResult train(Task& task, const Recipe& recipe, const TrainOptions& options);

/// What a trainer makes of its options.
struct Prepared {
  Recipe recipe;
  std::unique_ptr<Task> task;
};
/// What a trainer does, by its options: lists the recipes, or trains what `prepare` makes, on all
/// ranks. The status that the program ends with.
int run_trainer(const TrainOptions& options, Ranks& ranks,
                const std::function<Prepared()>& prepare);

}  // namespace train
