// SPDX-License-Identifier: MIT
// Times functions in turns, with Google Benchmark.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "progress.hpp"

namespace bench {

inline constexpr int repetitions = 5;

/// Collects the repetitions of Google Benchmark and prints nothing.
class collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      rates_[run.run_name.function_name].push_back(run.counters.at("items_per_second"));
    }
  }
  double median(const std::string& name) {
    std::vector<double>& rates = rates_.at(name);
    const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
    std::nth_element(rates.begin(), middle, rates.end());
    return *middle;
  }

 private:
  std::map<std::string, std::vector<double>> rates_;
};

/// Functions that are timed together: their repetitions come in a random order, so that a slow
/// moment of the machine hits all alike. Only one object at a time may be between add() and run().
class turns {
 public:
  turns(double min_time, progress& shown) : min_time_(min_time), shown_(shown) {
    [[maybe_unused]] static const bool once = [] {
      std::string name = "bench", interleave = "--benchmark_enable_random_interleaving=true";
      char* arguments[] = {name.data(), interleave.data(), nullptr};
      int count = 2;
      benchmark::Initialize(&count, arguments);
      return true;
    }();
  }

  /// Adds a function that treats so many items a call; `prepare` runs before each repetition.
  /// Counts the thread's CPU time.
  template <class Run>
  void add(const std::string& name, std::size_t items, Run run,
           const std::function<void()>& prepare = {}) {
    add_to_all(name, items, run, prepare);
  }

  /// The same for one that has threads of its own. Counts the time on the clock.
  template <class Run>
  void add_on_clock(const std::string& name, std::size_t items, Run run,
                    const std::function<void()>& prepare = {}) {
    add_to_all(name, items, run, prepare)->UseRealTime();
  }

  /// Times all that was added.
  void run() {
    benchmark::RunSpecifiedBenchmarks(&results_, ".");
    benchmark::ClearRegisteredBenchmarks();
  }

  /// The median, in items a second. Throws std::out_of_range if none of that name has run.
  double rate(const std::string& name) { return results_.median(name); }

 private:
  template <class Run>
  benchmark::internal::Benchmark* add_to_all(const std::string& name, std::size_t items, Run run,
                                             const std::function<void()>& prepare) {
    return benchmark::RegisterBenchmark(
               name.c_str(),
               [=, &shown = shown_](benchmark::State& state) {
                 shown.show(name);
                 if (prepare) prepare();
                 for ([[maybe_unused]] auto _ : state) {
                   run();
                   benchmark::ClobberMemory();
                 }
                 state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                                         static_cast<std::int64_t>(items));
               })
        ->MinTime(min_time_)
        ->Repetitions(repetitions);
  }

  double min_time_;
  progress& shown_;
  collector results_;
};

}  // namespace bench
