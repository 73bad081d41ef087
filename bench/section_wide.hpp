// SPDX-License-Identifier: MIT
// Section "wide": the speed on numbers of all magnitudes beside that on the tensors.
#pragma once

#include <fmt/format.h>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <narrowfloat/isa.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "measure.hpp"
#include "plan.hpp"

namespace bench {

/// Medians, in elements a second.
struct wide_row {
  const kernel* conversion;
  std::size_t f32_bytes;
  double normal;  ///< on the tensors
  double wide;    ///< on all magnitudes
};

/// Floats with random bits; of a 20th a third each is subnormal, infinite and NaN.
inline float wide_value(std::mt19937& random) {
  const auto bits = static_cast<std::uint32_t>(random());
  const std::uint32_t sign = bits & 0x80000000, mantissa = (bits & 0x7fffff) | 1;
  switch (random() % 60) {
    case 0:
      return std::bit_cast<float>(sign | mantissa);
    case 1:
      return std::bit_cast<float>(sign | 0x7f800000);
    case 2:
      return std::bit_cast<float>(sign | 0x7f800000 | mantissa);
    default:
      return std::bit_cast<float>(bits);
  }
}

/// What the conversion reads: such floats, or its codes, each as often as any other.
inline buffer wide_input(const kernel& of, std::size_t n) {
  const auto element = static_cast<std::size_t>(of.bytes.in_bytes);
  buffer filled(n * element);
  std::mt19937 random;  // its default seed: the same numbers in every run
  for (std::size_t i = 0; i < n; ++i) {
    unsigned char* const to = filled.data() + i * element;
    if (of.encodes()) {
      const float value = wide_value(random);
      std::memcpy(to, &value, sizeof value);
    } else {
      const std::uint32_t code = static_cast<std::uint32_t>(random()) >> (32 - of.code_bits);
      std::memcpy(to, &code, element);  // little-endian
    }
  }
  return filled;
}

/// A format of each kind both ways, and a stochastic rounding, in the second-level cache.
inline std::vector<wide_row> measure_wide(const bench_state& with) {
  const std::size_t f32_bytes = standard_sizes().second_level;
  with.data.resize(f32_bytes);
  const std::size_t n = with.data.size();
  turns timed(with.min_time, with.shown);
  std::vector<buffer> inputs;
  std::vector<const kernel*> those;
  for (const kernel& each : with.all) {
    if (!is_plain(each, representatives) &&
        !(each.is_stochastic() && each.format() == few_representatives.front()))
      continue;
    those.push_back(&each);
    inputs.push_back(wide_input(each, n));
    const auto run = [&each, n, out = with.data.out()](const void* in) {
      each.run(narrowfloat::active_isa(), in, out, n);
    };
    timed.add(
        row_name(each, narrowfloat::active_isa(), f32_bytes), n,
        [run, in = with.data.in(each)] { run(in); }, [&] { with.data.prepare(each); });
    timed.add(row_name(each, narrowfloat::active_isa(), f32_bytes) + "/wide", n,
              [run, in = inputs.back().data()] { run(in); });
  }
  if (those.empty()) return {};
  timed.run();
  std::vector<wide_row> rows;
  for (const kernel* const each : those) {
    const std::string name = row_name(*each, narrowfloat::active_isa(), f32_bytes);
    rows.push_back({each, f32_bytes, timed.rate(name), timed.rate(name + "/wide")});
  }
  return rows;
}

inline std::string wide_table(const std::vector<wide_row>& rows) {
  if (rows.empty()) return {};
  std::string text = fmt::format(
      "\nWide data: random bits over all exponents, 5 % subnormal, Inf or NaN; every code as "
      "often.\n\n{:<29} {:<15} {:>7} {:>9} {:>9} {:>8}\n{:<29} {:<15} {:>7} {:>9} {:>9} {:>8}\n",
      "", "", "", "tensors", "wide", "wide /", "conversion", "rounding", "size", "Gelem/s",
      "Gelem/s", "tensors");
  for (const wide_row& each : rows) {
    text += fmt::format("{:<29} {:<15} {:>7} {:>9.3f} {:>9.3f} {:>8.3f}\n",
                        conversion_name(*each.conversion), rounding_name(*each.conversion),
                        size_name(each.f32_bytes), each.normal / 1e9, each.wide / 1e9,
                        each.wide / each.normal);
  }
  return text;
}

inline nlohmann::ordered_json to_json(const wide_row& of) {
  return {{"from", of.conversion->from},         {"to", of.conversion->to},
          {"rounding", of.conversion->rounding}, {"f32_bytes", of.f32_bytes},
          {"elements_per_s", of.normal},         {"wide_elements_per_s", of.wide}};
}

}  // namespace bench
