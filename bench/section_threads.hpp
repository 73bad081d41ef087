// SPDX-License-Identifier: MIT
// Section "threads": an array in memory, converted by one thread and by two.
#pragma once

#include <fmt/format.h>
#include <array>
#include <cstddef>
#include <narrowfloat/isa.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "measure.hpp"
#include "plan.hpp"

namespace bench {

/// Medians, in elements a second on the clock.
struct thread_row {
  const kernel* conversion;
  std::size_t f32_bytes;
  int threads;
  double speed;
  double roof;        ///< the fastest copy by as many threads
  double one_thread;  ///< the speed of one
};

/// One conversion and the copies of its shape, by each number of threads, in turns.
inline void measure_threads(const bench_state& with, const kernel& conversion,
                            std::vector<thread_row>& rows) {
  constexpr std::array counts{1, 2};
  const std::size_t f32_bytes = with.data.size() * sizeof(float);
  turns timed(with.min_time, with.shown);
  const auto name_of = [&](int threads) {
    return fmt::format("{}/threads:{}", row_name(conversion, narrowfloat::active_isa(), f32_bytes),
                       threads);
  };
  std::vector<copies> same_shape;
  for (const int threads : counts) {
    same_shape.emplace_back(with.data, conversion).add_threads(timed, threads);
    const std::size_t part = with.data.size() / static_cast<std::size_t>(threads);
    timed.add_threads(
        name_of(threads), with.data.size(), threads,
        [&, part](int thread) {
          const std::size_t first = static_cast<std::size_t>(thread) * part;
          conversion.run(
              narrowfloat::active_isa(),
              with.data.in(conversion) +
                  first * static_cast<std::size_t>(conversion.bytes.in_bytes),
              with.data.out() + first * static_cast<std::size_t>(conversion.bytes.out_bytes), part);
        },
        [&] { with.data.prepare(conversion); });
  }
  timed.run();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    rows.push_back({&conversion, f32_bytes, counts[i], timed.rate(name_of(counts[i])),
                    same_shape[i].roof(timed), timed.rate(name_of(1))});
  }
}

/// A few conversions at the memory size.
inline std::vector<thread_row> measure_threads(const bench_state& with) {
  std::vector<thread_row> rows;
  with.data.resize(standard_sizes().memory);
  for (const kernel& each : with.all) {
    if (is_plain(each, few_representatives)) measure_threads(with, each, rows);
  }
  return rows;
}

inline std::string thread_table(const std::vector<thread_row>& rows) {
  if (rows.empty()) return {};
  std::string text = fmt::format(
      "\nThreads: each converts its part of the array; by the clock. roof: copies by as many.\n\n"
      "{:<29} {:>7} {:>8} {:>8} {:>8} {:>8} {:>11}\n{:<29} {:>7} {:>8} {:>8} {:>8} {:>8} {:>11}\n",
      "", "", "", "speed", "roof", "speed /", "speed /", "conversion", "size", "threads", "Gelem/s",
      "Gelem/s", "roof", "one thread");
  for (const thread_row& each : rows) {
    text += fmt::format("{:<29} {:>7} {:>8} {:>8.3f} {:>8.2f} {:>8.3f} {:>11.2f}\n",
                        conversion_name(*each.conversion), size_name(each.f32_bytes), each.threads,
                        each.speed / 1e9, each.roof / 1e9, each.speed / each.roof,
                        each.speed / each.one_thread);
  }
  return text;
}

inline nlohmann::ordered_json to_json(const thread_row& of) {
  return {{"from", of.conversion->from},
          {"to", of.conversion->to},
          {"rounding", of.conversion->rounding},
          {"f32_bytes", of.f32_bytes},
          {"threads", of.threads},
          {"elements_per_s", of.speed},
          {"roof_elements_per_s", of.roof}};
}

}  // namespace bench
