// SPDX-License-Identifier: MIT
// The targets of an AVX-512 machine, each beside the worst row that it is for.
#pragma once

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <narrowfloat/isa.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "machine.hpp"
#include "measure.hpp"
#include "section_calls.hpp"
#include "section_fused.hpp"
#include "section_wide.hpp"

namespace bench {

struct target {
  std::string what;
  double bound;
  bool at_least;  ///< the bound is the smallest that meets it; else the largest
  std::string worst;
  double value;  ///< of the worst row
  int rows;
  int rows_met;

  bool is_met() const { return rows == rows_met; }
};

/// Keeps the worst of the values that it is given.
class worst_of {
 public:
  worst_of(std::string what, double bound, bool at_least)
      : found_{std::move(what), bound, at_least, {}, 0, 0, 0} {}
  void add(const std::string& name, double value) {
    const bool worse = found_.at_least ? value < found_.value : value > found_.value;
    if (found_.rows == 0 || worse) found_.worst = name, found_.value = value;
    ++found_.rows;
    if (found_.at_least ? value >= found_.bound : value <= found_.bound) ++found_.rows_met;
  }
  /// Appends it, unless there was no value.
  void append_to(std::vector<target>& all) const {
    if (found_.rows != 0) all.push_back(found_);
  }

 private:
  target found_;
};

inline std::string row_label(const kernel& of) {
  return of.decodes() || of.rounding == default_rounding
             ? conversion_name(of)
             : fmt::format("{} {}", conversion_name(of), of.rounding);
}

/// A kind of conversion with its targets: parts of the roof, or of the speed to nearest.
struct target_class {
  std::string_view name;
  bool (*contains)(const kernel&);
  double second_level, memory;
  bool beside_nearest = false;  ///< `second_level` is a part of the speed to nearest
};

inline bool is_half(const kernel& of) {
  return of.format() == "bfloat16" || of.format() == "float16";
}

/// Scales have no subnormal numbers: no sum makes their codes.
inline bool is_scale(const kernel& of) { return of.format() == "float8_e8m0fnu"; }

inline constexpr target_class target_classes[] = {
    {"f32 -> 8 bits or fewer, to nearest even",
     [](const kernel& k) {
       return k.encodes() && k.bytes.out_bytes == 1 && k.rounding == default_rounding &&
              !is_scale(k);
     },
     0.55, 0.95},
    {"f32 -> float8_e8m0fnu", [](const kernel& k) { return k.encodes() && is_scale(k); }, 0.30,
     0.95},
    {"f32 -> 8 bits or fewer, other roundings, not stochastic",
     [](const kernel& k) {
       return k.encodes() && k.bytes.out_bytes == 1 && k.rounding != default_rounding &&
              !k.is_stochastic() && !is_scale(k);
     },
     0.40, 0.95},
    {"f32 -> bfloat16, float16, to nearest",
     [](const kernel& k) {
       return is_plain(k, std::array{k.format()}) && k.encodes() && is_half(k);
     },
     0.80, 0.95},
    {"8 bits or fewer, bfloat16, float16 -> f32",
     [](const kernel& k) { return k.decodes() && (k.bytes.in_bytes == 1 || is_half(k)); }, 0.85,
     0.95},
    {"f32 -> 8 bits, stochastic",
     [](const kernel& k) { return k.encodes() && k.bytes.out_bytes == 1 && k.is_stochastic(); },
     0.30, 0.60, true},
};

/// The same conversion to nearest; null if it was not measured.
inline const row* to_nearest(const row& of, const std::vector<row>& rows) {
  const auto found = std::ranges::find_if(rows, [&](const row& other) {
    return other.conversion->from == of.conversion->from &&
           other.conversion->to == of.conversion->to && other.isa == of.isa &&
           other.f32_bytes == of.f32_bytes && other.conversion->rounding == default_rounding;
  });
  return found == rows.end() ? nullptr : &*found;
}

inline void add_speed_target(std::vector<target>& all, const target_class& kind,
                             narrowfloat::Isa isa, std::size_t f32_bytes,
                             const std::vector<row>& rows) {
  const bool memory = f32_bytes == standard_sizes().memory;
  const bool beside_nearest = kind.beside_nearest && !memory;
  const bool half = isa == narrowfloat::Isa::avx2 && isa != narrowfloat::active_isa();
  if (half && memory) return;
  const double bound = (memory ? kind.memory : kind.second_level) * (half ? 0.5 : 1);
  worst_of found(fmt::format("{}, {}, {} / {}", kind.name, narrowfloat::isa_name(isa),
                             size_name(f32_bytes), beside_nearest ? "to nearest" : "roof"),
                 bound, true);
  for (const row& each : rows) {
    if (each.isa != isa || each.f32_bytes != f32_bytes || !kind.contains(*each.conversion))
      continue;
    if (!beside_nearest) {
      found.add(row_label(*each.conversion), each.speed / each.roof);
    } else if (const row* const nearest = to_nearest(each, rows)) {
      found.add(row_label(*each.conversion), each.speed / nearest->speed);
    }
  }
  found.append_to(all);
}

/// A fused pass with its targets: in the second-level cache a part of the conversion's speed or, on
/// Zen 4, so many Gelem/s; in memory a part of that, or of the roof.
struct fused_target {
  std::string_view pass;
  double second_level, memory;
  bool beside_conversion = false;
};

inline constexpr fused_target fused_targets[] = {
    {"convert, Scale", 0.85, 1, true},
    {"convert, ConversionStats", 4.0, 0.95},
    {"convert, Scale, ConversionStats", 3.5, 0.95},
};

inline void add_fused_target(std::vector<target>& all, const fused_target& kind,
                             std::size_t f32_bytes, const std::vector<fused_row>& rows) {
  const bool memory = f32_bytes == standard_sizes().memory;
  const char* const unit = kind.beside_conversion ? " / conversion"
                           : memory               ? " / roof"
                                                  : ", Gelem/s on Zen 4";
  worst_of found(fmt::format("{}, {}{}", kind.pass, size_name(f32_bytes), unit),
                 memory ? kind.memory : kind.second_level, true);
  for (const fused_row& each : rows) {
    if (each.name != kind.pass || each.f32_bytes != f32_bytes) continue;
    const double unit_speed = kind.beside_conversion ? each.plain : memory ? *each.roof : 1e9;
    found.add(row_label(each.conversion), each.speed / unit_speed);
  }
  found.append_to(all);
}

/// Every target that there are rows for.
inline std::vector<target> targets_of(const std::vector<row>& rows,
                                      const std::vector<wide_row>& wide,
                                      const std::vector<call_row>& calls,
                                      const std::vector<fused_row>& fused) {
  using narrowfloat::Isa;
  std::vector<target> all;
  const Isa widest = narrowfloat::active_isa();
  const standard_sizes sizes;
  for (const std::size_t size : {sizes.second_level, sizes.memory}) {
    for (const target_class& kind : target_classes) {
      add_speed_target(all, kind, widest, size, rows);
    }
  }
  if (widest == Isa::avx512) {
    for (const target_class& kind : target_classes)
      add_speed_target(all, kind, Isa::avx2, sizes.second_level, rows);
  }
  worst_of difference("wide data, distance from the speed on tensors", 0.05, false);
  for (const wide_row& each : wide)
    difference.add(row_label(*each.conversion), std::abs(1 - each.wide / each.normal));
  difference.append_to(all);
  for (const std::size_t size : {sizes.second_level, sizes.memory}) {
    for (const fused_target& kind : fused_targets) add_fused_target(all, kind, size, fused);
  }
  worst_of fixed("a call of 64, ns beyond the kernel", 10, false),
      keyed("a call of 64, stochastic, ns beyond the kernel", 25, false);
  for (const call_row& each : calls) {
    (each.conversion.is_stochastic() ? keyed : fixed)
        .add(row_label(each.conversion), each.fixed_ns());
  }
  fixed.append_to(all);
  keyed.append_to(all);
  return all;
}

inline std::string target_table(const std::vector<target>& all) {
  if (all.empty()) return {};
  std::string text = fmt::format(
      "\nTargets of a machine with AVX-512; the rows that each is for, and the worst of them.\n\n"
      "{:<64} {:>8} {:>6}  {:<3} {:>9}  {}\n",
      "target", "bound", "worst", "met", "rows met", "worst row");
  for (const target& each : all) {
    text += fmt::format("{:<64} {:>8} {:>6}  {:<3} {:>9}  {}\n", each.what,
                        fmt::format("{} {:.3g}", each.at_least ? ">=" : "<=", each.bound),
                        fmt::format("{:.{}f}", each.value, each.value < 1 ? 3 : 1),
                        each.is_met() ? "yes" : "no",
                        fmt::format("{} / {}", each.rows_met, each.rows), each.worst);
  }
  return text;
}

inline nlohmann::ordered_json to_json(const target& of) {
  return {{"target", of.what},       {"bound", of.bound},     {"at_least", of.at_least},
          {"worst", of.value},       {"worst_row", of.worst}, {"rows", of.rows},
          {"rows_met", of.rows_met}, {"met", of.is_met()}};
}

}  // namespace bench
