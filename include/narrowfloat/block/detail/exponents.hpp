// SPDX-License-Identifier: MIT
// The exponents of blocks that share a power of two, from their largest magnitudes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/codec/scale_rule.hpp"
#include "../../detail/simd/loops.hpp"

#define NF_LOOP "../../block/detail/exponents.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using exponent_kernel = std::uint32_t (*)(const std::uint32_t*, std::size_t, const exponent_rule&,
                                          std::uint32_t, std::uint32_t*, std::uint8_t*, float*);
inline constexpr isa_table<exponent_kernel> exponent_kernels NF_EACH_ISA(choose_exponents);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
