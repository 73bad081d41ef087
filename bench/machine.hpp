// SPDX-License-Identifier: MIT
// What the numbers depend on: the processor, its last-level cache, the compiler.
#pragma once

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace bench {

/// The processor's name, as the system tells it.
inline std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

inline std::string compiler_name() {
#if defined(__clang__)
  return __VERSION__;
#else
  return "GCC " __VERSION__;
#endif
}

/// The largest cache of the first processor in bytes; 32 MiB where the system does not tell.
inline std::size_t last_level_cache() {
  std::size_t largest = 0;
  for (int index = 0; index < 8; ++index) {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) +
                       "/size");
    std::size_t size = 0;
    char unit = ' ';
    if (!(file >> size)) continue;
    file >> unit;
    size *= unit == 'K' ? 1024u : unit == 'M' ? 1024u * 1024u : 1u;
    largest = std::max(largest, size);
  }
  return largest != 0 ? largest : std::size_t{32} << 20;
}

/// What is measured: bytes of the f32 side.
struct standard_sizes {
  std::size_t first_level = std::size_t{16} << 10;
  std::size_t second_level = std::size_t{1} << 20;
  /// Four times the last-level cache, at most 1 GiB.
  std::size_t memory =
      std::max<std::size_t>(std::min<std::size_t>(4 * last_level_cache() >> 20, 1024), 4) << 20;

  std::vector<std::size_t> all() const { return {first_level, second_level, memory}; }
};

/// 1048576 as "1MiB".
inline std::string size_name(std::size_t bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  for (; unit < 3 && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return std::to_string(bytes) + units[unit];
}

}  // namespace bench
