// SPDX-License-Identifier: MIT
// What a BlockTensor calls, whose loops stand in quantize.hpp and dequantize.hpp, and the shape of its memory.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

#include "../../detail/array/checks.hpp"
#include "../../detail/array/place.hpp"
#include "../../detail/codec/bit_stream.hpp"
#include "../../rounding.hpp"
#include "../format.hpp"

namespace narrowfloat::detail {

// Quantizes a matrix; checks everything first.
template <class Format, class T, class R>
void quantize_parts(in_library, std::span<const T> values, std::size_t rows, std::size_t cols,
                    const QuantizeOptions& options, const R& rounding, block_parts<Format>& parts);
// Along axis 1 and along axis 0, a band of rows at a time.
template <class Format, class T, class R>
void quantize_parts_both(in_library, std::span<const T> values, std::size_t rows, std::size_t cols,
                         const QuantizeOptions& options, const R& rounding,
                         block_parts<Format>& within_rows, block_parts<Format>& down_columns);
template <class Format, class T>
void dequantize_parts(in_library, const block_parts<Format>& parts, std::span<T> out);

inline namespace NF_BASELINE {

template <class Format, class T, class R>
void quantize_parts(here, std::span<const T> values, std::size_t rows, std::size_t cols,
                    const QuantizeOptions& options, const R& rounding, block_parts<Format>& parts);
template <class Format, class T, class R>
void quantize_parts_both(here, std::span<const T> values, std::size_t rows, std::size_t cols,
                         const QuantizeOptions& options, const R& rounding,
                         block_parts<Format>& within_rows, block_parts<Format>& down_columns);
template <class Format, class T>
void dequantize_parts(here, const block_parts<Format>& parts, std::span<T> out);

/// Whether a format has a name in mx.hpp.
template <class Format>
inline constexpr bool is_named_blocks = false;
/// Whether the library quantizes numbers of type T to a format, to nearest and by Stochastic<>, and writes them back.
template <class Format, class T>
inline constexpr bool is_compiled_blocks = is_named_blocks<Format>&& std::is_same_v<T, float>;
template <class Format, class T, class R>
using quantize_place =
    decltype(place_of<is_compiled_blocks<Format, T> &&
                          (std::is_same_v<R, NearestEven> || std::is_same_v<R, Stochastic<>>),
                      Format, T, R>());

/// The blocks of a format over a matrix, which it checks as require_matrix() does.
template <class Format>
block_grid grid_of(std::size_t rows, std::size_t cols, int axis) {
  require_matrix(rows, cols, axis);
  constexpr auto along = static_cast<std::size_t>(Format::block_size),
                 lines = static_cast<std::size_t>(Format::block_rows);
  const bool within_rows = is_within_rows(axis);
  return {rows, cols, within_rows ? lines : along, within_rows ? along : lines};
}

/// Gives parts a shape; their memory is used again where it suffices.
template <class Format>
void shape_parts(block_parts<Format>& parts, std::size_t rows, std::size_t cols, int axis) {
  parts.grid = grid_of<Format>(rows, cols, axis);
  parts.axis = axis < 0 ? axis + 2 : axis;
  parts.codes.resize(rows * bit_stream_bytes(cols, Format::element::width));
  parts.scales.resize(parts.grid.down() * parts.grid.across());
}

template <class Format>
block_parts<Format> empty_parts(std::size_t rows, std::size_t cols, int axis) {
  block_parts<Format> parts;
  shape_parts(parts, rows, cols, axis);
  return parts;
}

/// Blocks that are whole and lie within one row are those of one long row, where that has no bytes to fill.
template <class Element>
constexpr NF_FN block_grid joined_rows(block_grid grid) {
  const bool whole = grid.cols % grid.width == 0 && grid.cols * Element::width % 8 == 0;
  if (grid.height == 1 && whole) {
    grid.cols *= grid.rows;
    grid.rows = 1;
  }
  return grid;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
