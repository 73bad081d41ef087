// SPDX-License-Identifier: MIT
// The public function that calls the loop of docs/kernels.md.
#pragma once

#include <span>
#include <string>

#include <narrowfloat/detail/array/checks.hpp>
#include <narrowfloat/detail/array/parts.hpp>
#include "kernels_page/clip.hpp"

namespace narrowfloat {

/// out[i] = in[i] * factor, limited to [-bound, bound]. The ranges are apart or the same memory.
NF_INLINE void clip(std::span<const float> in, std::span<float> out, float factor, float bound) {
  detail::require_equal_sizes("clip", in.size(), out.size());
  if (__builtin_bit_cast(std::uint32_t, bound) > 0x7f800000u)
    detail::throw_invalid("clip", "the bound is " + std::to_string(bound));
  detail::clip_floats(detail::here{}, active_isa(), in.data(), out.data(), in.size(), factor, bound,
                      detail::leaves_caches(in.size_bytes() + out.size_bytes()));
}

}  // namespace narrowfloat
