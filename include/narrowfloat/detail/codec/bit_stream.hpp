// SPDX-License-Identifier: MIT
// The little-endian bit stream: code i of Width bits in bits i * Width ... (i + 1) * Width - 1, the lowest bit
// of the first byte first. It knows widths, not formats. Eight codes fill Width bytes exactly, so the loops go by
// eights.
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

/// Joins lanes of `Lane` bits, the low Bits of which count, two by two until one of 64 is left: codes in bytes
/// or half-words become a run of bits. W: 64-bit words.
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

/// Packs eight codes into Width bytes; writes Bytes of them (8 where the bytes after the Width are still
/// to be written).
template <int Width, int Bytes>
NF_INLINE void pack_eight(const unsigned char* codes, std::uint8_t* to) {
  constexpr int lane = 8 * static_cast<int>(sizeof(code_unit<Width>));
  std::uint64_t low = 0;
  __builtin_memcpy(&low, codes, 8);
  low = squeeze<Width, lane>(low);
  if constexpr (lane == 8) {
    __builtin_memcpy(to, &low, Bytes);
  } else {
    std::uint64_t high = 0;
    __builtin_memcpy(&high, codes + 8, 8);
    high = squeeze<Width, lane>(high);  // 4 * Width bits each: 36 to 60
    low |= high << (4 * Width);
    high >>= 64 - 4 * Width;
    __builtin_memcpy(to, &low, 8);
    __builtin_memcpy(to + 8, &high, Width - 8);
  }
}

/// Unpacks Width bytes to eight codes; reads Bytes of them.
template <int Width, int Bytes>
NF_INLINE void unpack_eight(const std::uint8_t* from, unsigned char* codes) {
  constexpr int lane = 8 * static_cast<int>(sizeof(code_unit<Width>));
  std::uint64_t low = 0;
  if constexpr (lane == 8) {
    __builtin_memcpy(&low, from, Bytes);
    low = spread<Width, lane>(low);
    __builtin_memcpy(codes, &low, 8);
  } else {
    std::uint64_t high = 0;
    __builtin_memcpy(&low, from, 8);
    __builtin_memcpy(&high, from + 8, Width - 8);
    high = (high << (64 - 4 * Width)) | (low >> (4 * Width));
    low = spread<Width, lane>(low);
    high = spread<Width, lane>(high);
    __builtin_memcpy(codes, &low, 8);
    __builtin_memcpy(codes + 8, &high, 8);
  }
}

/// Packs n codes, each in a code_unit, eight at a time, from the start of a byte; bits after the last code
/// become 0. One body for every instruction set, so not inlined.
template <int Width>
void pack_eights(const void* codes, std::size_t n, std::uint8_t* bytes) {
  using unit = code_unit<Width>;
  const auto* from = static_cast<const unsigned char*>(codes);
  if constexpr (Width == 8 || Width == 16) {
    if (n != 0) __builtin_memcpy(bytes, from, n * sizeof(unit));
  } else {
    if constexpr (Width < 8) {
      constexpr std::size_t ahead =
          8 * ((8 + Width - 1) / Width);  // codes that fill 8 bytes or more
      for (; n >= ahead; n -= 8, from += 8, bytes += Width) pack_eight<Width, 8>(from, bytes);
    }
    for (; n >= 8; n -= 8, from += 8 * sizeof(unit), bytes += Width)
      pack_eight<Width, Width>(from, bytes);
    if (n == 0) return;
    unsigned char rest[8 * sizeof(unit)] = {};
    std::uint8_t packed[Width];
    __builtin_memcpy(rest, from, n * sizeof(unit));
    pack_eight<Width, Width>(rest, packed);
    __builtin_memcpy(bytes, packed, bit_stream_bytes(n, Width));
  }
}

/// Unpacks n codes from the start of a byte, each to a code_unit; the inverse of pack_eights().
template <int Width>
void unpack_eights(const std::uint8_t* bytes, std::size_t n, void* codes) {
  using unit = code_unit<Width>;
  auto* to = static_cast<unsigned char*>(codes);
  if constexpr (Width == 8 || Width == 16) {
    if (n != 0) __builtin_memcpy(to, bytes, n * sizeof(unit));
  } else {
    if constexpr (Width < 8) {
      constexpr std::size_t ahead = 8 * ((8 + Width - 1) / Width);
      for (; n >= ahead; n -= 8, to += 8, bytes += Width) unpack_eight<Width, 8>(bytes, to);
    }
    for (; n >= 8; n -= 8, to += 8 * sizeof(unit), bytes += Width)
      unpack_eight<Width, Width>(bytes, to);
    if (n == 0) return;
    std::uint8_t packed[Width] = {};
    unsigned char rest[8 * sizeof(unit)];
    __builtin_memcpy(packed, bytes, bit_stream_bytes(n, Width));
    unpack_eight<Width, Width>(packed, rest);
    __builtin_memcpy(to, rest, n * sizeof(unit));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
