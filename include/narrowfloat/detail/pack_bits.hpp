// SPDX-License-Identifier: MIT
// private: include <narrowfloat/packed.hpp>. The door to the loops of the bit stream.
#pragma once

#include "../isa.hpp"
#include "simd/dispatch.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Packs n codes, each in a code_unit, from the start of a byte; bits after the last code become 0.
///
/// Requires  codes and bytes are apart.
template <int Width>
void pack_bits(const void* codes, std::size_t n, std::uint8_t* bytes) {
  pack_kernels<Width>[static_cast<std::size_t>(active_isa())](codes, n, bytes);
}

/// Unpacks n codes from the start of a byte, each to a code_unit; the inverse of pack_bits().
template <int Width>
void unpack_bits(const std::uint8_t* bytes, std::size_t n, void* codes) {
  unpack_kernels<Width>[static_cast<std::size_t>(active_isa())](bytes, n, codes);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
