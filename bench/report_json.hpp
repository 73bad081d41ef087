// SPDX-License-Identifier: MIT
// The results of bench_convert as JSON for programs.
#pragma once

#include <cmath>
#include <narrowfloat/isa.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "machine.hpp"
#include "measure.hpp"
#include "report.hpp"

namespace bench {

inline nlohmann::ordered_json to_json(const row& of) {
  const kernel& conversion = *of.conversion;
  return {{"name", row_name(conversion, of.isa, of.f32_bytes)},
          {"from", conversion.from},
          {"to", conversion.to},
          {"rounding", conversion.rounding},
          {"isa", narrowfloat::isa_name(of.isa)},
          {"f32_bytes", of.f32_bytes},
          {"elements_per_s", of.speed},
          {"bytes_per_s", gigabytes(of) * 1e9},
          {"roof_elements_per_s", of.roof},
          {"memcpy_elements_per_s", of.memcpy}};
}

inline nlohmann::ordered_json to_json(const copy_row& of) {
  return {{"name", of.name}, {"f32_bytes", of.f32_bytes}, {"elements_per_s", of.speed}};
}

inline nlohmann::ordered_json to_json(const sqnr_row& of) {
  // JSON has no infinity: an exact conversion has no decibels
  const bool finite = std::isfinite(*of.decibel);
  return {{"format", of.format},
          {"kind", of.kind},
          {"db", finite ? nlohmann::ordered_json(*of.decibel) : nlohmann::ordered_json(nullptr)},
          {"exact", *of.decibel > 0 && !finite}};
}

/// An array of the rows' objects.
template <class Row>
nlohmann::ordered_json to_json(const std::vector<Row>& rows) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Row& each : rows) all.push_back(to_json(each));
  return all;
}

/// What both programs tell of the machine and of their build.
inline nlohmann::ordered_json about_run(std::time_t started, double min_time) {
  return {{"date", date_and_time(started)},
          {"machine",
           {{"processor", processor_name()},
            {"processors", std::thread::hardware_concurrency()},
            {"last_level_cache_bytes", last_level_cache()}}},
          {"compiler", compiler_name()},
          {"isa", narrowfloat::isa_name(narrowfloat::active_isa())},
          {"repetitions", repetitions},
          {"min_time_s", min_time}};
}

inline std::string to_text(const nlohmann::ordered_json& of) {
  return of.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

inline std::string json_text(const report& of) {
  nlohmann::ordered_json all = about_run(of.started, of.min_time);
  all["input"] = {{"file", of.input.string()},
                  {"tensors", of.tensors.size()},
                  {"values", element_count(of.tensors)}};
  all["conversions"] = to_json(of.measured.rows);
  all["copies"] = to_json(of.measured.copies);
  all["wide"] = to_json(of.wide);
  all["threads"] = to_json(of.threads.rows);
  all["calls"] = to_json(of.calls);
  all["fused"] = to_json(of.fused);
  std::vector<sqnr_row> with_meaning;
  for (const sqnr_row& each : of.sqnr) {
    if (each.decibel) with_meaning.push_back(each);
  }
  all["sqnr"] = to_json(with_meaning);
  all["targets"] = to_json(of.targets);
  return to_text(all);
}

}  // namespace bench
