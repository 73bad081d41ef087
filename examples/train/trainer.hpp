// SPDX-License-Identifier: MIT
// The training loop: a task, a recipe, and what a person expects of a trainer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gradient_sum.hpp"
#include "ops.hpp"
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

/// What a checkpoint has to agree with: an option that changes bits. A usual value is not noted, so
/// that checkpoints of before there was the option go on.
struct Identity {
  std::string name, value, usual = {};
};

/// What the command line says of a run.
struct TrainOptions {
  std::string program;  ///< before every error
  std::string recipe = "fp32";
  RecipeOptions recipe_options{};
  std::uint64_t steps = 700;
  double rate = 1;      ///< times the recipe's learning rates
  double warmup = 0.1;  ///< the part of the steps in which the rate grows
  std::uint32_t seed = 1;
  std::size_t threads = 2;
  std::uint64_t every = 50;  ///< steps between two lines
  std::uint64_t validate_every = 100;
  std::uint64_t save_every = 0;  ///< 0: at the end, and when interrupted
  std::uint64_t stop_at = 0;     ///< saves and stops at this step of `steps`; 0: at the end
  std::string save;              ///< path; none: nothing is saved unless it is interrupted
  std::string resume, from;      ///< paths: goes on with a run; takes its weights alone
  std::string csv, json;
  bool quiet = false;  ///< one line for the whole run
  bool help = false, list = false;
  std::size_t ranks = 0;          ///< that there have to be; 0: as many as there are
  std::size_t micro_batches = 0;  ///< of a step; 0: see choose_micro_batches()
  Wire wire = Wire::f32;          ///< of the sums of their gradients
  bool zero = false;              ///< ranks share weights and states out among them
  std::vector<Identity> identity;
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

/// An option of one trainer alone, and what takes its value, which is empty for one without: false
/// for another option.
using OwnOption = std::function<bool(const std::string& name, const std::string& value)>;
/// Reads a command line: the options that every trainer has, those of `own_flags`, which have no
/// value, and those that `own` takes. Special: what is unknown, and a bad value, throw.
void parse_options(TrainOptions& options, int count, char** arguments,
                   const std::vector<std::string>& own_flags, const OwnOption& own);
/// The lines of --help about them.
extern const char* const train_options_help;
/// Sets the number of micro-batches where none is given: that of the run that goes on, else of
/// ranks. Special: throws for fewer than ranks, and for other ranks than --ranks asks for.
void choose_micro_batches(TrainOptions& options, const Ranks& ranks);

/// What a trainer makes of its options.
struct Prepared {
  Recipe recipe;
  std::unique_ptr<Task> task;
};
/// What a trainer does, by its options: lists the recipes, or trains what `prepare` makes, on all
/// ranks. The status that the program ends with.
int run_trainer(const TrainOptions& options, Ranks& ranks,
                const std::function<Prepared()>& prepare);
/// Notes what checkpoints have to agree with, of the options that every trainer has.
void add_identity(TrainOptions& options, const Recipe& recipe);
/// The recipes with their summaries, for --list.
std::string recipe_list();

/// A whole number of the command line. Special: anything else throws, with the name and the text.
std::uint64_t whole_number(const std::string& name, const std::string& text, std::uint64_t least,
                           std::uint64_t most);
double real_number(const std::string& name, const std::string& text);

}  // namespace train
