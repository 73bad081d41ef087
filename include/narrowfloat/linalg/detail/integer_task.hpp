// SPDX-License-Identifier: MIT
// What the loop of exact sums of integers is given.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

// Plain data, the same in every translation unit.

/// Rows of a tensor by a vector, in rounds of four vectors of bytes of codes, of which 16 make a
/// lane of 32 bits, whose products have one factor.
struct integer_task {
  const std::uint8_t* codes;
  std::size_t row_bytes, rows;              ///< bytes of a row's codes; rows
  const std::uint8_t *scales, *scales_end;  ///< of the first row; of the tensor
  std::size_t row_blocks;                   ///< scales of a row
  std::size_t repeats;                      ///< lanes of a block: 1 or 2
  std::uint32_t scale_bias;                 ///< from a scale's byte to its code as E8M0, modulo 256
  std::uint8_t
      nibble[16];  ///< of a code of 4 bits its integer plus what makes all of them positive
  std::size_t rounds;
  const std::int8_t* x;  ///< digits of the vector's integers, the highest first
  const std::int32_t*
      corrections;  ///< of a lane: what takes back that which was added to the integers of codes
  const std::uint32_t*
      exponents;  ///< of a lane: that of its products as a double's field, less the scale's code
  double* sums;   ///< of each row
  std::uint32_t *lows,
      *highs;  ///< 4096 less the least, and the largest, field of lanes that are not zero
  std::uint32_t* scale_codes;  ///< the largest
};

/// Bits of a digit: the products of four by codes of 4 bits, or of two by codes of 8, are added up
/// in 16 bits.
constexpr int digit_bits(bool nibbles) { return nibbles ? 7 : 6; }

/// Codes of 4 bits, or of 8 that are two's-complement numbers, by integers of so many digits.
template <bool Nibbles, int Digits>
void run_integer_sums(in_library, Isa isa, const integer_task& task);

inline namespace NF_BASELINE {

template <bool Nibbles, int Digits>
void run_integer_sums(here, Isa isa, const integer_task& task);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
