// SPDX-License-Identifier: MIT
// Rounding to the values of a float format of run time, and to its codes; the errors of that, and
// its gradients.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../convert/detail/elements.hpp"
#include "../../convert/detail/factors.hpp"
#include "../../detail/array/clip_bits.hpp"
#include "grid_calls.hpp"

#define NF_LOOP "../../quantize/detail/grid.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using grid_round_kernel = void (*)(const void*, void*, std::size_t, const float_grid&, bool);
inline constexpr isa_table<grid_round_kernel> grid_round_kernels NF_EACH_ISA(round_to_grid);
inline constexpr isa_table<grid_round_kernel> float_grid_kernels NF_EACH_ISA(round_to_float_grid);

/// Whether no quotient, value or part of one that a loop of floats meets is beyond the normal
/// floats or below them.
inline bool fits_floats(const float_grid& grid) {
  const int fraction_bits = 52 - static_cast<int>(grid.to_unit >> 52);
  const int lowest = static_cast<int>(grid.least_field >> 52) - 1023 - fraction_bits;
  const int largest = static_cast<int>(grid.largest >> 23) - 127;
  return lowest >= -64 && largest + lowest >= -64 && largest <= 100;
}

using grid_code_kernel = void (*)(const void*, void*, std::size_t, const float_grid&);
inline constexpr isa_table<grid_code_kernel> grid_encode_kernels NF_EACH_ISA(encode_grid);
inline constexpr isa_table<grid_code_kernel> grid_decode_kernels NF_EACH_ISA(decode_grid);

using grid_error_kernel = void (*)(const void*, std::size_t, const float_grid&, double&);
inline constexpr isa_table<grid_error_kernel> grid_error_kernels NF_EACH_ISA(grid_error);

using grid_gradient_kernel = grid_slopes (*)(const void*, const void*, void*, std::size_t,
                                             const float_grid&);
inline constexpr isa_table<grid_gradient_kernel> grid_gradient_kernels NF_EACH_ISA(grid_gradients);

inline void round_to_grid(here, Isa isa, const float* in, float* out, std::size_t n,
                          const float_grid& grid, bool stream) {
  const float_environment environment(direction::nearest);
  const bool by_floats = isa != Isa::generic && fits_floats(grid);
  (by_floats ? float_grid_kernels : grid_round_kernels)[isa](in, out, n, grid, stream);
}
inline void clip_to_grid(here, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                         std::uint8_t* bits) {
  const std::uint32_t high = grid.largest + 1, low = grid.is_signed ? high : 1;  // -0 is within
  clip_bits_kernels[isa](in, n, 0, one_for_all, &high, &low, bits);
}
inline void encode_grid(here, Isa isa, const float* in, std::uint32_t* out, std::size_t n,
                        const float_grid& grid) {
  const float_environment environment(direction::nearest);
  grid_encode_kernels[isa](in, out, n, grid);
}
inline void decode_grid(here, Isa isa, const std::uint32_t* in, float* out, std::size_t n,
                        const float_grid& grid) {
  const float_environment environment(direction::nearest);
  grid_decode_kernels[isa](in, out, n, grid);
}
inline void add_grid_error(here, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                           double& sum) {
  const float_environment environment(direction::nearest);
  grid_error_kernels[isa](in, n, grid, sum);
}
inline grid_slopes grid_gradients(here, Isa isa, const float* in, const float* gradients,
                                  float* out, std::size_t n, const float_grid& grid) {
  const float_environment environment(direction::nearest);
  return grid_gradient_kernels[isa](in, gradients, out, n, grid);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
