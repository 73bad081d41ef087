// SPDX-License-Identifier: MIT
// The little-endian bit stream: code i of Width bits in bits i * Width ... (i + 1) * Width - 1, the
// lowest bit of the first byte first. It knows widths, not formats. Eight codes fill Width bytes
// exactly, so the loops go by eights.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "word.hpp"

static_assert(std::endian::native == std::endian::little,
              "narrowfloat packs codes through words of memory: it needs a little-endian machine");

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The element that holds one code before packing: the low Width bits, the others 0.
template <int Width>
using code_unit = std::conditional_t<Width <= 8, std::uint8_t, std::uint16_t>;

/// The bytes of n codes; no intermediate value exceeds the result.
constexpr NF_FN std::size_t bit_stream_bytes(std::size_t n, std::size_t width) {
  return n / 8 * width + (n % 8 * width + 7) / 8;
}

/// Code i of the stream, read from the bytes that hold it and no others.
template <int Width>
constexpr NF_FN std::uint32_t get_bits(const std::uint8_t* bytes, std::size_t i) {
  constexpr std::uint32_t mask = ~std::uint32_t{0} >> (32 - Width);
  const std::size_t place = i % 8 * Width;
  const std::uint8_t* const from = bytes + (i / 8 * Width + place / 8);
  const int shift = static_cast<int>(place % 8);
  std::uint32_t word = from[0];
  if (shift + Width > 8) word |= static_cast<std::uint32_t>(from[1]) << 8;
  if (shift + Width > 16) word |= static_cast<std::uint32_t>(from[2]) << 16;
  return (word >> shift) & mask;
}

/// Replaces code i of the stream; every other bit keeps its value.
template <int Width>
constexpr NF_FN void set_bits(std::uint8_t* bytes, std::size_t i, std::uint32_t code) {
  constexpr std::uint32_t mask = ~std::uint32_t{0} >> (32 - Width);
  const std::size_t place = i % 8 * Width;
  std::uint8_t* const to = bytes + (i / 8 * Width + place / 8);
  const int shift = static_cast<int>(place % 8);
  for (int k = 0; 8 * k < shift + Width; ++k) {
    const std::uint32_t kept = to[k] & ~(mask << shift >> (8 * k));
    to[k] = static_cast<std::uint8_t>(kept | ((code & mask) << shift >> (8 * k)));
  }
}

/// The low `bits` bits of every `period` bits of a word.
constexpr NF_FN std::uint64_t repeated_mask(int bits, int period) {
  std::uint64_t mask = 0;
  for (int at = 0; at < 64; at += period) mask |= (~std::uint64_t{0} >> (64 - bits)) << at;
  return mask;
}

/// Joins lanes of `Lane` bits, the low Bits of which count, two by two until one of 64 is left:
/// codes in bytes or half-words become a run of bits. W: 64-bit words.
template <int Bits, int Lane, class W>
constexpr NF_FN W squeeze(const W& x) {
  if constexpr (Lane == 64) {
    return x;
  } else {
    constexpr std::uint64_t low = repeated_mask(Bits, 2 * Lane);
    return squeeze<2 * Bits, 2 * Lane, W>((x & W(low)) | ((x >> (Lane - Bits)) & W(low << Bits)));
  }
}

/// The inverse of squeeze(); bits above the run do not matter.
template <int Bits, int Lane, class W>
constexpr NF_FN W spread(const W& x) {
  if constexpr (Lane == 64) {
    return x;
  } else {
    constexpr std::uint64_t low = repeated_mask(Bits, 2 * Lane);
    const W pairs = spread<2 * Bits, 2 * Lane, W>(x);
    return (pairs & W(low)) | ((pairs & W(low << Bits)) << (Lane - Bits));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
