// SPDX-License-Identifier: MIT
// The command line of bench_rivals.
#pragma once

#include <string_view>
#include <vector>

#include "options.hpp"

namespace bench {

inline constexpr std::string_view rival_usage =
    R"(Usage: bench_rivals [options]
Measures narrowfloat::convert beside the conversions of installed libraries and plain loops, and
says where their results differ.

  --input FILE     convert the tensors of this safetensors file
                   (default: )" NARROWFLOAT_DEFAULT_INPUT R"()
  --format NAME    only float8_e4m3fn, float8_e5m2, float16 or bfloat16; may be given several times
  --min-time S     seconds of CPU time for each of the 5 repetitions of a row (default: 0.015)
  --json FILE      write the results here too
  --help           show this text

narrowfloat uses the widest instruction set of the machine; NARROWFLOAT_ISA=avx2 narrows it.
)";

/// Throws usage_error at the first argument that does not fit.
inline common_options parse_rival_options(const std::vector<std::string_view>& arguments) {
  common_options chosen;
  parse_arguments(arguments, chosen, [](std::string_view, const auto&) { return false; });
  return chosen;
}

}  // namespace bench
