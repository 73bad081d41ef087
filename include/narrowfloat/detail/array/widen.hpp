// SPDX-License-Identifier: MIT
// Codes to the floats of the same values.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../codec/transcode.hpp"
#include "../simd/loops.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The floats of a pack, times 2^exponent: exact, since the products are normal numbers, 0, Inf or
/// NaN.
template <std::size_t N>
NF_INLINE pack<N> times_power_of_two(const pack<N>& x, int exponent) {
  using floats = vector<N, float>;
  const pack<N> factor(static_cast<std::uint32_t>(127 + exponent) << 23);
  return vector<N, std::uint32_t>(floats(x.lanes) * floats(factor.lanes));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../detail/array/widen.inl"
#include "../simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using widen_kernel = void (*)(const void*, void*, std::size_t, bool);
template <class From>
inline constexpr isa_table<widen_kernel> widen_kernels NF_EACH_ISA(widen_array<From>);

using scaled_widen_kernel = void (*)(const void*, void*, std::size_t, float, bool);
template <class From>
inline constexpr isa_table<scaled_widen_kernel> scaled_widen_kernels
    NF_EACH_ISA(widen_scaled_array<From>);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
