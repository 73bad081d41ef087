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

/// One block of Philox4x32 with the given number of rounds.
template <int Rounds, class W>
constexpr NF_FN word_quad<W> philox4x32(const word_quad<W>& counter, const W& key_low,
                                        const W& key_high) {
  word_quad<W> c = counter;
  W k0 = key_low, k1 = key_high;
  for (int round = 0; round < Rounds; ++round) {
    const wide_product<W> p0 = multiply_wide(W(0xd2511f53u), c.word[0]);
    const wide_product<W> p1 = multiply_wide(W(0xcd9e8d57u), c.word[2]);
    c = {{p1.high ^ c.word[1] ^ k0, p1.low, p0.high ^ c.word[3] ^ k1, p0.low}};
    k0 = k0 + W(0x9e3779b9u);
    k1 = k1 + W(0xbb67ae85u);
  }
  return c;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
