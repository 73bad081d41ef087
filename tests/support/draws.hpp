// SPDX-License-Identifier: MIT
// The random bits of a key, by the definition: Philox4x32 of Salmon et al. (2011), and which of its
// bits an element has.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

namespace oracle {

inline std::array<std::uint32_t, 4> philox(std::uint64_t block, std::uint64_t stream,
                                           std::uint64_t seed, int rounds = 10) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  std::array<std::uint32_t, 4> c = {low(block), high(block), low(stream), high(stream)};
  std::uint32_t k0 = low(seed), k1 = high(seed);
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t x = std::uint64_t{0xd2511f53} * c[0], y = std::uint64_t{0xcd9e8d57} * c[2];
    c = {high(y) ^ c[1] ^ k0, low(y), high(x) ^ c[3] ^ k1, low(x)};
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  return c;
}

/// The n bits of element `i`, 1 to 32: of a byte, a half-word or a word the top ones.
inline std::uint32_t keyed_bits(int n, std::uint64_t seed, std::uint64_t stream, std::uint64_t i,
                                int rounds = 10) {
  const int field = n <= 8 ? 8 : n <= 16 ? 16 : 32;
  const auto in_word = static_cast<std::uint64_t>(32 / field), in_block = 4 * in_word;
  const std::uint32_t word = philox(i / in_block, stream, seed, rounds)[i % in_block / in_word];
  const std::uint32_t own = word >> (static_cast<int>(i % in_word) * field);
  return (own & (~0u >> (32 - field))) >> (field - n);
}

}  // namespace oracle
