// SPDX-License-Identifier: MIT
// Packing codes into the bit stream, and unpacking them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../simd/loops.hpp"
#include "eights.hpp"
#include "pack_bits.hpp"

#define NF_LOOP "../../detail/array/bit_stream.inl"
#include "../simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using pack_kernel = void (*)(const void*, std::size_t, std::uint8_t*);
using unpack_kernel = void (*)(const std::uint8_t*, std::size_t, void*);
template <int Width>
inline constexpr isa_table<pack_kernel> pack_kernels NF_EACH_ISA(pack_array<Width>);
template <int Width>
inline constexpr isa_table<unpack_kernel> unpack_kernels NF_EACH_ISA(unpack_array<Width>);

template <int Width>
void pack_bits(here, const void* codes, std::size_t n, std::uint8_t* bytes) {
  pack_kernels<Width>[active_isa()](codes, n, bytes);
}
template <int Width>
void unpack_bits(here, const std::uint8_t* bytes, std::size_t n, void* codes) {
  unpack_kernels<Width>[active_isa()](bytes, n, codes);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
