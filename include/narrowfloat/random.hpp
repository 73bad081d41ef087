// SPDX-License-Identifier: MIT
// Philox4x32 and the pinned map from (seed, stream, element index) to random bits.
#pragma once

#include <array>
#include <cstdint>

#include "detail/codec/philox.hpp"
#include "rounding.hpp"

namespace narrowfloat {

namespace detail {
/// In bit casts: device code has no operator[] of std::array.
template <int Rounds>
constexpr NF_FN std::array<std::uint32_t, 4> philox_block(
    const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) noexcept {
  const auto keys = __builtin_bit_cast(std::uint64_t, key);
  const auto block = philox4x32<Rounds, std::uint32_t>(
      __builtin_bit_cast(word_quad<std::uint32_t>, counter),
      round_keys_of<Rounds>(static_cast<std::uint32_t>(keys),
                            static_cast<std::uint32_t>(keys >> 32)));
  return {block.word[0], block.word[1], block.word[2], block.word[3]};
}
}  // namespace detail

/// One block of the counter-based generator Philox4x32-10 (Salmon et al., SC 2011).
///
/// Result    four random words that depend on nothing but the counter and the key.
/// Promises  noexcept, constexpr; equal to the published known answers.
constexpr NF_FN std::array<std::uint32_t, 4> philox4x32_10(
    const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) noexcept {
  return detail::philox_block<10>(counter, key);
}
/// The same of Philox4x32-7: seven rounds instead of ten, other words.
constexpr NF_FN std::array<std::uint32_t, 4> philox4x32_7(
    const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) noexcept {
  return detail::philox_block<7>(counter, key);
}

/// The random bits of one element of a logical array.
///
/// Result    an N-bit number, uniform over the seeds. For N <= 8, sixteen elements share a block:
///           element i takes byte i % 16 of block i / 16, lowest first; for 8 < N <= 16, half-word
///           i % 8 of block i / 8, low half first; for N > 16, word i % 4 of block i / 4. An N
///           below the field's width takes the field's top bits. Block b is philox4x32_10({lo(b),
///           hi(b), lo(stream), hi(stream)}, {lo(seed), hi(seed)}), or the block of another
///           Generator.
/// Promises  noexcept, constexpr; the same on every instruction set and for every cut of the array.
/// Example   std::vector<bfloat16> codes(x.size());
///           convert(x, codes, Stochastic<>{.seed = 1, .stream = 2});
///           // what element 3 was rounded by
///           const std::uint32_t drawn = element_bits<16>(1, 2, 3);
///           assert(codes[3] == convert<bfloat16>(x[3], StochasticC<16>(drawn)));
template <int N, philox_generator Generator = Philox4x32_10>
constexpr NF_FN std::uint32_t element_bits(std::uint64_t seed, std::uint64_t stream,
                                           std::uint64_t index) noexcept {
  static_assert(1 <= N && N <= 32, "an element draws 1 to 32 random bits");
  return detail::element_word<N, Generator::rounds>(seed, stream, index);
}

}  // namespace narrowfloat
