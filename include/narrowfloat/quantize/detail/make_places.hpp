// SPDX-License-Identifier: MIT
// Finds out whether the codes of a code-book can do without a search, and fills the tables for
// that. What the loops take for granted is checked here for every midpoint of the table itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../detail/exact/binary.hpp"
#include "codebook_tables.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// How far a quotient in float may be from the exact one, of itself: its reciprocal and itself are
/// rounded.
inline constexpr double quotient_error = 0x1.001p-23;

/// A midpoint between a place and the one below it.
struct place_bound {
  std::size_t place;
  double midpoint;
};

/// The places of a dynamic code-book.
struct decade_places {
  bool is_signed;
  std::size_t left_out;  ///< 1 where an unsigned code-book has no 0

  std::size_t lowest(int decade) const {
    const std::size_t values = std::size_t{1} << (decade + (is_signed ? 0 : 1));
    return is_signed ? values : values - 1;
  }
  int decade_of(std::size_t place) const {
    int decade = -1;
    while (decade < 7 && place >= lowest(decade + 1)) ++decade;
    return decade;
  }
  std::vector<place_bound> bounds(const codebook_tables& book) const {
    std::vector<place_bound> all;
    for (std::size_t k = 0; k + 1 < book.distinct; ++k) {
      if (is_signed && k < 127)
        all.push_back({127 - k, -book.high[k]});
      else
        all.push_back({is_signed ? k - 126 : k + 1 + left_out, book.high[k]});
    }
    return all;
  }
};

/// The number of a decade, of which 5 bits say how far its places have to be turned to the left.
inline std::uint32_t decade_number(const decade_places& places, int decade) {
  return static_cast<std::uint32_t>(decade + (places.is_signed ? 9 : 10));
}

/// The edges between decades, and whether each is where the loop looks for it.
inline bool fill_edges(codebook_decades& to, const decade_places& places,
                       const std::vector<place_bound>& bounds) {
  const auto number = [&](int decade) { return decade_number(places, decade); };
  const auto bits_of = [](double x) { return bits_of_float(static_cast<float>(x)); };
  double edge[8] = {};  // the lower edge of a decade
  for (const place_bound& bound : bounds) {
    const int decade = places.decade_of(bound.place);
    if (places.lowest(decade) == bound.place && bound.midpoint > 0) edge[decade] = bound.midpoint;
  }
  // without 0 place 0 is place 1: any bound between them will do
  if (places.left_out != 0) edge[0] = 0x1p-23;
  int decade = -1;
  for (std::uint32_t key = bits_of_float(codebook_decades::least) >> 24;
       key <= bits_of_float(1.0f) >> 24; ++key) {
    std::uint32_t bits = 0x7f000000;
    if (decade < 7 && bits_of(edge[decade + 1]) >> 24 == key)
      bits = (bits_of(edge[++decade]) - 48) & ~codebook_decades::number;
    else if (decade < 7 && bits_of(edge[decade + 1]) >> 24 < key)
      return false;  // two edges
    to.edge[key & 15] = bits | number(bits == 0x7f000000 ? decade + 1 : decade);
  }
  if (decade != 7) return false;
  for (const place_bound& bound : bounds) {
    decade = places.decade_of(bound.place);
    if (places.lowest(decade) != bound.place) continue;
    const std::uint32_t found = to.edge[bits_of(bound.midpoint) >> 24 & 15];
    const double from = static_cast<double>(float_of_bits(found));
    const double up_to =
        static_cast<double>(float_of_bits(found + codebook_decades::doubt_at_edge));
    if ((found & codebook_decades::number) != number(decade) ||
        bound.midpoint * (1 - quotient_error) < from ||
        bound.midpoint * (1 + quotient_error) >= up_to)
      return false;
  }
  return true;
}

