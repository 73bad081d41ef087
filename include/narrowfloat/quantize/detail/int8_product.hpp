// SPDX-License-Identifier: MIT
// The int32 sums of int8 products as floats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../convert/detail/factors.hpp"

#define NF_LOOP "../../quantize/detail/int8_product.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using integer_kernel = void (*)(const std::int32_t*, std::size_t, float, const float*, int,
                                const float*, float*);
inline constexpr isa_table<integer_kernel> integer_kernels NF_EACH_ISA(scale_integers);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
