// SPDX-License-Identifier: MIT
// Philox4x32-10, the counter-based generator (Salmon et al., "Parallel Random Numbers: As Easy as
// 1, 2, 3", SC 2011, section 4.3): words in, words out.
#pragma once

#include "word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class W>
struct wide_product {
  W high, low;
};

constexpr NF_FN wide_product<std::uint32_t> multiply_wide(std::uint32_t a, std::uint32_t b) {
  const std::uint64_t product = std::uint64_t{a} * b;
  return {static_cast<std::uint32_t>(product >> 32), static_cast<std::uint32_t>(product)};
}

/// Four words: a counter, or the random words that belong to it.
template <class W>
struct word_quad {
  W word[4];
};

/// What the keys grow by from round to round.
inline constexpr std::uint32_t philox_low_step = 0x9e3779b9u, philox_high_step = 0xbb67ae85u;

/// The keys of each round.
template <int Rounds, class W>
struct round_keys {
  W low[Rounds], high[Rounds];
};
template <int Rounds>
constexpr NF_FN round_keys<Rounds, std::uint32_t> round_keys_of(std::uint32_t low,
                                                                std::uint32_t high) {
  round_keys<Rounds, std::uint32_t> keys{};
  for (int round = 0; round < Rounds; ++round) {
    keys.low[round] = low + static_cast<std::uint32_t>(round) * philox_low_step;
    keys.high[round] = high + static_cast<std::uint32_t>(round) * philox_high_step;
  }
  return keys;
}

#include "philox.inl"

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