/// Slopes and offset, and whether with them the places of all quotients come out right, or in
/// doubt.
inline bool fill_slopes(codebook_decades& to, const decade_places& places,
                        const std::vector<place_bound>& bounds) {
  constexpr double unit = 0x1p-21;  // of floats in [4, 8)
  const auto slope = [&](int decade) -> float& {
    return to.slope[decade_number(places, decade) & 15];
  };
  const auto multiple = [&](int decade, double x) {
    return x * static_cast<double>(slope(decade));
  };
  slope(-1) = 0x1.8p23f;
  slope(7) = 0.45f;
  double power = 1;
  for (int decade = 6; decade >= 0; --decade, power *= 10)
    slope(decade) = static_cast<float>(4 / 0.9 * power);
  // A midpoint times the slope plus this is the number where its place begins.
  const auto offset_of = [&](const place_bound& bound, double error) {
    const int decade = places.decade_of(bound.place);
    const std::size_t first = places.lowest(decade), count = first + (places.is_signed ? 0 : 1);
    const double place = static_cast<double>(bound.place - first) / static_cast<double>(count);
    return 4 + 4 * place - multiple(decade, bound.midpoint * (1 + error));
  };
  const auto is_inner = [&](const place_bound& bound) {
    return places.lowest(places.decade_of(bound.place)) != bound.place;
  };
  double offset = 0;
  for (const place_bound& bound : bounds)
    if (is_inner(bound)) offset = std::max(offset, offset_of(bound, -quotient_error));
  to.offset = static_cast<float>(offset);
  if (static_cast<double>(to.offset) < offset)
    to.offset = float_of_bits(bits_of_float(to.offset) + 1);
  offset = static_cast<double>(to.offset);
  // In decade 6 one unit is 1 << shift of what is compared with `doubt`; below it twice as many
  // units are in doubt.
  const int shift = static_cast<int>(decade_number(places, 6));
  std::uint32_t units = 0;
  for (const place_bound& bound : bounds) {
    if (!is_inner(bound)) continue;
    const double above = (offset - offset_of(bound, quotient_error)) / unit;
    if (!(above < 64)) return false;
    const int coarser = 6 - places.decade_of(bound.place);
    // Rounding the sum leads no further than to the next unit, and one more is above that.
    const std::uint32_t here = static_cast<std::uint32_t>(above) + 2;
    units = std::max(units, (here + (1u << coarser) - 1) >> coarser);
  }
  to.doubt = units << shift;
  // Where no midpoints are: between 4 and 8, and in no doubt.
  for (int decade = -1; decade < 8; ++decade) {
    float least = codebook_decades::least, most = 1 + 0x1p-22f;
    for (const std::uint32_t edge : to.edge) {
      if (edge >= 0x7f000000 || edge == 0) continue;
      const auto above = static_cast<int>(edge & codebook_decades::number);
      if (above == static_cast<int>(decade_number(places, decade))) least = float_of_bits(edge);
      if (above == static_cast<int>(decade_number(places, decade + 1))) most = float_of_bits(edge);
    }
    const double low = multiple(decade, static_cast<double>(least)) + offset;
    const double high = multiple(decade, static_cast<double>(most)) + offset;
    if (low < 4 + 256 * unit) return false;
    if (decade == -1 && high > 8 - 2 * unit) return false;
    if (decade == 7 && high > 4 + 4.0 / 256 - 2 * unit) return false;
  }
  return true;
}

/// The tables of a dynamic code-book of 8 bits, where this is one.
inline void make_decades(codebook_tables& book) {
  if (!book.one_part || book.distinct < 255) return;
  const bool is_signed = book.high[0] < 0;
  const decade_places places{is_signed, 256 - book.distinct};
  if (is_signed && places.left_out != 0) return;
  for (std::size_t k = 0; k < book.distinct; ++k) {
    if (book.code[k] != k) return;
  }
  const std::vector<place_bound> bounds = places.bounds(book);
  for (const place_bound& bound : bounds) {
    if (!(bound.midpoint > 0 && bound.midpoint < 1)) return;
  }
  codebook_decades& to = book.decades;
  to.up = is_signed ? 127 : 255;
  to.down = is_signed ? 127 : 0;
  to.left_out = static_cast<std::uint8_t>(places.left_out);
  to.serves = fill_edges(to, places, bounds) && fill_slopes(to, places, bounds);
}

/// The tables of a code-book of up to 16 values, where no two midpoints are in a cell.
inline void make_cells(codebook_tables& book) {
  if (!book.one_part || book.distinct > 16) return;
  constexpr double scale = static_cast<double>(codebook_cells::scale), margin = 1e-5;
  codebook_cells& to = book.cells;
  const std::size_t midpoints = book.distinct - 1;
  for (std::size_t k = 0; k < 16; ++k) {
    const double x = k < midpoints ? book.high[k] : 2;
    // products with absmax have to stay normal floats
    if (x != 0 && !(0x1p-20 < (x < 0 ? -x : x) && (x < 0 ? -x : x) < 0x1p20)) return;
    to.midpoint[k] = x;
  }
  for (std::size_t cell = 0; cell < 32; ++cell) {
    const double low = (static_cast<double>(cell) - 16) / scale - margin;
    const double high = (static_cast<double>(cell) - 15) / scale + margin;
    std::size_t k = 0;
    while (k < midpoints && book.high[k] < low) ++k;
    if (k + 1 < midpoints && book.high[k + 1] <= high) return;
    to.of_cell[cell] = static_cast<std::uint32_t>(k);
    to.code[cell] = book.code[k];
    to.code[cell + 32] = book.code[k < midpoints ? k + 1 : k];
  }
  to.serves = true;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
