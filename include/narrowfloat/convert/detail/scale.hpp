// SPDX-License-Identifier: MIT
// Floats times one factor.
#pragma once

#include <cstddef>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"

#define NF_LOOP "../../convert/detail/scale.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using scale_kernel = void (*)(const void*, void*, std::size_t, float, bool);
inline constexpr isa_table<scale_kernel> scale_kernels NF_EACH_ISA(scale_array);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
