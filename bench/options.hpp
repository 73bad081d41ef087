// SPDX-License-Identifier: MIT
// The command line of bench_convert, and what it has in common with that of bench_rivals.
#pragma once

#include <algorithm>
#include <array>
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

/// What both programs take.
struct common_options {
  std::filesystem::path input = NARROWFLOAT_DEFAULT_INPUT;
  std::optional<std::filesystem::path> json;
  std::vector<std::string> formats;  ///< empty: every format
  double min_time = 0.015;
  bool help = false;
};

struct options : common_options {
  std::optional<narrowfloat::Isa> isa;
  std::vector<std::string> sections;  ///< empty: every section
  std::size_t threads = 2;
  bool all = false;
  bool sweep = false;

  bool wants(std::string_view section) const {
    return sections.empty() || std::ranges::count(sections, section) != 0;
  }
};

inline constexpr std::array<std::string_view, 5> all_sections{"convert", "wide", "threads", "calls",
                                                              "fused"};

inline constexpr std::string_view usage =
    R"(Usage: bench_convert [options]
Measures narrowfloat::convert between f32 and each format, beside the roof of the machine, and
compares the speeds with their targets.

  --input FILE     convert the tensors of this safetensors file
                   (default: )" NARROWFLOAT_DEFAULT_INPUT R"()
  --format NAME    only this format; may be given several times
  --isa NAME       run on generic, avx2, avx512 or neon (default: the widest of this machine, and
                   with avx512 a format of each kind on avx2 too)
  --threads N      threads of the section threads, beside one (default: 2)
  --only SECTION   only convert, wide, threads, calls or fused; may be given several times
  --all            every conversion on every instruction set of this machine, and more roundings
  --sweep          four conversions at more sizes too, for the curves of scripts/plot_bench
  --min-time S     seconds for each of the 5 repetitions of a row (default: 0.015)
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

/// A count, of what an option names.
inline std::size_t parse_count(std::string_view option, std::string_view of, std::size_t least,
                               std::size_t most, std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count < least || count > most)
    throw usage_error(std::string(option) + ": '" + std::string(text) + "' is not a number of " +
                      std::string(of) + " from " + std::to_string(least) + " to " +
                      std::to_string(most));
  return count;
}

/// The size of a square matrix.
inline std::size_t parse_size(std::string_view text) {
  return parse_count("--size", "rows", 1, 16'384, text);
}
inline std::size_t parse_threads(std::string_view text) {
  return parse_count("--threads", "threads", 2, 1024, text);
}

/// Goes through the arguments: take(name, value) does what an option asks for, value() being what
/// follows it, and says whether it knows the option. Throws usage_error at the first argument that
/// does not fit.
template <class Take>
void parse_arguments(const std::vector<std::string_view>& arguments, common_options& chosen,
                     Take take) {
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
    } else if (!take(name, value)) {
      throw usage_error("unknown option '" + std::string(name) + "' (see --help)");
    }
  }
}

inline std::string parse_section(std::string_view name) {
  if (std::ranges::count(all_sections, name) != 0) return std::string(name);
  throw usage_error("--only: '" + std::string(name) +
                    "' is none of convert, wide, threads, calls, fused");
}

inline options parse_options(const std::vector<std::string_view>& arguments) {
  options chosen;
  parse_arguments(arguments, chosen, [&](std::string_view name, const auto& value) {
    if (name == "--all") {
      chosen.all = true;
    } else if (name == "--sweep") {
      chosen.sweep = true;
    } else if (name == "--isa") {
      chosen.isa = parse_isa(value());
    } else if (name == "--threads") {
      chosen.threads = parse_threads(value());
    } else if (name == "--only") {
      chosen.sections.push_back(parse_section(value()));
    } else {
      return false;
    }
    return true;
  });
  if (chosen.all && chosen.isa)
    throw usage_error("--all runs every instruction set: it does not go with --isa");
  if (chosen.sweep && !chosen.wants("convert"))
    throw usage_error("--sweep belongs to the section convert, which --only leaves out");
  return chosen;
}

}  // namespace bench
