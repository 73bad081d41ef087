// SPDX-License-Identifier: MIT
// The command line of bench_convert.
#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <narrowfloat/isa.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace bench {

/// A command line that asks for what there is not.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct options {
  std::filesystem::path input = NARROWFLOAT_DEFAULT_INPUT;
  std::optional<std::filesystem::path> json;
  std::vector<std::string> formats;  ///< empty: every format
  std::optional<narrowfloat::Isa> isa;
  double min_time = 0.02;
  bool all = false;
  bool help = false;
};

inline constexpr std::string_view usage =
    R"(Usage: bench_convert [options]
Measures narrowfloat::convert between f32 and each format, beside the roof of the machine.

  --input FILE     convert the tensors of this safetensors file
                   (default: )" NARROWFLOAT_DEFAULT_INPUT R"()
  --format NAME    only this format; may be given several times
  --isa NAME       run on generic, avx2, avx512 or neon (default: the widest of this machine)
  --all            every instruction set of this machine, and more roundings
  --min-time S     seconds of CPU time for each of the 5 repetitions of a row (default: 0.02)
  --json FILE      write the results here too
  --help           show this text
)";

inline narrowfloat::Isa parse_isa(std::string_view name) {
  for (const narrowfloat::Isa isa : narrowfloat::all_isas) {
    if (narrowfloat::isa_name(isa) != name) continue;
    if (narrowfloat::isa_available(isa)) return isa;
    throw usage_error("--isa: " + std::string(name) + " is not available on this machine");
  }
  throw usage_error("--isa: '" + std::string(name) + "' is none of generic, avx2, avx512, neon");
}

inline double parse_seconds(std::string_view text) {
  constexpr double most = 60;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() ||
      !(seconds > 0 && seconds <= most)) {
    throw usage_error("--min-time: '" + std::string(text) +
                      "' is not a number of seconds above 0, at most 60");
  }
  return seconds;
}

/// Throws usage_error at the first argument that does not fit.
inline options parse_options(const std::vector<std::string_view>& arguments) {
  options chosen;
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    const std::string_view name = *at;
    const auto value = [&] {
      if (++at == arguments.end()) throw usage_error(std::string(name) + ": a value is missing");
      return *at;
    };
    if (name == "--help") {
      chosen.help = true;
    } else if (name == "--all") {
      chosen.all = true;
    } else if (name == "--input") {
      chosen.input = value();
    } else if (name == "--json") {
      chosen.json = value();
    } else if (name == "--format") {
      chosen.formats.emplace_back(value());
    } else if (name == "--isa") {
      chosen.isa = parse_isa(value());
    } else if (name == "--min-time") {
      chosen.min_time = parse_seconds(value());
    } else {
      throw usage_error("unknown option '" + std::string(name) + "' (see --help)");
    }
  }
  if (chosen.all && chosen.isa)
    throw usage_error("--all runs every instruction set: it does not go with --isa");
  return chosen;
}

}  // namespace bench
