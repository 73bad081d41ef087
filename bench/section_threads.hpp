// SPDX-License-Identifier: MIT
// Section "threads": arrays in the caches and in memory, converted by one thread and by several.
#pragma once

#include <fmt/format.h>
#include <atomic>
#include <cstddef>
#include <narrowfloat/isa.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "plan.hpp"
#include "pools.hpp"

namespace bench {

/// Medians, in elements a second on the clock.
struct thread_row {
  const kernel* conversion;
  std::size_t f32_bytes;
  std::size_t threads;
  double speed, one_thread;
  double roof, one_roof;  ///< the fastest copy by as many threads, and by one
};

struct thread_results {
  std::vector<thread_row> rows;
  /// Seconds of a call with a task for each thread: of one whose tasks do nothing, and of one that
  /// ends when all threads have begun.
  double nothing = 0, all_begun = 0;
};

inline void measure_pool(const bench_state& with, std::size_t threads, thread_results& found) {
  turns timed(with.min_time, with.shown);
  narrowfloat::ThreadPool* const pool = &pool_of(threads);
  timed.add_on_clock("nothing", 1, [=] { (*pool)(threads, [](std::size_t) {}); });
  timed.add_on_clock("all begun", 1, [=] {
    std::atomic<std::size_t> begun = 0;
    (*pool)(threads, [&](std::size_t) {
      ++begun;
      while (begun < threads) std::this_thread::yield();
    });
  });
  timed.run();
  found.nothing = 1 / timed.rate("nothing");
  found.all_begun = 1 / timed.rate("all begun");
}

/// Conversions of one shape, all from f32 or none, and its copies, by one thread and by a pool, in
/// turns.
inline void measure_threads(const bench_state& with, const std::vector<task>& tasks,
                            std::size_t f32_bytes, std::size_t threads,
                            std::vector<thread_row>& rows) {
  with.data.resize(f32_bytes);
  const std::size_t n = with.data.size();
  const bool past_caches = f32_bytes == standard_sizes().memory;
  turns timed(with.min_time, with.shown);
  const auto name_of = [&](const task& each, std::size_t count) {
    return fmt::format("{}/threads:{}", row_name(*each.conversion, each.isa, f32_bytes), count);
  };
  std::vector<copies> same_shape;
  for (const std::size_t count : {std::size_t{1}, threads}) {
    narrowfloat::ThreadPool* const pool = &pool_of(count);
    same_shape.emplace_back(with.data, *tasks.front().conversion)
        .add_threads(timed, *pool, past_caches);
    for (const task& each : tasks) {
      const kernel& conversion = *each.conversion;
      timed.add_on_clock(
          name_of(each, count), n,
          [&with, &conversion, pool, n] {
            conversion.run_by(*pool, with.data.in(conversion), with.data.out(), n);
          },
          [&with, &conversion] { with.data.prepare(conversion); });
    }
  }
  timed.run();
  for (const task& each : tasks) {
    rows.push_back({each.conversion, f32_bytes, threads, timed.rate(name_of(each, threads)),
                    timed.rate(name_of(each, 1)), same_shape[1].roof(timed),
                    same_shape[0].roof(timed)});
  }
}

/// A format of each kind both ways to nearest, and all that is not from f32 to nearest or to f32;
/// with --all every conversion.
inline thread_results measure_threads(const bench_state& with, const options& chosen) {
  std::vector<task> tasks;
  for (const kernel& each : with.all) {
    const bool is_plain_one =
        (each.encodes() && each.rounding == default_rounding) || each.decodes();
    if (chosen.all || !is_plain_one || is_plain(each, representatives))
      tasks.push_back({&each, narrowfloat::active_isa()});
  }
  std::vector<step> steps;
  add_steps(steps, standard_sizes().second_level, tasks);
  add_steps(steps, standard_sizes().memory, tasks);
  thread_results found;
  measure_pool(with, chosen.threads, found);
  for (const step& each : steps)
    measure_threads(with, each.tasks, each.f32_bytes, chosen.threads, found.rows);
  return found;
}

inline std::string thread_table(const thread_results& found) {
  if (found.rows.empty()) return {};
  constexpr std::string_view line = "{:<29} {:<15} {:>7} {:>9} {:>9} {:>7} {:>7} {:>7}\n";
  const std::string threads = fmt::format("{} threads", found.rows.front().threads);
  std::string text = fmt::format(
      "\nThreads of a ThreadPool, by the clock. roof: the fastest copy by as many threads; its times: over\n"
      "that by one. A call of tasks that do nothing takes {:.2f} us, one in which each thread has a task at least {:.1f}.\n\n",
      found.nothing * 1e6, found.all_begun * 1e6);
  text += fmt::format(line, "", "", "", "1 thread", threads, "times", "speed /", "roof's");
  text += fmt::format(line, "conversion", "rounding", "size", "Gelem/s", "Gelem/s", "", "roof",
                      "times");
  for (const thread_row& each : found.rows) {
    text += fmt::format("{:<29} {:<15} {:>7} {:>9.3f} {:>9.3f} {:>7.2f} {:>7.3f} {:>7.2f}\n",
                        conversion_name(*each.conversion), rounding_name(*each.conversion),
                        size_name(each.f32_bytes), each.one_thread / 1e9, each.speed / 1e9,
                        each.speed / each.one_thread, each.speed / each.roof,
                        each.roof / each.one_roof);
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
          {"one_thread_elements_per_s", of.one_thread},
          {"roof_elements_per_s", of.roof}};
}

}  // namespace bench
