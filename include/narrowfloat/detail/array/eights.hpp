// SPDX-License-Identifier: MIT
// The scalar loops of the bit stream, eight codes at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../codec/bit_stream.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Packs eight codes into Width bytes; writes Bytes of them (8 where the bytes after the Width are
/// still to be written).
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

/// Packs n codes, each in a code_unit, eight at a time, from the start of a byte; bits after the
/// last code become 0.
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
    std::uint8_t packed[std::size_t{Width}];
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
    std::uint8_t packed[std::size_t{Width}] = {};
    unsigned char rest[8 * sizeof(unit)];
    __builtin_memcpy(packed, bytes, bit_stream_bytes(n, Width));
    unpack_eight<Width, Width>(packed, rest);
    __builtin_memcpy(to, rest, n * sizeof(unit));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
