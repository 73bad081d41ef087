// SPDX-License-Identifier: MIT
// What the formats of run time call: the loops stand in grid.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

/// The values c * m / (2^(M + 1) - 1) of a format of M mantissa bits with the largest value c: m
/// has at most M + 1 bits and is a multiple of a smallest step.
struct float_grid {
  std::uint32_t largest;      ///< the bits of c
  bool is_signed;             ///< else negative numbers are 0
  int magnitude_bits;         ///< of a code, below its sign
  double top;                 ///< 2^(M + 1) - 1
  std::uint64_t least_field;  ///< the exponent field of the binades of the smallest step, in place
  std::uint64_t to_unit;      ///< 52 - M, in the place of an exponent field
};

/// What the largest value and the step learn from.
struct grid_slopes {
  double largest;  ///< the gradient of the largest value
  double within;   ///< the sum of gradient * error of what is not clipped
};

void round_to_grid(in_library, Isa isa, const float* in, float* out, std::size_t n,
                   const float_grid& grid, bool stream);
// Writes a bit for each of n floats: 1 where it is within the range. Bits after the last are 0.
void clip_to_grid(in_library, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                  std::uint8_t* bits);
// Adds the sum of the squared errors of n floats to `sum`.
void add_grid_error(in_library, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                    double& sum);
// Codes of n floats, in words, and back.
void encode_grid(in_library, Isa isa, const float* in, std::uint32_t* out, std::size_t n,
                 const float_grid& grid);
void decode_grid(in_library, Isa isa, const std::uint32_t* in, float* out, std::size_t n,
                 const float_grid& grid);
// Writes the gradients of n inputs.
grid_slopes grid_gradients(in_library, Isa isa, const float* in, const float* gradients, float* out,
                           std::size_t n, const float_grid& grid);

inline namespace NF_BASELINE {

void round_to_grid(here, Isa isa, const float* in, float* out, std::size_t n,
                   const float_grid& grid, bool stream);
void clip_to_grid(here, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                  std::uint8_t* bits);
void add_grid_error(here, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                    double& sum);
void encode_grid(here, Isa isa, const float* in, std::uint32_t* out, std::size_t n,
                 const float_grid& grid);
void decode_grid(here, Isa isa, const std::uint32_t* in, float* out, std::size_t n,
                 const float_grid& grid);
grid_slopes grid_gradients(here, Isa isa, const float* in, const float* gradients, float* out,
                           std::size_t n, const float_grid& grid);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
