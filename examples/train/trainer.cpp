// SPDX-License-Identifier: MIT
#include "trainer.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "../blas.hpp"
#include "../program.hpp"
#include "progress.hpp"
#include "run.hpp"

namespace train {

namespace {

double mean_of_last(const std::vector<double>& values, std::size_t count) {
  const std::size_t n = std::min(values.size(), count);
  if (n == 0) return 0;
  return std::accumulate(values.end() - static_cast<std::ptrdiff_t>(n), values.end(), 0.0) /
         static_cast<double>(n);
}

/// Why a file could not be written later, told before the work.
void require_writable(const std::string& path) {
  if (path.empty()) return;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const std::string at = folder.empty() ? "." : folder.string();
  if (access(at.c_str(), W_OK) != 0 || std::filesystem::is_directory(path))
    throw std::invalid_argument(
        path + ": " + std::strerror(std::filesystem::is_directory(path) ? EISDIR : errno));
}

/// The run of one rank. The first one prints, validates and writes.
TrainResult train_on(Task& task, const Recipe& recipe, const TrainOptions& options, Ranks& ranks) {
  const bool is_first = ranks.is_first();
  Run run(task, recipe, options, ranks);
  std::optional<StepTable> table;
  together(ranks, [&] {
    if (!options.resume.empty()) run.resume(options.resume);
    if (!options.from.empty()) run.start_from(options.from);
    if (is_first)
      for (const std::string& path : {options.save, options.csv, options.json})
        require_writable(path);
    table.emplace(is_first ? options.csv : "", run.counters().step);
    return true;
  });
  run.publish();
  const Interrupts interrupts;
  const std::uint64_t first = run.counters().step,
                      last = options.stop_at == 0 ? options.steps
                                                  : std::min(options.steps, options.stop_at);
  const Progress progress(task, options, ranks, first, last);
  progress.begin(recipe, run);
  TrainResult result;
  std::vector<double> losses;
  const auto validate = [&] {
    if (!is_first) return;
    result.validation_loss = run.validate();
    result.curve.emplace_back(run.counters().step, result.validation_loss);
  };
  validate();
  while (run.counters().step < last && !run.is_interrupted()) {
    const std::uint64_t next = run.counters().step + 1;
    const bool is_line = next % options.every == 0 || next == last;
    const StepRecord record = run.step(is_line && !options.quiet);
    table->add(next, record);
    losses.push_back(record.loss);
    const bool validates = next % options.validate_every == 0 || next == last;
    if (validates) validate();
    if (is_line) {
      table->flush();
      progress.line(next, mean_of_last(losses, options.every),
                    validates ? fmt::format("{:.4f}", result.validation_loss) : "", record, run);
    }
    if (options.save_every != 0 && next % options.save_every == 0 && !options.save.empty()) {
      table->flush();  // before the run that goes on after these rows
      run.save(options.save, is_first);
    }
  }
  table->flush();
  result.steps = run.counters().step;
  result.skipped = run.counters().skipped;
  result.loss = mean_of_last(losses, 50);
  result.interrupted = run.is_interrupted() && result.steps < last;
  result.seconds = progress.seconds();
  result.ranks = ranks.size();
  result.bytes_per_step = progress.bytes_per_step(result.steps);
  const std::string path = options.save.empty() && result.interrupted
                               ? options.program + "-" + recipe.name + ".safetensors"
                               : options.save;
  if (!path.empty()) run.save(path, is_first);
  if (!is_first) return result;
  if (!path.empty()) {
    if (!options.quiet || result.interrupted) fmt::print("step {}: saved {}\n", result.steps, path);
  }
  if (result.interrupted) {
    fmt::print("{}: interrupted; --resume {} goes on\n", options.program, path);
    return result;
  }
  if (!options.quiet || !options.json.empty())
    result.text = task.result(run.context(nf::Phase::evaluation));
  if (!options.quiet) fmt::print("\n{}\n\n", result.text);
  fmt::print(
      "{:<22} loss {:.4f}, validation {:.4f}, {:.2f} + {:.2f} bits a weight, {} skipped, {} steps in "
      "{}{}\n",
      recipe.name, result.loss, result.validation_loss, run.weight_bits(), run.state_bits(),
      result.skipped, result.steps - first, minutes(result.seconds),
      result.ranks == 1 ? ""
                        : fmt::format(" on {} ranks, each of which sent {:.3f} MB a step",
                                      result.ranks, result.bytes_per_step / 1e6));
  if (!options.json.empty())
    example::OutputFile(options.json)
        .write(report_of(recipe, options, run, result)
                   .dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return result;
}

}  // namespace

TrainResult train(Task& task, const Recipe& recipe, const TrainOptions& options, Ranks& ranks) {
  try {
    return train_on(task, recipe, options, ranks);
  } catch (const std::exception& error) {
    if (ranks.size() == 1 || ranks.ends_together) throw;
    throw std::runtime_error(fmt::format("rank {}: {}", ranks.rank(), error.what()));
  }
}
TrainResult train(Task& task, const Recipe& recipe, const TrainOptions& options) {
  nf::SingleRank alone;
  RanksOf<nf::SingleRank> ranks(alone);
  return train(task, recipe, options, ranks);
}

int run_trainer(const TrainOptions& o, Ranks& ranks, const std::function<Prepared()>& prepare) {
  if (o.list) {
    if (ranks.is_first()) fmt::print("{}", recipe_list());
    return 0;
  }
  const Prepared made = together(ranks, prepare);
  example::set_blas_threads(1);
  return train(*made.task, made.recipe, o, ranks).interrupted ? 130 : 0;
}

}  // namespace train
