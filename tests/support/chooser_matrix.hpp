// SPDX-License-Identifier: MIT
// The matrix that the format chooser is tested on.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace test {

inline constexpr std::size_t chooser_rows = 150, chooser_cols = 300;

/// Numbers of several binades, one that is large and one that is subnormal.
inline std::vector<float> chooser_numbers() {
  std::vector<float> values(chooser_rows * chooser_cols);
  std::mt19937 engine(5);
  for (float& x : values) {
    const auto random = static_cast<std::int32_t>(engine());
    x = static_cast<float>(std::ldexp(random, -31 - static_cast<int>(engine() % 9)));
  }
  values[17] = 40;
  values[4000] = 0x1p-140f;
  return values;
}

}  // namespace test
