// SPDX-License-Identifier: MIT
// Subnormal numbers of an array to zero.
#pragma once

#include <cstddef>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"

#define NF_LOOP "../../convert/detail/flush.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using flush_kernel = void (*)(const void*, void*, std::size_t);
template <class Layout>
inline constexpr isa_table<flush_kernel> flush_kernels NF_EACH_ISA(flush_array<Layout>);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
