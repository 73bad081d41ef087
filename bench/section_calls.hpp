// SPDX-License-Identifier: MIT
// Section "calls": what a call on a few elements costs.
#pragma once

#include <fmt/format.h>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "measure.hpp"
#include "passes.hpp"

namespace bench {

inline constexpr std::array<std::size_t, 4> call_lengths{1, 7, 64, 4096};

/// Medians.
struct call_row {
  kernel conversion;
  std::array<double, call_lengths.size()> ns;  ///< of a call on call_lengths[i] elements

  /// What a call on 64 elements takes beyond a 64th of one on 4096.
  double fixed_ns() const { return ns[2] - ns[3] * 64 / 4096; }
};

inline std::vector<call_row> measure_calls(const bench_state& with, const std::vector<pass>& all) {
  std::vector<call_row> rows;
  if (all.empty()) return rows;
  with.data.resize(call_lengths.back() * sizeof(float));
  turns timed(with.min_time, with.shown);
  const auto name_of = [](const kernel& of, std::size_t n) {
    return fmt::format("call/{}/{}/{}/{}", of.from, of.to, of.rounding, n);
  };
  for (const pass& each : all) {
    for (const std::size_t n : call_lengths) {
      timed.add(
          name_of(each.conversion, n), 1,
          [run = each.run, in = with.data.in(each.conversion), out = with.data.out(), n] {
            run(in, out, n);
          },
          [&] { with.data.prepare(each.conversion); });
    }
  }
  timed.run();
  for (const pass& each : all) {
    call_row found{each.conversion, {}};
    for (std::size_t i = 0; i < call_lengths.size(); ++i) {
      found.ns[i] = 1e9 / timed.rate(name_of(each.conversion, call_lengths[i]));
    }
    rows.push_back(found);
  }
  return rows;
}

inline std::string call_table(const std::vector<call_row>& rows) {
  if (rows.empty()) return {};
  std::string text =
      "\nShort calls: ns a call on so many elements; beyond the kernel: that on 64 less 64/4096 of "
      "that on 4096.\n\n";
  text += fmt::format("{:<29} {:<15}", "", "");
  for (std::size_t i = 0; i < call_lengths.size(); ++i) text += fmt::format(" {:>8}", "ns");
  text += fmt::format(" {:>11}\n{:<29} {:<15}", "ns beyond", "conversion", "rounding");
  for (const std::size_t n : call_lengths) text += fmt::format(" {:>8}", n);
  text += fmt::format(" {:>11}\n", "the kernel");
  for (const call_row& each : rows) {
    text += fmt::format("{:<29} {:<15}", conversion_name(each.conversion),
                        rounding_name(each.conversion));
    for (const double ns : each.ns) text += fmt::format(" {:>8.1f}", ns);
    text += fmt::format(" {:>11.1f}\n", each.fixed_ns());
  }
  return text;
}

inline nlohmann::ordered_json to_json(const call_row& of) {
  return {{"from", of.conversion.from},
          {"to", of.conversion.to},
          {"rounding", of.conversion.rounding},
          {"elements", call_lengths},
          {"ns", of.ns},
          {"ns_beyond_kernel", of.fixed_ns()}};
}

}  // namespace bench
