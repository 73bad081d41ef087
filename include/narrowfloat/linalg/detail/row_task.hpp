// SPDX-License-Identifier: MIT
// What the loop of a block tensor times a vector of floats is given.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

// Plain data, the same in every translation unit.

/// Rows of a tensor whose sums go on side by side, whatever the lanes.
inline constexpr std::size_t panel_rows = 32;

/// How codes become numbers: those of 4 bits by a table; floats without and with Inf or NaN;
/// fixed-point numbers.
enum class code_kind { nibbles, finite, specials, fixed };
struct code_values {
  alignas(64) float nibble[16] = {};
  std::uint32_t magnitude_mask = 0, last = 0, infinity = ~std::uint32_t{0};  ///< of a float's codes
  int up = 0;              ///< from its exponent to that of float
  std::uint32_t bias = 0;  ///< and what is added to that
  float least_normal = 0;
};

/// Scales, powers of two, under which sums are rounded as they are when all is divided by one of
/// them.
struct near_scales {
  bool there_are = false;
  std::uint8_t bias = 0;                    ///< from a scale's byte to its code as E8M0, modulo 256
  int lowest = 0, highest = 0, spread = 0;  ///< of these codes
  std::uint32_t up =
      /// from the code to the sum of the exponents of two floats that make the factor of the block
      0;
};

/// Elements first ... last - 1 of a panel of rows, whose products by x are added to its sums.
struct row_task {
  const std::uint8_t* codes[panel_rows];
  const std::uint8_t* scales[panel_rows];  ///< a byte a block
  std::size_t row_bytes, row_blocks;       ///< bytes of a row's codes; scales of a row
  std::size_t block;                       ///< elements of a block
  std::size_t next;  ///< bytes to the same row of the next panel; 0: there is none
  const float* x;
  std::size_t first, last;    ///< `first` is that of a unit of codes
  const float* factors;       ///< of each scale; Inf where float does not hold the block's values
  const code_values* values;  ///< what an element is
  float* sums;                ///< of the panel
  std::uint32_t* largest;     ///< the bits of the largest factor of each row, but for NaN
  near_scales near;
};
/// Codes that fill words.
constexpr std::size_t codes_of_unit(int width) {
  return width == 6 ? 16 : 32 / static_cast<std::size_t>(width);
}

template <int Width, code_kind Kind>
void run_row_sums(in_library, Isa isa, const row_task& task);

inline namespace NF_BASELINE {

template <int Width, code_kind Kind>
void run_row_sums(here, Isa isa, const row_task& task);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
