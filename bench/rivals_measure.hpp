// SPDX-License-Identifier: MIT
// Times narrowfloat and its rivals on the same arrays, in turns, with Google Benchmark.
#pragma once

#include <benchmark/benchmark.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <narrowfloat/isa.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kernels.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "progress.hpp"
#include "rivals.hpp"
#include "tensors.hpp"

namespace bench {

inline constexpr std::string_view ourselves = "narrowfloat";

/// One contender in one conversion at one size; medians.
struct rival_row {
  const kernel* conversion;
  std::string_view contender;
  std::size_t f32_bytes;  ///< the size of the f32 side
  double speed;           ///< elements a second
  double ours;            ///< narrowfloat's speed here
};

/// The rivals in a conversion, in their order.
inline std::vector<rival> rivals_in(const kernel& conversion, const rivals& found) {
  std::vector<rival> those;
  for (const rival& each : found.all) {
    if (each.format == conversion.format && each.encodes == conversion.encodes)
      those.push_back(each);
  }
  return those;
}

/// The arrays and the results. One step of work is one conversion at one size.
class rival_session {
 public:
  rival_session(const std::vector<tensor>& tensors, std::size_t largest, double min_time)
      : all_(concatenate(tensors)),
        min_time_(min_time),
        values_(largest),
        codes_(largest),
        decoded_(largest) {
    std::string name = "bench_rivals";
    std::string interleave = "--benchmark_enable_random_interleaving=true";
    char* arguments[] = {name.data(), interleave.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
  }

  void measure(const kernel& conversion, const std::vector<rival>& against, std::size_t f32_bytes,
               progress& shown) {
    const std::size_t n = f32_bytes / sizeof(float);
    fill(conversion, n);
    const void* const in = conversion.encodes ? values_.data() : codes_.data();
    void* const out = conversion.encodes ? codes_.data() : decoded_.data();
    const auto name_of = [&](std::string_view contender) {
      return fmt::format("{}/{}/{}/{}", conversion.from(), conversion.to(), contender,
                         size_name(f32_bytes));
    };

    add_benchmark(name_of(ourselves), n, shown,
                  [=, &conversion] { conversion.run(narrowfloat::active_isa(), in, out, n); });
    for (const rival& each : against) {
      add_benchmark(name_of(each.name), n, shown, [=] { each.run(in, out, n); });
    }
    collector results;
    benchmark::RunSpecifiedBenchmarks(&results, ".");
    benchmark::ClearRegisteredBenchmarks();

    const double ours = results.median(name_of(ourselves));
    rows_.push_back({&conversion, ourselves, f32_bytes, ours, ours});
    for (const rival& each : against) {
      const double speed = results.median(name_of(each.name));
      rows_.push_back({&conversion, each.name, f32_bytes, speed, ours});
    }
  }

  const std::vector<rival_row>& rows() const { return rows_; }

 private:
  /// Puts the input of a conversion in its place: the values, and their codes where it reads those.
  void fill(const kernel& conversion, std::size_t n) const {
    const std::vector<float> part = sample(all_, n);
    std::memcpy(values_.data(), part.data(), part.size() * sizeof(float));
    values_.repeat(part.size() * sizeof(float), n * sizeof(float));
    if (conversion.encodes) return;
    conversion.encode(narrowfloat::active_isa(), values_.data(), codes_.data(), n);
  }

  template <class Run>
  void add_benchmark(const std::string& name, std::size_t n, progress& shown, Run run) const {
    benchmark::RegisterBenchmark(
        name.c_str(),
        [=, &shown](benchmark::State& state) {
          shown.show(name);
          for ([[maybe_unused]] auto _ : state) {
            run();
            benchmark::ClobberMemory();
          }
          state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                                  static_cast<std::int64_t>(n));
        })
        ->MinTime(min_time_)
        ->Repetitions(repetitions);
  }

  std::vector<float> all_;
  double min_time_;
  buffer values_, codes_, decoded_;
  std::vector<rival_row> rows_;
};

}  // namespace bench
