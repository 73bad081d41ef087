// SPDX-License-Identifier: MIT
// What is told of a run: the table of its steps, the lines for a person, the report.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "../blas.hpp"
#include "run.hpp"

namespace train {

/// The rows of a run, one a step. A run that goes on keeps the rows of the steps before.
class StepTable {
 public:
  static constexpr const char* header =
      "step,loss,rate,gradient_norm,loss_scale,skipped,largest_update,flushed,clipped";

  StepTable(const std::string& path, std::uint64_t first_step) : path_(path) {
    if (path.empty()) return;
    std::uintmax_t kept = 0;
    if (first_step > 0 && std::filesystem::exists(path)) {
      std::ifstream before(path);
      std::string line;
      const auto next = [&] { return std::getline(before, line) && !before.eof(); };
      std::uint64_t rows = 0;
      const bool is_table = next() && line == header;
      kept = line.size() + 1;
      for (; rows < first_step && next(); ++rows) kept += line.size() + 1;
      if (!is_table || rows < first_step)
        throw std::invalid_argument(
            fmt::format("{}: is not the table of the {} steps so far", path, first_step));
    }
    // Rows that are kept stay in the file: they are there whenever the run is killed.
    if (kept > 0) std::filesystem::resize_file(path, kept);
    file_.open(path, kept > 0 ? std::ios::app : std::ios::out);
    if (!file_) throw std::invalid_argument(path + ": " + std::strerror(errno));
    if (kept == 0) file_ << header << '\n';
  }
  void add(std::uint64_t step, const StepRecord& r) {
    if (path_.empty()) return;
    file_ << fmt::format("{},{},{},{},{},{},{},{},{}\n", step, r.loss, r.rate, r.gradient_norm,
                         r.loss_scale, r.skipped ? 1 : 0, r.largest_update, r.storage.flushed,
                         r.storage.clipped);
  }
  void flush() {
    if (!path_.empty() && !file_.flush())
      throw std::runtime_error(path_ + ": " + std::strerror(errno));
  }

 private:
  std::string path_;
  std::ofstream file_;
};

inline std::string minutes(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::max(0.0, seconds)));
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

inline double share(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
}

/// What a person reads while a run goes on.
class Progress {
 public:
  Progress(const Task& task, const TrainOptions& options, const Ranks& ranks, std::uint64_t first,
           std::uint64_t last)
      : task_(task), options_(options), ranks_(ranks), first_(first), last_(last) {}

  void begin(const Recipe& recipe, const Run& run) const {
    if (!is_shown()) return;
    fmt::print("{}: {}\n{} parameters: {:.2f} bits each, and {:.2f} of the optimizer's state\n",
               recipe.name, recipe.summary, run.parameters(), run.weight_bits(), run.state_bits());
    fmt::print("products of floats: {}; {} threads\n",
               options_.recipe_options.multiply.use_blas ? example::blas_name()
                                                         : "in a fixed order, without a BLAS",
               options_.threads);
    if (task_.micro_batches() > 1)
      fmt::print(
          "micro-batches: {} a step, on {} {}; gradients {}\n", task_.micro_batches(),
          ranks_.size(), ranks_.size() == 1 ? "rank" : "ranks",
          options_.wire == Wire::exact
              ? "summed exactly"
              : fmt::format("summed in {}", wire_names[static_cast<std::size_t>(options_.wire)]));
    if (options_.zero && ranks_.size() > 1)
      fmt::print("this rank keeps {:.1f} % of the weights' and states' bytes\n",
                 100 * run.kept_share());
    if (first_ > 0) fmt::print("goes on at step {}\n", first_);
    fmt::print("{:>6} {:>9} {:>9} {:>8} {:>6} {:>9} {:>8} {:>7} {:>7} {:>9} {:>8}{}\n", "step",
               "loss", "validate", "|g|", "scale", "update", "skipped", "sat. %", "0 %",
               task_.item_name() + "/s", "left",
               ranks_.size() == 1 ? "" : fmt::format(" {:>9} {:>9}", "MB sent", "ms/step"));
  }
  /// `validation` is empty where there is none.
  void line(std::uint64_t step, double loss, const std::string& validation,
            const StepRecord& record, const Run& run) const {
    if (!is_shown()) return;
    const double done = static_cast<double>(step - first_);
    fmt::print(
        "{:>6} {:>9.4f} {:>9} {:>8.3f} {:>6} {:>9.3g} {:>8} {:>7.3f} {:>7.3f} {:>9.0f} {:>8}{}\n",
        step, loss, validation, record.gradient_norm,
        fmt::format("2^{:.0f}", std::log2(run.loss_scale())), record.largest_update,
        run.counters().skipped, share(record.losses.saturated, record.losses.count),
        share(record.losses.flushed, record.losses.count),
        done * static_cast<double>(task_.step_items()) / seconds(),
        minutes(seconds() / done * static_cast<double>(last_ - step)),
        ranks_.size() == 1 ? ""
                           : fmt::format(" {:>9.3f} {:>9.1f}", bytes_per_step(step) / 1e6,
                                         1e3 * seconds() / done));
    std::fflush(stdout);
  }
  /// What this rank has sent to others in a step of the run so far.
  double bytes_per_step(std::uint64_t step) const {
    if (step == first_) return 0;
    return static_cast<double>(ranks_.bytes_sent() - bytes_before_) /
           static_cast<double>(step - first_);
  }
  double seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }

 private:
  bool is_shown() const { return !options_.quiet && ranks_.is_first(); }

  using clock = std::chrono::steady_clock;
  const Task& task_;
  const TrainOptions& options_;
  const Ranks& ranks_;
  std::uint64_t first_, last_, bytes_before_ = ranks_.bytes_sent();
  clock::time_point start_ = clock::now();
};

/// What --json writes.
inline nlohmann::ordered_json report_of(const Recipe& recipe, const TrainOptions& options,
                                        const Run& run, const TrainResult& result) {
  nlohmann::ordered_json all{{"recipe", recipe.name},
                             {"summary", recipe.summary},
                             {"baseline", recipe.baseline},
                             {"parameters", run.parameters()},
                             {"steps", result.steps},
                             {"skipped", result.skipped},
                             {"loss", result.loss},
                             {"validation_loss", result.validation_loss},
                             {"weight_bits", run.weight_bits()},
                             {"state_bits", run.state_bits()},
                             {"clipped", run.counters().clipped},
                             {"flushed", run.counters().flushed},
                             {"largest_update", run.counters().largest_update},
                             {"loss_scale", run.loss_scale()},
                             {"seconds", result.seconds},
                             {"text", result.text}};
  if (result.ranks > 1)
    all.update({{"ranks", result.ranks}, {"bytes_per_step", result.bytes_per_step}});
  for (const auto& [step, loss] : result.curve) all["curve"].push_back({step, loss});
  for (const auto& [name, value, usual] : options.identity)
    if (value != usual) all["options"][name] = value;
  return all;
}

}  // namespace train
