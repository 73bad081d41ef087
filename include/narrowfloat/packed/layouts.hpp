// SPDX-License-Identifier: MIT
// The layouts of packed codes: where the bits of code i lie. A layout is a type without state;
// every function of one takes the number of elements n, on which some layouts depend.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../detail/array/lengths.hpp"
#include "../detail/array/pack_bits.hpp"

namespace narrowfloat {

/// The little-endian bit stream, the order of DLPack: code i in bits i * width ... (i + 1) * width
/// - 1, the lowest bit of byte 0 first. Four FP6 codes fill three bytes; of two FP4 codes in a byte
/// the first is in the low nibble. The only layout without padding, and the fastest.
///
/// Example   using six = float6_e3m2fn;
///           assert(PackedVector<six>(8).size_bytes() == 6);                  // no padding
///           // as ml_dtypes has them
///           assert((PackedVector<six, OnePerByte>(8).size_bytes() == 8));
///           // 4 bits of each, then 2 bits of each
///           assert((PackedVector<six, AdjacentPlanes>(8).size_bytes() == 6));
///           // ggml's blocks of 32
///           assert((PackedVector<float4_e2m1fn, SplitNibbles>(40).size_bytes() == 32));
struct BitStream {
  /// Whether the layout has codes of this width.
  template <int Width>
  static constexpr bool holds = 1 <= Width&& Width <= 16;
  /// How many bytes n codes take.
  template <int Width>
  static constexpr NF_FN std::size_t bytes(std::size_t n) noexcept {
    return detail::bit_stream_bytes(n, Width);
  }
  /// Reads code i, or writes it and leaves its neighbours alone.
  template <int Width>
  static constexpr NF_FN std::uint32_t get(const std::uint8_t* from, std::size_t,
                                           std::size_t i) noexcept {
    return detail::get_bits<Width>(from, i);
  }
  template <int Width>
  static constexpr NF_FN void set(std::uint8_t* to, std::size_t, std::size_t i,
                                  std::uint32_t code) noexcept {
    detail::set_bits<Width>(to, i, code);
  }
};

/// One code a byte, right-aligned, the bits above it 0: ml_dtypes, PTX, NumPy.
struct OnePerByte {
  /// Whether the layout has codes of this width.
  template <int Width>
  static constexpr bool holds = 1 <= Width&& Width <= 8;
  /// How many codes n are padded to.
  static constexpr NF_FN std::size_t slots(std::size_t n) noexcept { return n; }
  /// How many bytes n codes take.
  template <int Width>
  static constexpr NF_FN std::size_t bytes(std::size_t n) noexcept {
    return n;
  }
  /// Reads code i, or writes it and leaves its neighbours alone.
  template <int Width>
  static constexpr NF_FN std::uint32_t get(const std::uint8_t* from, std::size_t,
                                           std::size_t i) noexcept {
    return from[i] & (~std::uint32_t{0} >> (32 - Width));
  }
  template <int Width>
  static constexpr NF_FN void set(std::uint8_t* to, std::size_t, std::size_t i,
                                  std::uint32_t code) noexcept {
    to[i] = static_cast<std::uint8_t>(code);
  }
};

namespace detail {
/// Where a part of a code lies.
struct bit_place {
  std::size_t byte;
  int shift;
};
/// Neighbours share a byte, the first in the low bits.
struct adjacent_place {
  static constexpr NF_FN bit_place of(std::size_t i, int part, std::size_t) noexcept {
    const std::size_t per_byte = 8 / static_cast<std::size_t>(part);
    return {i / per_byte, static_cast<int>(i % per_byte) * part};
  }
};
/// The codes are cut into 8 / part slices of as many codes as the plane has bytes; slice k is in
/// bits k * part and up.
struct strided_place {
  static constexpr NF_FN bit_place of(std::size_t i, int part, std::size_t plane) noexcept {
    return {i % plane, static_cast<int>(i / plane) * part};
  }
};

inline namespace NF_BASELINE {

// The parts of a width are the powers of two that it is a sum of, the largest first: part k is bits
// offset ... offset + part - 1 of the code. `eighth` is an eighth of the number of codes in a
// plane.

template <int Width, class Place>
constexpr std::uint32_t get_parts(const std::uint8_t* from, std::size_t eighth, std::size_t i) {
  std::uint32_t code = 0;
  for (int part = 8, offset = 0; part > 0; part /= 2) {
    if ((Width & part) == 0) continue;
    const std::size_t plane = eighth * static_cast<std::size_t>(part);  // bytes
    const bit_place at = Place::of(i, part, plane);
    code |= ((static_cast<std::uint32_t>(from[at.byte]) >> at.shift) & ((1u << part) - 1))
            << offset;
    from += plane;
    offset += part;
  }
  return code;
}

template <int Width, class Place>
constexpr void set_parts(std::uint8_t* to, std::size_t eighth, std::size_t i, std::uint32_t code) {
  for (int part = 8, offset = 0; part > 0; part /= 2) {
    if ((Width & part) == 0) continue;
    const std::size_t plane = eighth * static_cast<std::size_t>(part);
    const bit_place at = Place::of(i, part, plane);
    const std::uint32_t mask = (1u << part) - 1, kept = to[at.byte] & ~(mask << at.shift);
    to[at.byte] = static_cast<std::uint8_t>(kept | (((code >> offset) & mask) << at.shift));
    to += plane;
    offset += part;
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The eXmY planes: the width as a sum of powers of two (7 = 4 + 2 + 1), one dense array a part,
/// the largest part first with the lowest bits of the codes. The number of codes is padded with
/// zeros to a multiple of 8. Place says where a part of a code lies in its array.
template <class Place>
struct Planes {
  /// Whether the layout has codes of this width.
  template <int Width>
  static constexpr bool holds = 1 <= Width&& Width <= 15;
  /// How many codes n are padded to.
  static constexpr NF_FN std::size_t slots(std::size_t n) noexcept {
    return detail::rounded_up(n, 8);
  }
  /// How many bytes n codes take.
  template <int Width>
  static constexpr NF_FN std::size_t bytes(std::size_t n) noexcept {
    return detail::ceil_divided(n, 8) * Width;
  }
  /// Reads code i, or writes it and leaves its neighbours alone.
  template <int Width>
  static constexpr NF_FN std::uint32_t get(const std::uint8_t* from, std::size_t n,
                                           std::size_t i) noexcept {
    return detail::get_parts<Width, Place>(from, slots(n) / 8, i);
  }
  template <int Width>
  static constexpr NF_FN void set(std::uint8_t* to, std::size_t n, std::size_t i,
                                  std::uint32_t code) noexcept {
    detail::set_parts<Width, Place>(to, slots(n) / 8, i, code);
  }
};

/// Neighbours share a byte, the first in the low bits: a shard that starts at a multiple of 8 codes
/// starts on a byte of every plane.
using AdjacentPlanes = Planes<detail::adjacent_place>;
/// The codes of a plane in 8 / part equal slices, slice k in bits k * part and up of every byte: to
/// unpack takes one shift and one mask, no shuffle.
using StridedPlanes = Planes<detail::strided_place>;

/// Nibbles in blocks of 32, as ggml keeps them: byte j of a block's 16 has code j in its low and
/// code j + 16 in its high nibble. The last block is padded with zeros.
struct SplitNibbles {
  /// Whether the layout has codes of this width.
  template <int Width>
  static constexpr bool holds = Width == 4;
  /// How many codes n are padded to.
  static constexpr NF_FN std::size_t slots(std::size_t n) noexcept {
    return detail::rounded_up(n, 32);
  }
  /// How many bytes n codes take.
  template <int Width>
  static constexpr NF_FN std::size_t bytes(std::size_t n) noexcept {
    return detail::ceil_divided(n, 32) * 16;
  }
  /// Reads code i, or writes it and leaves its neighbours alone.
  template <int Width>
  static constexpr NF_FN std::uint32_t get(const std::uint8_t* from, std::size_t,
                                           std::size_t i) noexcept {
    return (from[i / 32 * 16 + i % 16] >> (i % 32 / 16 * 4)) & 15u;
  }
  template <int Width>
  static constexpr NF_FN void set(std::uint8_t* to, std::size_t, std::size_t i,
                                  std::uint32_t code) noexcept {
    std::uint8_t& byte = to[i / 32 * 16 + i % 16];
    const std::size_t shift = i % 32 / 16 * 4;
    byte = static_cast<std::uint8_t>((byte & (0xf0u >> shift)) | ((code & 15u) << shift));
  }
};

/// Two nibbles a byte, the first in the high one, as bitsandbytes keeps them.
struct HighNibbleFirst {
  /// Whether the layout has codes of this width.
  template <int Width>
  static constexpr bool holds = Width == 4;
  /// How many codes n are padded to.
  static constexpr NF_FN std::size_t slots(std::size_t n) noexcept { return n + n % 2; }
  /// How many bytes n codes take.
  template <int Width>
  static constexpr NF_FN std::size_t bytes(std::size_t n) noexcept {
    return n / 2 + n % 2;
  }
  /// Reads code i, or writes it and leaves its neighbours alone.
  template <int Width>
  static constexpr NF_FN std::uint32_t get(const std::uint8_t* from, std::size_t,
                                           std::size_t i) noexcept {
    return (from[i / 2] >> (4 - i % 2 * 4)) & 15u;
  }
  template <int Width>
  static constexpr NF_FN void set(std::uint8_t* to, std::size_t, std::size_t i,
                                  std::uint32_t code) noexcept {
    const std::size_t shift = 4 - i % 2 * 4;
    to[i / 2] = static_cast<std::uint8_t>((to[i / 2] & (0xf0u >> shift)) | ((code & 15u) << shift));
  }
};

/// Layout holds codes of the width of F.
template <class Layout, class F>
concept layout_for = Layout::template holds<F::width>;

}  // namespace narrowfloat
