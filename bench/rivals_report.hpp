// SPDX-License-Identifier: MIT
// The results of bench_rivals as tables for readers and as JSON for programs.
#pragma once

#include <fmt/format.h>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <narrowfloat/isa.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "machine.hpp"
#include "measure.hpp"
#include "report_json.hpp"
#include "rivals.hpp"
#include "rivals_compare.hpp"
#include "rivals_measure.hpp"

namespace bench {

/// All that a run has to tell.
struct rival_report {
  std::filesystem::path input;
  double min_time;
  std::time_t started;
  const std::vector<rival_row>& rows;
  std::vector<difference> differences;
  const std::vector<std::string>& left_out;
};

inline double gigabytes(const rival_row& of) {
  return of.speed * (of.conversion->bytes.in_bytes + of.conversion->bytes.out_bytes) / 1e9;
}

inline std::string head(const rival_report& of) {
  std::string text = fmt::format(
      "{}, {}, last-level cache {}, {}\n"
      "narrowfloat on {}. Medians of {} repetitions of {} s, in turns; one thread.\n"
      "size: of the f32 side. ratio: narrowfloat's speed to the contender's.\n",
      date_and_time(of.started), processor_name(), size_name(last_level_cache()), compiler_name(),
      narrowfloat::isa_name(narrowfloat::active_isa()), repetitions, of.min_time);
  for (const std::string& each : of.left_out) text += fmt::format("{}\n", each);
  return text;
}

/// In the order of measurement, under a head for each conversion and apart for each size.
inline std::string rival_table(const std::vector<rival_row>& rows) {
  std::string text;
  const rival_row* last = nullptr;
  for (const rival_row& each : rows) {
    if (last == nullptr || last->conversion != each.conversion) {
      text += fmt::format("\n{:<22} {:<25} {:>7} {:>8} {:>8} {:>7}\n", "conversion", "contender",
                          "size", "Gelem/s", "GB/s", "ratio");
    } else if (last->f32_bytes != each.f32_bytes) {
      text += '\n';
    }
    last = &each;
    text +=
        fmt::format("{:<22} {:<25} {:>7} {:>8.3f} {:>8.2f} {:>7.2f}\n",
                    conversion_name(*each.conversion), each.contender, size_name(each.f32_bytes),
                    each.speed / 1e9, gigabytes(each), each.ours / each.speed);
  }
  return text;
}

inline std::string difference_table(const std::vector<difference>& all) {
  std::string text = fmt::format(
      "\nResults with other bits than narrowfloat's. NaN: of those, where both are NaN.\n"
      "The example is the first of the rest.\n\n"
      "{:<22} {:<25} {:>8} {:>8} {:>8}  {:<10}    {:<10} not {}\n",
      "conversion", "contender", "inputs", "differ", "NaN", "example", "gives", ourselves);
  for (const difference& each : all) {
    text += fmt::format("{:<22} {:<25} {:>8} {:>8} {:>8}", conversion_name(*each.conversion),
                        each.contender, each.inputs, each.differ, each.only_nan);
    if (each.first) {
      const int in = 2 + 2 * each.conversion->bytes.in_bytes;
      const int out = 2 + 2 * each.conversion->bytes.out_bytes;
      text += fmt::format("  {:<10} -> {:<10} {}", fmt::format("{:#0{}x}", each.first->input, in),
                          fmt::format("{:#0{}x}", each.first->theirs, out),
                          fmt::format("{:#0{}x}", each.first->ours, out));
    }
    text += '\n';
  }
  return text;
}

inline std::string json_text(const rival_report& of) {
  using json = nlohmann::ordered_json;
  json all = about_run(of.started, of.min_time);
  all["input"] = of.input.string();
  all["left_out"] = of.left_out;
  all["rows"] = json::array();
  for (const rival_row& each : of.rows) {
    all["rows"].push_back({{"from", each.conversion->from},
                           {"to", each.conversion->to},
                           {"contender", each.contender},
                           {"f32_bytes", each.f32_bytes},
                           {"elements_per_s", each.speed},
                           {"bytes_per_s", gigabytes(each) * 1e9},
                           {"narrowfloat_ratio", each.ours / each.speed}});
  }
  all["differences"] = json::array();
  for (const difference& each : of.differences) {
    json entry = {{"from", each.conversion->from}, {"to", each.conversion->to},
                  {"contender", each.contender},   {"inputs", each.inputs},
                  {"differ", each.differ},         {"both_nan", each.only_nan}};
    if (each.first) {
      entry["example"] = {{"input_bits", each.first->input},
                          {"contender_bits", each.first->theirs},
                          {"narrowfloat_bits", each.first->ours}};
    }
    all["differences"].push_back(std::move(entry));
  }
  return to_text(all);
}

}  // namespace bench
