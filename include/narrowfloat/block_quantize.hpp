// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. From a matrix to scales and codes: a band of blocks at a time, a tile of
// blocks that lie side by side in it, parts of its rows in the first-level cache. Elements are worked on in their
// logical order, so that random bits follow the index.
#pragma once

#include "block_divide.hpp"
#include "packed_matrix.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// n values as floats: themselves, or exact copies in `buffer`, which has room for them.
template <class T>
NF_INLINE const float* as_floats(const T* values, std::size_t n, float* buffer) {
  if constexpr (std::same_as<T, float>) {
    return values;
  } else {
    narrowfloat::convert(std::span(values, n), std::span(buffer, n));
    return buffer;
  }
}

/// Calls f(floats, n, first) for the parts of the columns left ... right - 1 of a row.
template <class T, class F>
void for_each_part(const T* row, std::size_t left, std::size_t right, F f) {
  float buffer[std::same_as<T, float> ? 1 : row_part];
  for (std::size_t first = left; first < right; first += row_part) {
    const std::size_t count = std::min(row_part, right - first);
    f(as_floats(row + first, count, buffer), count, first);
  }
}

template <class T>
std::uint32_t largest_finite_magnitude(const T* values, std::size_t n) {
  const auto isa = static_cast<std::size_t>(active_isa());
  std::uint32_t largest = 0;
  for_each_part(values, 0, n, [&](const float* x, std::size_t count, std::size_t) {
    const std::uint32_t bits = largest_kernels<std::uint32_t>[isa](x, count);
    if (bits < float_infinity)
      largest = std::max(largest, bits);
    else
      block_kernels[isa].join_magnitudes(x, count, 0, count, float_infinity - 1, &largest);
  });
  return largest;
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

/// All values of a block of the tile from row `top` and column `left` on.
template <class T>
struct values_of_block {
  const T* values;
  const block_grid& grid;
  std::size_t top, bottom, left;
  mutable std::vector<float> buffer;

  std::span<const float> operator()(std::size_t block) const {
    const std::size_t first = left + block * grid.width,
                      last = grid.block_end(left / grid.width + block);
    buffer.clear();
    for (std::size_t row = top; row < bottom; ++row)
      for_each_part(values + row * grid.cols, first, last,
                    [&](const float* x, std::size_t n, std::size_t) {
                      buffer.insert(buffer.end(), x, x + n);
                    });
    return buffer;
  }
};

/// Quantizes a matrix: writes a scale a block, in row-major order of the blocks, and the codes.
template <class Format, class T, class R>
void quantize_blocks(const T* values, const block_grid& grid, const QuantizeOptions& options,
                     const tensor_factors& tensor, const R& rounding,
                     typename Format::scale* scales, std::uint8_t* codes) {
  using Element = typename Format::element;
  constexpr bool is_plain = Element::width == 8;  // bytes that are codes
  if (grid.rows == 0 || grid.cols == 0) return;   // however many empty rows
  const std::size_t across = grid.across(), tile = grid.tile_columns(2 * row_part);
  const std::size_t stride = bit_stream_bytes(grid.cols, Element::width);
  tile_divider<Format, R> divider(options, tensor, grid.width);
  Element elements[is_plain ? 1 : row_part];

  for (std::size_t band = 0; band < grid.down(); ++band) {
    const std::size_t top = band * grid.height, bottom = grid.band_end(band);
    for (std::size_t left = 0; left < grid.cols; left += tile) {
      const std::size_t right = std::min(grid.cols, left + tile);
      divider.start(right - left);
      for (std::size_t row = top; row < bottom; ++row)
        for_each_part(values + row * grid.cols, left, right,
                      [&](const float* x, std::size_t n, std::size_t first) {
                        divider.join(x, n, first - left);
                      });
      divider.choose(scales + band * across + left / grid.width,
                     values_of_block<T>{values, grid, top, bottom, left, {}});
      for (std::size_t row = top; row < bottom; ++row)
        for_each_part(values + row * grid.cols, left, right,
                      [&](const float* x, std::size_t n, std::size_t first) {
                        const R part = rounding_from(rounding, row * grid.cols + first);
                        std::uint8_t* const to =
                            codes + row * stride + bit_stream_bytes(first, Element::width);
                        Element* const target =
                            is_plain ? reinterpret_cast<Element*>(to) : elements;
                        divider.encode(x, n, first - left, part, target);
                        if (!is_plain) pack_bits<Element::width>(elements, n, to);
                      });
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
