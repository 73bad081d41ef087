// SPDX-License-Identifier: MIT
// Philox4x32-10 and the pinned map from (seed, stream, element index) to random bits.
#pragma once

#include <array>
#include <cstdint>

#include "detail/codec/philox.hpp"

namespace narrowfloat {

/// One block of the counter-based generator Philox4x32-10 (Salmon et al., SC 2011).
///
/// Result    four random words that depend on nothing but the counter and the key.
/// Promises  noexcept, constexpr; equal to the published known answers.
constexpr NF_INLINE std::array<std::uint32_t, 4> philox4x32_10(
    const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) noexcept {
  const auto block =
      detail::philox4x32<10, std::uint32_t>({{counter[0], counter[1], counter[2], counter[3]}},
                                            detail::round_keys_of<10>(key[0], key[1]));
  return {block.word[0], block.word[1], block.word[2], block.word[3]};
}

/// The random bits of one element of a logical array.
///
/// Result    an N-bit number, uniform over the seeds. For N <= 16, eight elements share a block: element
///           i takes half-word i % 8 of block i / 8, low half first; for N > 16, element i takes word
///           i % 4 of block i / 4. An N below the field's width takes the field's top bits. Block b is
///           philox4x32_10({lo(b), hi(b), lo(stream), hi(stream)}, {lo(seed), hi(seed)}).
/// Promises  noexcept, constexpr; the same on every instruction set and for every cut of the array.
template <int N>
constexpr NF_FN std::uint32_t element_bits(std::uint64_t seed, std::uint64_t stream,
                                           std::uint64_t index) noexcept {
  static_assert(1 <= N && N <= 32, "an element draws 1 to 32 random bits");
  return detail::element_word<N>(seed, stream, index);
}

}  // namespace narrowfloat
