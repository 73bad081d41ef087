// SPDX-License-Identifier: MIT
// Philox4x32, the counter-based generator (Salmon et al., "Parallel Random Numbers: As Easy as
// 1, 2, 3", SC 2011, section 4.3): words in, words out.
#pragma once

#include <type_traits>

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

/// What words 0 and 2 are multiplied by in each round.
inline constexpr std::uint32_t philox_first = 0xd2511f53u, philox_second = 0xcd9e8d57u;
/// What the keys grow by from round to round.
inline constexpr std::uint32_t philox_low_step = 0x9e3779b9u, philox_high_step = 0xbb67ae85u;

/// The keys of each round.
template <int Rounds, class W>
struct round_keys {
  W low[std::size_t{Rounds}], high[std::size_t{Rounds}];
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

/// The part of a block of Philox that an element takes when it draws N bits.
template <int N>
using random_field = std::conditional_t<N <= 8, std::uint8_t,
                                        std::conditional_t<N <= 16, std::uint16_t, std::uint32_t>>;
/// Elements that share one block.
template <int N>
inline constexpr std::uint64_t elements_per_block = 16 / sizeof(random_field<N>);

template <int Rounds>
constexpr NF_HD word_quad<std::uint32_t> element_block(std::uint64_t seed, std::uint64_t stream,
                                                       std::uint64_t block) noexcept {
  const auto low = static_cast<std::uint32_t>(block),
             high = static_cast<std::uint32_t>(block >> 32);
  return philox4x32<Rounds, std::uint32_t>(
      {{low, high, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}},
      round_keys_of<Rounds>(static_cast<std::uint32_t>(seed),
                            static_cast<std::uint32_t>(seed >> 32)));
}

/// The bits of the element at a place in its block.
template <int N>
constexpr NF_HD std::uint32_t element_field(const word_quad<std::uint32_t>& block,
                                            std::uint64_t place) noexcept {
  using field = random_field<N>;
  constexpr int width = 8 * sizeof(field);
  constexpr std::uint64_t in_word = 32 / width;
  const std::uint32_t word = block.word[place / in_word];
  return std::uint32_t{static_cast<field>(word >> (width * (place % in_word)))} >> (width - N);
}

/// The random bits of an element: element_bits() of random.hpp.
template <int N, int Rounds>
constexpr NF_FN std::uint32_t element_word(std::uint64_t seed, std::uint64_t stream,
                                           std::uint64_t index) noexcept {
  constexpr std::uint64_t per_block = elements_per_block<N>;
  return element_field<N>(element_block<Rounds>(seed, stream, index / per_block),
                          index % per_block);
}

/// Whether a policy draws its random bits from a key; else they are given.
template <class R>
inline constexpr bool is_keyed = requires(R r) {
  r.seed;
};
/// The element in which the random bits of a policy lie in memory: on top of a field of Philox, or
/// at the bottom of a word that is given.
template <class R>
using random_element = std::conditional_t<is_keyed<R>, random_field<R::random_bits>, std::uint32_t>;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
