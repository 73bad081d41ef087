// SPDX-License-Identifier: MIT
// The command line of bench_rivals.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"

namespace bench {

struct rival_options {
  std::filesystem::path input = NARROWFLOAT_DEFAULT_INPUT;
  std::optional<std::filesystem::path> json;
  std::vector<std::string> formats;  ///< empty: every format
  double min_time = 0.02;
  bool help = false;
};

inline constexpr std::string_view rival_usage =
    R"(Usage: bench_rivals [options]
Measures narrowfloat::convert beside the conversions of installed libraries and plain loops, and
says where their results differ.

  --input FILE     convert the tensors of this safetensors file
                   (default: )" NARROWFLOAT_DEFAULT_INPUT R"()
  --format NAME    only float8_e4m3fn, float8_e5m2, float16 or bfloat16; may be given several times
  --min-time S     seconds of CPU time for each of the 5 repetitions of a row (default: 0.02)
  --json FILE      write the results here too
  --help           show this text

narrowfloat uses the widest instruction set of the machine; NARROWFLOAT_ISA=avx2 narrows it.
)";

/// Throws usage_error at the first argument that does not fit.
inline rival_options parse_rival_options(const std::vector<std::string_view>& arguments) {
  rival_options chosen;
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    const std::string_view name = *at;
    const auto value = [&] {
      if (++at == arguments.end()) throw usage_error(std::string(name) + ": a value is missing");
      return *at;
    };
    if (name == "--help") {
      chosen.help = true;
    } else if (name == "--input") {
      chosen.input = value();
    } else if (name == "--json") {
      chosen.json = value();
    } else if (name == "--format") {
      chosen.formats.emplace_back(value());
    } else if (name == "--min-time") {
      chosen.min_time = parse_seconds(value());
    } else {
      throw usage_error("unknown option '" + std::string(name) + "' (see --help)");
    }
  }
  return chosen;
}

}  // namespace bench
