// SPDX-License-Identifier: MIT
// Numbers limited to what a narrow format holds.
#pragma once

#include "../../detail/simd/loops.hpp"
#include "limit_state.hpp"

#define NF_LOOP "../../optim/detail/limit_loop.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using limit_kernel = void (*)(const float*, float*, std::size_t, const state_limits&,
                              state_counts&);
inline constexpr isa_table<limit_kernel> limit_kernels NF_EACH_ISA(limit_array);

using code_count_kernel = std::size_t (*)(const std::uint8_t*, std::size_t, std::uint8_t,
                                          std::uint8_t);
inline constexpr isa_table<code_count_kernel> code_count_kernels NF_EACH_ISA(count_bytes);

using zero_kernel = std::size_t (*)(const float*, std::size_t);
inline constexpr isa_table<zero_kernel> zero_kernels NF_EACH_ISA(count_zeros);

inline std::size_t count_zeros(here, Isa isa, const float* in, std::size_t n) {
  return zero_kernels[isa](in, n);
}
inline std::size_t count_codes(here, Isa isa, const std::uint8_t* bytes, std::size_t n, int bits,
                               std::uint8_t code) {
  const auto count = code_count_kernels[isa];
  if (bits == 8) return count(bytes, n, 0xff, code);
  const auto high = static_cast<std::uint8_t>(code << 4);
  std::size_t found = count(bytes, n / 2, 0x0f, code) + count(bytes, n / 2, 0xf0, high);
  if (n % 2 != 0) found += (bytes[n / 2] & 0x0f) == code ? 1u : 0u;
  return found;
}
inline state_counts limit_floats(here, Isa isa, const float* in, float* out, std::size_t n,
                                 const state_limits& limits) {
  state_counts counts;
  limit_kernels[isa](in, out, n, limits, counts);
  return counts;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
