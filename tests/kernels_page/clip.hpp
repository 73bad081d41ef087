// SPDX-License-Identifier: MIT
// Gradients times a factor, clipped to a bound: the loop of docs/kernels.md.
#pragma once

#include <narrowfloat/detail/array/place.hpp>
#include <narrowfloat/detail/codec/transcode.hpp>
#include <narrowfloat/detail/simd/loops.hpp>

#define NF_LOOP "kernels_page/clip.inl"
#include <narrowfloat/detail/simd/each_isa.inl>

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using clip_kernel = void (*)(const void*, void*, std::size_t, float, float, bool);
inline constexpr isa_table<clip_kernel> clip_kernels NF_EACH_ISA(clip_array);

inline void clip_floats(here, Isa isa, const float* in, float* out, std::size_t n, float factor,
                        float bound, bool stream) {
  const float_environment environment(direction::nearest);
  clip_kernels[isa](in, out, n, factor, bound, stream);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
