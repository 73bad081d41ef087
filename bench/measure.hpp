// SPDX-License-Identifier: MIT
// Times conversions, the copies of their shape and memcpy, all in turns, with Google Benchmark.
#pragma once

#include <benchmark/benchmark.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "kernels.hpp"
#include "machine.hpp"
#include "progress.hpp"
#include "roof.hpp"
#include "tensors.hpp"

namespace bench {

inline constexpr int repetitions = 5;

/// Medians, in elements a second.
struct copy_row {
  shape bytes;
  std::size_t f32_bytes;
  std::string name;
  double speed;
};
struct row {
  const kernel* conversion;
  narrowfloat::Isa isa;
  std::size_t f32_bytes;  ///< the size of the f32 side
  double speed;
  double roof;  ///< the fastest copy of this shape and size
  double memcpy;
};

/// Collects the repetitions of Google Benchmark and prints nothing.
class collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      speeds_[run.run_name.function_name].push_back(run.counters.at("items_per_second"));
    }
  }
  double median(const std::string& name) {
    std::vector<double>& speeds = speeds_.at(name);
    const auto middle = speeds.begin() + static_cast<std::ptrdiff_t>(speeds.size() / 2);
    std::nth_element(speeds.begin(), middle, speeds.end());
    return *middle;
  }

 private:
  std::map<std::string, std::vector<double>> speeds_;
};

/// Memory on page bounds, already touched.
class buffer {
 public:
  explicit buffer(std::size_t bytes) {
    constexpr std::size_t page = 4096;
    const std::size_t whole = (bytes + page - 1) / page * page;
    data_.reset(static_cast<unsigned char*>(std::aligned_alloc(page, whole)));
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, whole);
  }
  unsigned char* data() const { return data_.get(); }

  /// Repeats the first `pattern` bytes over `bytes`.
  void repeat(std::size_t pattern, std::size_t bytes) const {
    for (std::size_t done = pattern; done < bytes; done += std::min(done, bytes - done)) {
      std::memcpy(data() + done, data(), std::min(done, bytes - done));
    }
  }

 private:
  struct release {
    void operator()(unsigned char* p) const { std::free(p); }
  };
  std::unique_ptr<unsigned char, release> data_;
};

/// The arrays and the results. One step of work is one shape at one size.
class session {
 public:
  session(const std::vector<tensor>& tensors, std::size_t largest, double min_time)
      : all_(concatenate(tensors)),
        min_time_(min_time),
        values_(largest),
        codes_(largest),
        decoded_(largest) {
    std::string name = "bench_convert";
    std::string interleave = "--benchmark_enable_random_interleaving=true";
    char* arguments[] = {name.data(), interleave.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
  }

  /// Measures the conversions, all of one shape, on each instruction set.
  void measure(const std::vector<const kernel*>& conversions,
               const std::vector<narrowfloat::Isa>& isas, std::size_t f32_bytes, progress& shown) {
    const shape bytes = conversions.front()->bytes;
    const std::string size = size_name(f32_bytes);
    const bool encodes = conversions.front()->encodes;
    n_ = f32_bytes / sizeof(float);
    sample_ = sample(all_, n_);
    std::memcpy(values_.data(), sample_.data(), sample_.size() * sizeof(float));
    values_.repeat(sample_.size() * sizeof(float), f32_bytes);
    prepared_ = nullptr;

    const void* const in = encodes ? values_.data() : codes_.data();
    void* const out = encodes ? codes_.data() : decoded_.data();
    const std::string shape_name = fmt::format("{}to{}", bytes.in_bytes, bytes.out_bytes);
    const auto add = [&](const std::string& name, const kernel* source, auto run) {
      add_benchmark(name, bytes, shown, source, run);
    };

    const std::string memcpy_name = fmt::format("memcpy/{}/{}", shape_name, size);
    const std::size_t moved = n_ * static_cast<std::size_t>(bytes.in_bytes + bytes.out_bytes) / 2;
    add(memcpy_name, nullptr, [=] { std::memcpy(out, in, moved); });
    std::vector<std::string> copy_names;
    for (const roof_variant& variant : roof_variants(bytes)) {
      copy_names.push_back(fmt::format("copy/{}/{}/{}", shape_name, variant.name, size));
      add(copy_names.back(), nullptr, [=, n = n_] { variant.run(in, out, n); });
    }
    for (const kernel* each : conversions) {
      for (const narrowfloat::Isa isa : isas) {
        add(row_name(*each, isa, size), encodes ? nullptr : each,
            [=, n = n_] { each->run(isa, in, out, n); });
      }
    }

    collector results;
    benchmark::RunSpecifiedBenchmarks(&results, ".");
    benchmark::ClearRegisteredBenchmarks();

    double roof = 0;
    for (const std::string& name : copy_names) {
      copies_.push_back({bytes, f32_bytes, name, results.median(name)});
      roof = std::max(roof, copies_.back().speed);
    }
    for (const narrowfloat::Isa isa : isas) {
      for (const kernel* each : conversions) {
        rows_.push_back({each, isa, f32_bytes, results.median(row_name(*each, isa, size)), roof,
                         results.median(memcpy_name)});
      }
    }
  }

  const std::vector<row>& rows() const { return rows_; }
  const std::vector<copy_row>& copies() const { return copies_; }

  static std::string row_name(const kernel& of, narrowfloat::Isa isa, const std::string& size) {
    return fmt::format("convert/{}/{}/{}/{}/{}", of.from(), of.to(), of.rounding,
                       narrowfloat::isa_name(isa), size);
  }

 private:
  /// `source` is the format whose codes are read, if any: each repetition puts them in place first.
  template <class Run>
  void add_benchmark(const std::string& name, shape bytes, progress& shown, const kernel* source,
                     Run run) {
    benchmark::RegisterBenchmark(
        name.c_str(),
        [=, this, &shown](benchmark::State& state) {
          shown.show(name);
          if (source != nullptr && source != prepared_) prepare_codes(*source);
          for ([[maybe_unused]] auto _ : state) {
            run();
            benchmark::ClobberMemory();
          }
          const auto elements =
              static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(n_);
          state.SetItemsProcessed(elements);
          state.SetBytesProcessed(elements * (bytes.in_bytes + bytes.out_bytes));
        })
        ->MinTime(min_time_)
        ->Repetitions(repetitions);
  }

  void prepare_codes(const kernel& source) {
    const auto code_bytes = static_cast<std::size_t>(source.bytes.in_bytes);
    source.encode(narrowfloat::active_isa(), sample_.data(), codes_.data(), sample_.size());
    codes_.repeat(sample_.size() * code_bytes, n_ * code_bytes);
    prepared_ = &source;
  }

  std::vector<float> all_, sample_;
  double min_time_;
  std::size_t n_ = 0;
  buffer values_, codes_, decoded_;
  const kernel* prepared_ = nullptr;
  std::vector<row> rows_;
  std::vector<copy_row> copies_;
};

}  // namespace bench
