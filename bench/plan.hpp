// SPDX-License-Identifier: MIT
// Which conversions a run measures, on which instruction sets and at which sizes.
#pragma once

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <narrowfloat/isa.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "options.hpp"

namespace bench {

/// A format of each kind: all that differs in the loops is there once.
inline constexpr std::array<std::string_view, 6> representatives{
    "float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "custom_e4m3b9", "bfloat16", "float16"};
/// What --sweep measures and the threads share.
inline constexpr std::array<std::string_view, 2> few_representatives{"float8_e4m3fn", "bfloat16"};

/// Whether it is between f32 and one of the formats, to nearest.
inline bool is_plain(const kernel& of, const auto& formats) {
  return (of.encodes() || of.decodes()) && of.rounding == default_rounding &&
         std::ranges::count(formats, of.format()) != 0;
}

/// Erases all but the formats that are asked for. Throws usage_error if there is no such format.
inline void keep_formats(kernels& all, const std::vector<std::string>& formats) {
  if (formats.empty()) return;
  std::string known;
  for (const kernel& each : all) {
    if (each.decodes()) known += fmt::format("{}{}", known.empty() ? "" : ", ", each.from);
  }
  const auto is = [&](std::string_view format) {
    return [format](const kernel& k) { return k.from == format || k.to == format; };
  };
  for (const std::string& format : formats) {
    if (format == f32 || std::ranges::none_of(all, is(format))) {
      throw usage_error(fmt::format("--format: '{}' is none of {}", format, known));
    }
  }
  std::erase_if(all, [&](const kernel& k) {
    return std::ranges::none_of(formats, [&](const std::string& format) { return is(format)(k); });
  });
}

/// The conversions that are asked for.
inline kernels chosen_kernels(const options& chosen) {
  kernels all;
  add_narrow_kernels(all);
  add_wide_kernels(all);
  add_rounding_kernels(all, chosen.all);
  add_pair_kernels(all);
  keep_formats(all, chosen.formats);
  return all;
}

inline std::vector<narrowfloat::Isa> available_isas() {
  std::vector<narrowfloat::Isa> available;
  std::ranges::copy_if(narrowfloat::all_isas, std::back_inserter(available),
                       narrowfloat::isa_available);
  return available;
}

/// Conversions of one shape, all from f32 or none, at one size: what is timed in turns.
struct step {
  std::size_t f32_bytes;
  std::vector<task> tasks;
};

/// What is measured at the standard sizes: all on the widest instruction set, and with AVX-512 a
/// format of each kind with AVX2 too.
inline std::vector<task> standard_tasks(const kernels& all, const options& chosen) {
  using narrowfloat::Isa;
  const Isa widest = narrowfloat::active_isa();
  const std::vector<Isa> isas = chosen.all ? available_isas() : std::vector{widest};
  std::vector<task> tasks;
  for (const Isa isa : isas) {
    for (const kernel& each : all) tasks.push_back({&each, isa});
  }
  if (chosen.all || widest != Isa::avx512 || !narrowfloat::isa_available(Isa::avx2)) return tasks;
  for (const kernel& each : all) {
    if (is_plain(each, representatives) ||
        (each.is_stochastic() && each.format() == few_representatives.front())) {
      tasks.push_back({&each, Isa::avx2});
    }
  }
  return tasks;
}

/// What --sweep measures: a few conversions on each instruction set.
inline std::vector<task> sweep_tasks(const kernels& all, const options& chosen) {
  std::vector<task> tasks;
  for (const kernel& each : all) {
    if (!is_plain(each, few_representatives)) continue;
    for (const narrowfloat::Isa isa : available_isas()) {
      if (!chosen.isa || *chosen.isa == isa) tasks.push_back({&each, isa});
    }
  }
  return tasks;
}

/// Appends the tasks at a size, by shape and direction.
inline void add_steps(std::vector<step>& steps, std::size_t f32_bytes, std::vector<task> tasks) {
  while (!tasks.empty()) {
    const kernel& first = *tasks.front().conversion;
    const auto rest = std::stable_partition(tasks.begin(), tasks.end(), [&](const task& each) {
      return each.conversion->bytes == first.bytes && each.conversion->encodes() == first.encodes();
    });
    steps.push_back({f32_bytes, {tasks.begin(), rest}});
    tasks.erase(tasks.begin(), rest);
  }
}

/// All steps, by size.
inline std::vector<step> plan(const kernels& all, const options& chosen) {
  const standard_sizes sizes;
  std::vector<std::size_t> every = sizes.all();
  if (chosen.sweep) {
    for (std::size_t size = 4096; size < sizes.memory; size *= 2) every.push_back(size);
    std::ranges::sort(every);
    every.erase(std::unique(every.begin(), every.end()), every.end());
  }
  std::vector<step> steps;
  for (const std::size_t size : every) {
    std::vector<task> tasks;
    if (std::ranges::count(sizes.all(), size) != 0) tasks = standard_tasks(all, chosen);
    if (chosen.sweep) {
      for (const task& each : sweep_tasks(all, chosen)) {
        if (std::ranges::count(tasks, each) == 0) tasks.push_back(each);
      }
    }
    add_steps(steps, size, std::move(tasks));
  }
  return steps;
}

}  // namespace bench
