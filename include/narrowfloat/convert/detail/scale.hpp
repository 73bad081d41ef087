// SPDX-License-Identifier: MIT
// Floats times, or divided by, one number.
#pragma once

#include <cstddef>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"

#define NF_LOOP "../../convert/detail/scale.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using scale_kernel = void (*)(const void*, void*, std::size_t, float, bool, bool);
inline constexpr isa_table<scale_kernel> scale_kernels NF_EACH_ISA(scale_array);
using scale_long_kernel = void (*)(const void*, void*, std::size_t, double, bool);
template <bool ToOdd>
inline constexpr isa_table<scale_long_kernel> scale_long_kernels
    NF_EACH_ISA(scale_array_long<ToOdd>);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
