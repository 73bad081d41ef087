// SPDX-License-Identifier: MIT
// Calls as a user writes them, without naming an instruction set, for the sections "calls" and
// "fused".
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "kernels.hpp"

namespace bench {

/// A call that reads n elements and writes n, apart from what else it does.
struct pass {
  std::string_view name;
  kernel conversion;  ///< the types, and how to make what is read
  void (*run)(const void* in, void* out, std::size_t n);
  bool writes = true;  ///< else it only reads what the conversion would
};

/// Those whose fixed cost the section "calls" measures.
std::vector<pass> short_calls();
/// Those that do more than convert in one pass, each after the conversion alone.
std::vector<pass> fused_passes();

}  // namespace bench
