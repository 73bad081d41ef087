// SPDX-License-Identifier: MIT
// The bit stream as the rooms above see it: its loops stand in bit_stream.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../codec/bit_stream.hpp"
#include "place.hpp"

namespace narrowfloat::detail {

template <int Width>
void pack_bits(in_library, const void* codes, std::size_t n, std::uint8_t* bytes);
template <int Width>
void unpack_bits(in_library, const std::uint8_t* bytes, std::size_t n, void* codes);

inline namespace NF_BASELINE {

template <int Width>
void pack_bits(here, const void* codes, std::size_t n, std::uint8_t* bytes);
template <int Width>
void unpack_bits(here, const std::uint8_t* bytes, std::size_t n, void* codes);

/// Packs n codes, each in a code_unit, from the start of a byte; bits after the last code become 0.
///
/// Requires  codes and bytes are apart.
template <int Width>
NF_INLINE void pack_bits(const void* codes, std::size_t n, std::uint8_t* bytes) {
  pack_bits<Width>(place_of<true>(), codes, n, bytes);
}
/// Unpacks n codes from the start of a byte, each to a code_unit; the inverse of pack_bits().
template <int Width>
NF_INLINE void unpack_bits(const std::uint8_t* bytes, std::size_t n, void* codes) {
  unpack_bits<Width>(place_of<true>(), bytes, n, codes);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
