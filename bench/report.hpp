// SPDX-License-Identifier: MIT
// The results as two tables for readers and as JSON for programs.
#pragma once

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <narrowfloat/isa.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "machine.hpp"
#include "measure.hpp"
#include "sqnr.hpp"
#include "tensors.hpp"

namespace bench {

/// All that a run has to tell.
struct report {
  std::filesystem::path input;
  const std::vector<tensor>& tensors;
  double min_time;
  std::time_t started;
  const std::vector<row>& rows;
  const std::vector<copy_row>& copies;
  std::vector<sqnr_row> sqnr;
};

inline std::size_t element_count(const std::vector<tensor>& tensors) {
  std::size_t count = 0;
  for (const tensor& each : tensors) count += each.values.size();
  return count;
}

/// The time in UTC, as ISO 8601 has it.
inline std::string date_and_time(std::time_t time) {
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time))};
}

inline double gigabytes(const row& of) {
  return of.speed * (of.conversion->bytes.in_bytes + of.conversion->bytes.out_bytes) / 1e9;
}

inline std::string head(const report& of) {
  return fmt::format(
      "{}, {}, last-level cache {}, {}\n"
      "{}: {} tensors, {} values\n"
      "Medians of {} repetitions of {} s, in turns with the copies; one thread.\n"
      "size: of the f32 side. memcpy: of as many bytes in all.\n"
      "roof: the fastest copy with the same loads, change of width and stores.\n",
      date_and_time(of.started), processor_name(), size_name(last_level_cache()), compiler_name(),
      of.input.filename().string(), of.tensors.size(), element_count(of.tensors), repetitions,
      of.min_time);
}

/// Grouped by size, direction and instruction set; inside a group in the order of measurement.
inline std::string speed_table(std::vector<row> rows) {
  std::ranges::stable_sort(rows, {}, [](const row& each) {
    return std::tuple(each.f32_bytes, !each.conversion->encodes, each.isa);
  });
  std::string text;
  const row* last = nullptr;
  for (const row& each : rows) {
    const kernel& conversion = *each.conversion;
    if (last == nullptr || last->f32_bytes != each.f32_bytes || last->isa != each.isa ||
        last->conversion->encodes != conversion.encodes) {
      text += fmt::format("\n{:<29} {:<9} {:>7}  {:<7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8}\n", "",
                          "", "", "", "speed", "speed", "roof", "speed /", "memcpy", "speed /");
      text += fmt::format("{:<29} {:<9} {:>7}  {:<7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8}\n",
                          "format", "direction", "size", "isa", "Gelem/s", "GB/s", "Gelem/s",
                          "roof", "Gelem/s", "memcpy");
    }
    last = &each;
    std::string format(conversion.format);
    if (conversion.rounding != default_rounding) format += fmt::format(" {}", conversion.rounding);
    text += fmt::format(
        "{:<29} {:<9} {:>7}  {:<7} {:>8.3f} {:>7.2f} {:>8.2f} {:>8.3f} {:>8.2f} {:>8.3f}\n", format,
        conversion.encodes ? "from f32" : "to f32", size_name(each.f32_bytes),
        narrowfloat::isa_name(each.isa), each.speed / 1e9, gigabytes(each), each.roof / 1e9,
        each.speed / each.roof, each.memcpy / 1e9, each.speed / each.memcpy);
  }
  return text;
}

inline std::string sqnr_table(const std::vector<sqnr_row>& rows) {
  std::string text =
      "\nSQNR in dB: 10 log10(sum x^2 / sum (x - q(x))^2), each tensor as it is, without a scale.\n"
      "inf: every value kept; near 0: nearly all became 0; -: no meaning.\n\n";
  std::string line = fmt::format("{:<29}", "format");
  for (const sqnr_row& each : rows) {
    if (each.format == rows.front().format) line += fmt::format(" {:>11}", each.kind);
  }
  std::string_view format;
  for (const sqnr_row& each : rows) {
    if (each.format != format) {
      text += line + '\n';
      line = fmt::format("{:<29}", each.format);
      format = each.format;
    }
    line += each.decibel ? fmt::format(" {:>11.1f}", *each.decibel) : fmt::format(" {:>11}", "-");
  }
  return text + line + '\n';
}

inline std::string to_json(const report& of) {
  using json = nlohmann::ordered_json;
  json all;
  all["date"] = date_and_time(of.started);
  all["machine"] = {{"processor", processor_name()},
                    {"processors", std::thread::hardware_concurrency()},
                    {"last_level_cache_bytes", last_level_cache()}};
  all["compiler"] = compiler_name();
  all["isa"] = narrowfloat::isa_name(narrowfloat::active_isa());
  all["input"] = {{"file", of.input.string()},
                  {"tensors", of.tensors.size()},
                  {"values", element_count(of.tensors)}};
  all["repetitions"] = repetitions;
  all["min_time_s"] = of.min_time;
  all["conversions"] = json::array();
  for (const row& each : of.rows) {
    const kernel& conversion = *each.conversion;
    all["conversions"].push_back(
        {{"name", session::row_name(conversion, each.isa, size_name(each.f32_bytes))},
         {"from", conversion.from()},
         {"to", conversion.to()},
         {"rounding", conversion.rounding},
         {"isa", narrowfloat::isa_name(each.isa)},
         {"f32_bytes", each.f32_bytes},
         {"elements_per_s", each.speed},
         {"bytes_per_s", gigabytes(each) * 1e9},
         {"roof_elements_per_s", each.roof},
         {"memcpy_elements_per_s", each.memcpy}});
  }
  all["copies"] = json::array();
  for (const copy_row& each : of.copies) {
    all["copies"].push_back(
        {{"name", each.name}, {"f32_bytes", each.f32_bytes}, {"elements_per_s", each.speed}});
  }
  all["sqnr"] = json::array();
  for (const sqnr_row& each : of.sqnr) {
    if (!each.decibel) continue;
    // JSON has no infinity: an exact conversion has no decibels
    const bool finite = std::isfinite(*each.decibel);
    all["sqnr"].push_back({{"format", each.format},
                           {"kind", each.kind},
                           {"db", finite ? json(*each.decibel) : json(nullptr)},
                           {"exact", *each.decibel > 0 && !finite}});
  }
  return all.dump(2, ' ', true, json::error_handler_t::replace) + '\n';
}

}  // namespace bench
