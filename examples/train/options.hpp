// SPDX-License-Identifier: MIT
// The command line of a trainer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gradient_sum.hpp"
#include "ranks.hpp"
#include "recipe.hpp"

namespace train {

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

/// Notes what checkpoints have to agree with, of the options that every trainer has.
void add_identity(TrainOptions& options, const Recipe& recipe);
/// The recipes with their summaries, for --list.
std::string recipe_list();

/// A whole number of the command line. Special: anything else throws, with the name and the text.
std::uint64_t whole_number(const std::string& name, const std::string& text, std::uint64_t least,
                           std::uint64_t most);
double real_number(const std::string& name, const std::string& text);

}  // namespace train
