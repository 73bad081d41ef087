// SPDX-License-Identifier: MIT
// Floats times the factors that groups of them share, and what makes factors of scales.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// How a product in double becomes a float.
enum class narrowing {
  nearest,
  odd,            ///< an inexact one is odd, so that it can be rounded again
  odd_above_zero  ///< and one that is not 0 is no smaller than the smallest normal float
};

/// Quotients x / s are made as products x * RN(1 / s), which are at most 2.5 units in the last
/// place off: 1 by the inverse, 1.5 more by the product. Where one lies within so many floats of a
/// number at which rounding changes from one code to the next, the exact quotient is computed and
/// decides.
inline constexpr std::uint32_t near_quotients = 8;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../convert/detail/factors.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using multiply_kernel = void (*)(const float*, std::size_t, std::size_t, int, const float*, bool,
                                 float*);
inline constexpr isa_table<multiply_kernel> multiply_kernels NF_EACH_ISA(multiply_blocks);

using multiply_long_kernel = void (*)(const float*, std::size_t, std::size_t, int, const double*,
                                      narrowing, float*);
inline constexpr isa_table<multiply_long_kernel> multiply_long_kernels
    NF_EACH_ISA(multiply_blocks_long);

using invert_kernel = void (*)(const float*, std::size_t, double, double*, float*);
inline constexpr isa_table<invert_kernel> invert_kernels NF_EACH_ISA(invert_scales);

using split_kernel = bool (*)(const float*, std::size_t, double, std::uint32_t, float*, float*);
inline constexpr isa_table<split_kernel> split_kernels NF_EACH_ISA(split_scales);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
