// SPDX-License-Identifier: MIT
// The command line of the benchmarks of products: --size and --min-time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "program.hpp"

namespace bench {

struct size_options {
  std::size_t size = 256;
  double min_time = 0.05;
  bool help = false;
};

inline size_options parse_size_options(const std::vector<std::string_view>& arguments) {
  size_options chosen;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--help") {
      chosen.help = true;
    } else if (arguments[i] == "--min-time" && i + 1 < arguments.size()) {
      chosen.min_time = parse_seconds(arguments[++i]);
    } else if (arguments[i] == "--size" && i + 1 < arguments.size()) {
      chosen.size = parse_size(arguments[++i]);
    } else {
      throw usage_error("unknown option '" + std::string(arguments[i]) + "'");
    }
  }
  return chosen;
}

}  // namespace bench
