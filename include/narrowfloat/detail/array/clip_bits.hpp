// SPDX-License-Identifier: MIT
// Which floats their scales leave as they are, a bit each.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../codec/transcode.hpp"
#include "../simd/loops.hpp"

#define NF_LOOP "../../detail/array/clip_bits.inl"
#include "../simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using clip_bits_kernel = void (*)(const float*, std::size_t, std::size_t, int, const std::uint32_t*,
                                  const std::uint32_t*, std::uint8_t*);
inline constexpr isa_table<clip_bits_kernel> clip_bits_kernels NF_EACH_ISA(clip_bits);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
