// SPDX-License-Identifier: MIT
// What the loops of code-books read: the values, the midpoints between them, and the table that leads from
// the leading bits of a quotient to the one midpoint that is left to compare with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../config.hpp"

namespace narrowfloat::detail {

/// The tables of a code-book. A member of a public type: the same in every translation unit.
///
/// The distinct values are numbered in ascending order. A quotient has the number of midpoints that it is
/// above.
struct codebook_tables {
  static constexpr std::size_t most = 256;

  std::size_t size = 0;      ///< codes
  std::size_t distinct = 0;  ///< different values
  bool one_part = true;      ///< every low[k] is 0

  /// Midpoint k, between the distinct values k and k + 1, is high[k] + low[k]: exact, and so is the
  /// product of either with a float in double. There is one beyond every quotient after the last.
  double high[most] = {}, low[most] = {};
  float rounded[most] = {};      ///< the midpoints as floats
  std::uint8_t code[most] = {};  ///< the least code of distinct value k

  alignas(64) float value[most] = {};            ///< by code; 0 where there is none
  alignas(64) std::uint8_t plane[4][most] = {};  ///< their bytes, the lowest first

  /// What a quotient may be, by its bucket: the leading 29 bits of midpoint k, all that it has where
  /// low[k] is 0, if that alone lies within the bucket; below them, in bits that are free, code[k] and 8
  /// bits higher code[k + 1]. The bucket of a quotient is 2 * n + its sign with n = max(magnitude bits >>
  /// shift, first) - first. Empty where the values lie too close for that; the second table has the
  /// midpoints as floats.
  static constexpr std::uint64_t code_bits = 0xffff;
  std::vector<std::uint64_t> choice, rounded_choice;
  int shift = 0;
  std::uint32_t first = 0;
};

}  // namespace narrowfloat::detail
