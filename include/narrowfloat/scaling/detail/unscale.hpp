// SPDX-License-Identifier: MIT
// Gradients times the inverse of a loss scale, and whether they overflowed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../convert/detail/scale.hpp"
#include "calls.hpp"

#define NF_LOOP "../../scaling/detail/unscale.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using unscale_kernel = std::uint32_t (*)(const void*, void*, std::size_t, float, bool);
inline constexpr isa_table<unscale_kernel> unscale_kernels NF_EACH_ISA(unscale_array);

inline std::uint32_t unscale_floats(here, Isa isa, const float* in, float* out, std::size_t n,
                                    float factor, bool stream) {
  const float_environment environment(direction::nearest);
  return unscale_kernels[isa](in, out, n, factor, stream);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
