// SPDX-License-Identifier: MIT
// The public function that calls the loop of docs/kernels.md.
#pragma once

#include <span>
#include <stdexcept>

#include <narrowfloat/detail/array/parts.hpp>
#include "kernels_page/clip.hpp"

namespace narrowfloat {

/// out[i] = in[i] * factor, limited to [-bound, bound]. The ranges are apart or the same memory.
NF_INLINE void clip(std::span<const float> in, std::span<float> out, float factor, float bound) {
  if (in.size() != out.size() || __builtin_bit_cast(std::uint32_t, bound) > 0x7f800000u)
    throw std::invalid_argument("narrowfloat::clip: ...");  // with the numbers
  detail::clip_floats(detail::here{}, active_isa(), in.data(), out.data(), in.size(), factor, bound,
                      detail::leaves_caches(in.size_bytes() + out.size_bytes()));
}

}  // namespace narrowfloat
