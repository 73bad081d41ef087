// SPDX-License-Identifier: MIT
// The results as tables for readers.
#pragma once

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <map>
#include <narrowfloat/isa.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "machine.hpp"
#include "measure.hpp"
#include "section_calls.hpp"
#include "section_fused.hpp"
#include "section_threads.hpp"
#include "section_wide.hpp"
#include "sqnr.hpp"
#include "targets.hpp"
#include "tensors.hpp"

namespace bench {

/// All that a run has to tell.
struct report {
  std::filesystem::path input;
  const std::vector<tensor>& tensors;
  double min_time;
  std::time_t started;
  measurements measured;
  std::vector<wide_row> wide;
  thread_results threads;
  std::vector<call_row> calls;
  std::vector<fused_row> fused;
  std::vector<sqnr_row> sqnr;
  std::vector<target> targets;
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
      "size: of the f32 side, or of f32 for as many elements. memcpy: of as many bytes in all.\n"
      "roof: the fastest copy with the same loads, change of width and stores.\n",
      date_and_time(of.started), processor_name(), size_name(last_level_cache()), compiler_name(),
      of.input.filename().string(), of.tensors.size(), element_count(of.tensors), repetitions,
      of.min_time);
}

/// From f32, to f32, between formats.
inline int direction_of(const kernel& of) { return of.encodes() ? 0 : of.decodes() ? 1 : 2; }

/// At the standard sizes; grouped by size, direction and instruction set, the widest first; inside
/// a group in the order of measurement.
inline std::string speed_table(std::vector<row> rows) {
  std::erase_if(rows, [sizes = standard_sizes().all()](const row& each) {
    return std::ranges::count(sizes, each.f32_bytes) == 0;
  });
  const auto group = [](const row& each) {
    return std::tuple(each.f32_bytes, direction_of(*each.conversion), -static_cast<int>(each.isa));
  };
  std::ranges::stable_sort(rows, {}, group);
  constexpr std::string_view head =
      "{:<29} {:<15} {:>7}  {:<7} {:>8} {:>7} {:>8} {:>7} {:>8} {:>7}\n";
  std::string text;
  const row* last = nullptr;
  for (const row& each : rows) {
    if (last == nullptr || group(*last) != group(each)) {
      text += '\n';
      text += fmt::format(head, "", "", "", "", "speed", "speed", "roof", "speed /", "memcpy",
                          "speed /");
      text += fmt::format(head, "conversion", "rounding", "size", "isa", "Gelem/s", "GB/s",
                          "Gelem/s", "roof", "Gelem/s", "memcpy");
    }
    last = &each;
    text += fmt::format(
        "{:<29} {:<15} {:>7}  {:<7} {:>8.3f} {:>7.2f} {:>8.2f} {:>7.3f} {:>8.2f} {:>7.3f}\n",
        conversion_name(*each.conversion), rounding_name(*each.conversion),
        size_name(each.f32_bytes), narrowfloat::isa_name(each.isa), each.speed / 1e9,
        gigabytes(each), each.roof / 1e9, each.speed / each.roof, each.memcpy / 1e9,
        each.speed / each.memcpy);
  }
  return text;
}

/// Speeds over the size, a table for each conversion that has more than the standard sizes.
inline std::string sweep_table(const std::vector<row>& rows) {
  const std::vector<std::size_t> standard = standard_sizes().all();
  std::map<const kernel*, std::map<std::size_t, std::vector<const row*>>> found;
  std::vector<const kernel*> swept;
  for (const row& each : rows) {
    found[each.conversion][each.f32_bytes].push_back(&each);
    if (std::ranges::count(standard, each.f32_bytes) == 0 &&
        std::ranges::count(swept, each.conversion) == 0)
      swept.push_back(each.conversion);
  }
  std::string text;
  for (const kernel* const conversion : swept) {
    text += fmt::format("\n{}, Gelem/s\n{:>7}", conversion_name(*conversion), "size");
    std::vector<narrowfloat::Isa> isas;
    for (const row* const each : found[conversion].begin()->second) isas.push_back(each->isa);
    std::ranges::sort(isas);
    for (const narrowfloat::Isa isa : isas)
      text += fmt::format(" {:>8}", narrowfloat::isa_name(isa));
    text += fmt::format(" {:>8} {:>8}\n", "roof", "memcpy");
    for (const auto& [size, those] : found[conversion]) {
      text += fmt::format("{:>7}", size_name(size));
      for (const narrowfloat::Isa isa : isas) {
        const row& its = **std::ranges::find(those, isa, &row::isa);
        text += fmt::format(" {:>8.3f}", its.speed / 1e9);
      }
      text += fmt::format(" {:>8.2f} {:>8.2f}\n", those.front()->roof / 1e9,
                          those.front()->memcpy / 1e9);
    }
  }
  return text;
}

inline std::string sqnr_table(const std::vector<sqnr_row>& rows) {
  if (rows.empty()) return {};
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

inline std::string to_text(const report& of) {
  return head(of) + speed_table(of.measured.rows) + sweep_table(of.measured.rows) +
         wide_table(of.wide) + thread_table(of.threads) + call_table(of.calls) +
         fused_table(of.fused) + sqnr_table(of.sqnr) + target_table(of.targets);
}

}  // namespace bench
