// SPDX-License-Identifier: MIT
// Inputs of every kind: each exponent of float takes an equal share of them. "2^24 inputs" means
// these.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace test {

/// How many inputs a kernel gets, as a power of two; NARROWFLOAT_TEST_LOG2_INPUTS overrides it.
inline int log2_inputs() {
  const char* const wanted = std::getenv("NARROWFLOAT_TEST_LOG2_INPUTS");
  return wanted == nullptr ? 20 : std::atoi(wanted);
}

/// 2^log2 floats, an equal share for each sign and exponent: for each place of a last bit, ties,
/// where all below it is zero, with random bits above, and their neighbours; random mantissas;
/// subnormals, Inf and NaN, since they are exponents too.
inline std::vector<float> stratified_floats(int log2) {
  constexpr std::uint32_t strata = 512, places = 24, mantissa = 0x7fffffu;
  const std::uint32_t share = (1u << log2) / strata, ties = share / 4 * 3;
  std::vector<float> inputs;
  inputs.reserve(std::size_t{strata} * share);
  std::uint64_t state = 1;
  const auto random = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 33);
  };
  for (std::uint32_t stratum = 0; stratum < strata; ++stratum) {
    const std::uint32_t first = stratum << 23;
    for (std::uint32_t i = 0; i < share; ++i) {
      if (i >= ties) {
        inputs.push_back(std::bit_cast<float>(first | (random() & mantissa)));
        continue;
      }
      // Three turns of one tie: itself and the two floats next to it, in whichever exponent they
      // lie.
      const std::uint32_t last_bit = 1u << (i / 3 % places), above = ~(last_bit - 1) & mantissa;
      const std::uint32_t tie = first + ((random() & above) | (last_bit & mantissa));
      inputs.push_back(std::bit_cast<float>(tie + i % 3 - 1));
    }
  }
  return inputs;
}

}  // namespace test
