// SPDX-License-Identifier: MIT
// Section "fused": passes that do more than convert, beside the conversion alone.
#pragma once

#include <fmt/format.h>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"
#include "passes.hpp"

namespace bench {

/// Medians, in elements a second.
struct fused_row {
  std::string_view name;
  kernel conversion;
  std::size_t f32_bytes;
  double speed;
  std::optional<double>
      roof;      ///< the fastest copy of the conversion's shape; none if it only reads
  double plain;  ///< the conversion alone
};

/// The passes of one conversion, all in turns at the size that the arrays have.
inline void measure_fused(const bench_state& with, const std::vector<pass>& passes,
                          std::vector<fused_row>& rows) {
  const std::size_t f32_bytes = with.data.size() * sizeof(float);
  turns timed(with.min_time, with.shown);
  const auto name_of = [&](const pass& of) {
    return fmt::format("{}/{}/{}/{}", of.name, of.conversion.from, of.conversion.to,
                       size_name(f32_bytes));
  };
  copies same_shape(with.data, passes.front().conversion);
  same_shape.add(timed);
  for (const pass& each : passes) {
    timed.add(
        name_of(each), with.data.size(),
        [run = each.run, in = with.data.in(each.conversion), out = with.data.out(),
         n = with.data.size()] { run(in, out, n); },
        [&] { with.data.prepare(each.conversion); });
  }
  timed.run();
  for (const pass& each : passes) {
    rows.push_back({each.name, each.conversion, f32_bytes, timed.rate(name_of(each)),
                    each.writes ? std::optional(same_shape.roof(timed)) : std::nullopt,
                    timed.rate(name_of(passes.front()))});
  }
}

/// In the second-level cache and in memory; passes of one conversion stand together.
inline std::vector<fused_row> measure_fused(const bench_state& with, const std::vector<pass>& all) {
  std::vector<fused_row> rows;
  const standard_sizes sizes;
  for (const std::size_t f32_bytes : {sizes.second_level, sizes.memory}) {
    if (!all.empty()) with.data.resize(f32_bytes);
    for (auto first = all.begin(); first != all.end();) {
      auto end = first;
      while (end != all.end() && end->conversion.to == first->conversion.to) ++end;
      measure_fused(with, {first, end}, rows);
      first = end;
    }
  }
  return rows;
}

inline std::string fused_table(const std::vector<fused_row>& rows) {
  if (rows.empty()) return {};
  std::string text = fmt::format(
      "\nFused passes: what else is done while the array is read once. alone: the conversion; for amax,\n"
      "which only reads, that of the rows above it.\n\n"
      "{:<29} {:<31} {:>7} {:>8} {:>8} {:>8} {:>8}\n{:<29} {:<31} {:>7} {:>8} {:>8} {:>8} {:>8}\n",
      "", "", "", "speed", "roof", "speed /", "speed /", "conversion", "pass", "size", "Gelem/s",
      "Gelem/s", "roof", "alone");
  for (const fused_row& each : rows) {
    text += fmt::format("{:<29} {:<31} {:>7} {:>8.3f}",
                        each.roof ? conversion_name(each.conversion) : std::string(f32), each.name,
                        size_name(each.f32_bytes), each.speed / 1e9);
    text += each.roof ? fmt::format(" {:>8.2f} {:>8.3f}", *each.roof / 1e9, each.speed / *each.roof)
                      : fmt::format(" {:>8} {:>8}", "-", "-");
    text += fmt::format(" {:>8.3f}\n", each.speed / each.plain);
  }
  return text;
}

inline nlohmann::ordered_json to_json(const fused_row& of) {
  return {{"pass", of.name},
          {"from", of.conversion.from},
          {"to", of.conversion.to},
          {"rounding", of.conversion.rounding},
          {"f32_bytes", of.f32_bytes},
          {"elements_per_s", of.speed},
          {"roof_elements_per_s",
           of.roof ? nlohmann::ordered_json(*of.roof) : nlohmann::ordered_json(nullptr)},
          {"plain_elements_per_s", of.plain}};
}

}  // namespace bench
