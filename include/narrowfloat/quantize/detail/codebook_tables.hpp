// SPDX-License-Identifier: MIT
// What the loops of code-books read: the values, the midpoints between them, and the table that
// leads from the leading bits of a quotient to the one midpoint that is left to compare with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../config.hpp"

namespace narrowfloat::detail {

/// What finds the codes of a dynamic code-book, whose values lie evenly in each decade, without a
/// search (codebook_places.inl). Magnitudes have places: 0, then decade d = 0 ... 6 with 2^d
/// values, twice as many in an unsigned code-book, then 1. Decade -1 is what is nearest to 0,
/// decade 7 what is nearest to 1.
struct codebook_decades {
  static constexpr std::uint32_t number = 31;  ///< what of an edge is the number of its decade
  static constexpr std::uint32_t doubt_at_edge = 96;
  static constexpr float least = 0x1p-24f;  ///< smaller quotients are made so large

  /// By the low four bits of the bits of a quotient >> 24, which have one edge between two decades
  /// at most: its bits, some units too small, with the last five bits replaced by the number of the
  /// decade above it. Without an edge it is beyond every quotient.
  alignas(64) std::uint32_t edge[16] = {};
  /// By the low four bits of the number of a decade: quotient * slope + offset is in [4, 8), and
  /// the leading bits of its mantissa are the place in the decade.
  alignas(64) float slope[16] = {};
  float offset = 0;
  std::uint32_t doubt = 0;                      ///< what so little above a midpoint is in doubt
  std::uint8_t up = 0, down = 0, left_out = 0;  ///< from places to codes
  bool serves = false;
};

/// What finds the codes of a code-book of up to 16 values without a search: 32 cells of equal
/// width, with one midpoint each at most (codebook_places.inl).
struct codebook_cells {
  static constexpr float scale = 15.99f;  ///< cell n holds quotient * scale + 16 from n to n + 1

  alignas(64) double midpoint[16] = {};
  alignas(64) std::uint32_t of_cell[32] = {};  ///< the midpoint of a cell
  alignas(64) std::uint8_t code[64] = {};  ///< up to the midpoint of a cell; 32 further: above it
  bool serves = false;
};

/// The tables of a code-book. A member of a public type: the same in every translation unit.
///
/// The distinct values are numbered in ascending order. A quotient has the number of midpoints that
/// it is above.
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
  std::uint8_t zero = 0;         ///< the code of the value nearest to 0

  alignas(64) float value[most] = {};            ///< by code; 0 where there is none
  alignas(64) std::uint8_t plane[4][most] = {};  ///< their bytes, the lowest first

  /// What a quotient may be, by its bucket: the leading 29 bits of midpoint k, all that it has
  /// where low[k] is 0, if that alone lies within the bucket; below them, in bits that are free,
  /// code[k] and 8 bits higher code[k + 1]. The bucket of a quotient is 2 * n + its sign with n =
  /// max(magnitude bits >> shift, first) - first. Empty where the values lie too close for that;
  /// the second table has the midpoints as floats.
  static constexpr std::uint64_t code_bits = 0xffff;
  std::vector<std::uint64_t> choice, rounded_choice;
  int shift = 0;
  std::uint32_t first = 0;

  codebook_decades decades;
  codebook_cells cells;
};

}  // namespace narrowfloat::detail
