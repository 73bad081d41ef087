// SPDX-License-Identifier: MIT
// What a BlockTensor calls, whose loops stand in quantize.hpp and dequantize.hpp, and the shape of
// its memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../detail/array/mask.hpp"
#include "../../detail/array/matrix_cuts.hpp"
#include "../../detail/array/place.hpp"
#include "../../detail/codec/bit_stream.hpp"
#include "../../rounding.hpp"
#include "../format.hpp"

namespace narrowfloat::detail {

/// The numbers of a part: row r begins `leading` after row r - 1.
template <class T>
struct part_values {
  T* data;
  std::size_t leading;
};

enum class scale_source {
  tensor,  ///< by the options, and the scale of the tensor as well, from all its values
  blocks,  ///< by the options, which have the scale of the tensor
  given    ///< as they stand, the scale of the tensor too
};

// Quantizes a part of a matrix into parts that have their shape; element i of it takes the random
// bits i. Into two if there is `down_columns`: a whole matrix along axis 1 and along axis 0, a band
// of rows at a time; without a mask then.
template <class Format, class T, class R>
void quantize_parts(in_library, const part_values<const T>& values, const matrix_part& part,
                    const QuantizeOptions& options, scale_source source, const R& rounding,
                    block_parts<Format>& parts, block_parts<Format>* down_columns,
                    const mask_place& mask, const executor_ref& executor);
template <class Format, class T>
void dequantize_parts(in_library, const block_parts<Format>& parts, const matrix_part& part,
                      const part_values<T>& out, const executor_ref& executor);

inline namespace NF_BASELINE {

template <class Format, class T, class R>
void quantize_parts(here, const part_values<const T>& values, const matrix_part& part,
                    const QuantizeOptions& options, scale_source source, const R& rounding,
                    block_parts<Format>& parts, block_parts<Format>* down_columns,
                    const mask_place& mask, const executor_ref& executor);
template <class Format, class T>
void dequantize_parts(here, const block_parts<Format>& parts, const matrix_part& part,
                      const part_values<T>& out, const executor_ref& executor);

/// Whether a format has a name in mx.hpp.
template <class Format>
inline constexpr bool is_named_blocks = false;
/// Whether the library quantizes numbers of type T to a format, to nearest and by Stochastic<>, and
/// writes them back.
template <class Format, class T>
inline constexpr bool is_compiled_blocks = is_named_blocks<Format>&& std::is_same_v<T, float>;
template <class Format, class T, class R>
using quantize_place =
    decltype(place_of<is_compiled_blocks<Format, T> &&
                          (std::is_same_v<R, NearestEven> || std::is_same_v<R, Stochastic<>>),
                      Format, T, R>());
template <class Format, class T>
using dequantize_place = decltype(place_of<is_compiled_blocks<Format, T>, Format, T>());

/// The bytes of the codes over a grid.
template <class Format>
constexpr std::size_t code_bytes(const block_grid& grid) {
  return grid.rows * bit_stream_bytes(grid.cols, Format::element::width);
}

/// Gives parts a shape; their memory is used again where it suffices.
template <class Format>
void shape_parts(block_parts<Format>& parts, const block_grid& grid, int axis) {
  parts.grid = grid;
  parts.axis = axis < 0 ? axis + 2 : axis;
  parts.codes.resize(code_bytes<Format>(grid));
  parts.scales.resize(grid.down() * grid.across());
}

/// Clears the bits after the codes of each row.
template <class Format>
void clear_padding(block_parts<Format>& parts) {
  constexpr int width = Format::element::width;
  const std::size_t stride = bit_stream_bytes(parts.grid.cols, width),
                    used = parts.grid.cols % 8 * width % 8;
  for (std::size_t end = stride; used != 0 && end <= parts.codes.size(); end += stride)
    parts.codes[end - 1] &= static_cast<std::uint8_t>((1u << used) - 1);
}

/// Where the scale of the block in the upper left corner of a part is.
constexpr NF_FN std::size_t scale_at(const block_grid& grid, const matrix_part& part) {
  return part.top / grid.height * grid.across() + part.left / grid.width;
}
/// The scales of the blocks before element i, which starts one.
constexpr NF_FN std::size_t blocks_before(const block_grid& grid, std::size_t i) {
  if (i == grid.rows * grid.cols) return grid.down() * grid.across();
  return scale_at(grid, {i / grid.cols, i % grid.cols, 0, 0});
}
/// Where the codes of a part begin.
template <class Element>
constexpr NF_FN std::size_t code_at(const block_grid& grid, const matrix_part& part) {
  return part.top * bit_stream_bytes(grid.cols, Element::width) +
         bit_stream_bytes(part.left, Element::width);
}

/// The blocks of a part whose rows of numbers are so far apart. Those that are whole and lie within
/// one row are those of one long row, where that has no bytes to fill.
template <class Element>
constexpr NF_FN block_grid grid_of_part(const block_grid& grid, const matrix_part& part,
                                        std::size_t leading) {
  block_grid own{part.rows, part.cols, grid.height, grid.width};
  const bool is_whole = own.cols % own.width == 0 && own.cols * Element::width % 8 == 0;
  if (own.height == 1 && is_whole && leading == own.cols) {
    own.cols *= own.rows;
    own.rows = 1;
  }
  return own;
}

/// Calls f(part, done) for the parts that elements first ... first + count - 1 of a matrix are, of
/// which `done` came before.
template <class F>
void for_each_rectangle(const block_grid& grid, std::size_t first, std::size_t count, F f) {
  if (count == 0) return;
  std::size_t row = first / grid.cols, done = 0;
  if (const std::size_t left = first % grid.cols; left != 0) {
    done = std::min(count, grid.cols - left);
    f(matrix_part{row++, left, 1, done}, std::size_t{0});
  }
  if (const std::size_t rows = (count - done) / grid.cols; rows != 0) {
    f(matrix_part{row, 0, rows, grid.cols}, done);
    row += rows;
    done += rows * grid.cols;
  }
  if (done != count) f(matrix_part{row, 0, 1, count - done}, done);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
