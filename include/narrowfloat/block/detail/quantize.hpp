// SPDX-License-Identifier: MIT
// From a matrix to scales and codes: the checks and the scale of the tensor; then a band of blocks
// at a time, a tile of blocks that lie side by side in it, parts of its rows in the first-level
// cache. Elements are worked on in their logical order, so that random bits follow the index. All
// of it in one environment of floats that rounds to nearest.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "../../detail/array/bit_stream.hpp"
#include "../../detail/array/sources.hpp"
#include "calls.hpp"
#include "divide.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The values of a tile, columns left ... right - 1 of rows top ... bottom - 1, and all those of a
/// block of it.
template <class T>
struct values_of_tile {
  const part_values<const T>& values;
  const block_grid& grid;
  std::size_t top, bottom, left, right;
  mutable std::vector<float> buffer;

  std::span<const float> operator()(std::size_t block) const {
    const std::size_t first = left + block * grid.width,
                      last = grid.block_end(left / grid.width + block);
    buffer.clear();
    for (std::size_t row = top; row < bottom; ++row)
      for_each_part(values.data + row * values.leading, first, last,
                    [&](const float* x, std::size_t n, std::size_t) {
                      buffer.insert(buffer.end(), x, x + n);
                    });
    return buffer;
  }
  std::size_t rows() const { return bottom - top; }
  std::size_t columns() const { return right - left; }
  /// How many values a block has.
  std::size_t size(std::size_t block) const {
    return rows() * std::min(grid.width, columns() - block * grid.width);
  }
  /// Calls f(floats, n, first) for the parts of the tile; its first column is 0.
  template <class F>
  void for_each(F f) const {
    for (std::size_t row = top; row < bottom; ++row)
      for_each_part(
          values.data + row * values.leading, left, right,
          [&](const float* x, std::size_t n, std::size_t first) { f(x, n, first - left); });
  }
};

/// Shows a divider the values of a tile.
template <class T, class Divider>
void join_band(const part_values<const T>& values, std::size_t top, std::size_t bottom,
               std::size_t left, std::size_t right, Divider& divider) {
  const T* const first_row = values.data + top * values.leading;
  if constexpr (std::same_as<T, float>) {
    divider.join(first_row + left, bottom - top, values.leading, right - left, 0);
  } else {
    for (std::size_t row = 0; row < bottom - top; ++row)
      for_each_part(first_row + row * values.leading, left, right,
                    [&](const float* x, std::size_t n, std::size_t first) {
                      divider.join(x, 1, 0, n, first - left);
                    });
  }
}

/// Quantizes a task of a matrix: writes a scale a block, in row-major order of the blocks, unless
/// they are there, the codes and the bits of a mask.
template <class Format, class T, class R>
void quantize_blocks(const part_values<const T>& values, const block_grid& grid,
                     const matrix_part& task, const QuantizeOptions& options,
                     const tensor_factors& tensor, scale_source source, const R& rounding,
                     typename Format::scale* scales, std::uint8_t* codes, const mask_place& mask) {
  using Element = typename Format::element;
  constexpr bool is_plain = Element::width == 8;  // bytes that are codes
  if (task.rows == 0 || task.cols == 0) return;   // however many empty rows
  const std::size_t last = task.left + task.cols, across = grid.across(),
                    tile = grid.tile_columns(2 * part_elements);
  const std::size_t stride = bit_stream_bytes(grid.cols, Element::width);
  // Around all: to read the control register is to wait for every operation before.
  const float_environment environment(direction::nearest);
  tile_divider<Format, R> divider(options, tensor, grid.width);
  Element elements[is_plain ? 1 : part_elements];

  std::size_t band = task.top / grid.height;
  for (std::size_t top = task.top, bottom; top < task.top + task.rows; top = bottom, ++band) {
    bottom = grid.band_end(band);
    for (std::size_t left = task.left; left < last; left += tile) {
      const std::size_t right = std::min(last, left + tile);
      divider.start(right - left, grid.height != 1);
      join_band(values, top, bottom, left, right, divider);
      divider.choose(scales + band * across + left / grid.width, source,
                     values_of_tile<T>{values, grid, top, bottom, left, right, {}});
      if (mask.bytes != nullptr) divider.find_ends();
      for (std::size_t row = top; row < bottom; ++row)
        for_each_part(values.data + row * values.leading, left, right,
                      [&](const float* x, std::size_t n, std::size_t first) {
                        const R part = rounding_from(rounding, row * grid.cols + first);
                        std::uint8_t* const to =
                            codes + row * stride + bit_stream_bytes(first, Element::width);
                        Element* const target =
                            is_plain ? reinterpret_cast<Element*>(to) : elements;
                        divider.encode(x, n, first - left, part, target);
                        if (!is_plain) pack_bits<Element::width>(elements, n, to);
                        if (mask.bytes == nullptr) return;
                        std::uint8_t bits[part_elements / 8];
                        divider.find_clipped(x, n, first - left, bits);
                        mask.join(row * grid.cols + first, bits, n);
                      });
    }
  }
}

template <class Format, class T>
tensor_factors factors_of_values(const part_values<const T>& values, const matrix_part& part,
                                 const QuantizeOptions& options, const executor_ref& executor) {
  std::uint32_t least = bits_of_float(options.least_amax);
  if constexpr (Format::tensor_scale == TensorScale::float32) {
    if (bits_of_float(options.tensor_scale) == 0) {
      const bool is_one = values.leading == part.cols || part.cols == 0;
      const block_grid grid{is_one ? 1 : part.rows, is_one ? part.rows * part.cols : part.cols};
      run_matrix(executor, grid, [&](const matrix_part& task) {
        std::uint32_t largest = 0;
        for (std::size_t row = task.top; row < task.top + task.rows; ++row)
          largest = std::max(
              largest,
              largest_finite_magnitude(values.data + row * values.leading + task.left, task.cols));
        raise_to(least, largest);
      });
    }
  }
  return factors_of_tensor<Format>(least, options);
}

template <class Format, class T, class R>
void quantize_parts(here, const part_values<const T>& values, const matrix_part& part,
                    const QuantizeOptions& options, scale_source source, const R& rounding,
                    block_parts<Format>& parts, block_parts<Format>* down_columns,
                    const mask_place& mask, const executor_ref& executor) {
  using Element = typename Format::element;
  const tensor_factors tensor = factors_of_values<Format>(values, part, options, executor);
  // Threads may share a tensor: what all blocks share is written with the whole alone.
  if (source == scale_source::tensor) parts.tensor_scale = tensor.decode;
  const auto quantize = [&](block_parts<Format>& to, const block_grid& grid,
                            const matrix_part& task) {
    quantize_blocks<Format>(values, grid, task, options, tensor, source, rounding,
                            to.scales.data() + scale_at(to.grid, part),
                            to.codes.data() + code_at<Element>(to.grid, part), mask);
  };
  const block_grid grid = grid_of_part<Element>(parts.grid, part, values.leading);
  if (down_columns == nullptr) {
    run_matrix(executor, grid, [&](const matrix_part& task) { quantize(parts, grid, task); });
    return;
  }
  down_columns->tensor_scale = tensor.decode;
  const block_grid& columns = down_columns->grid;
  const block_grid both{part.rows, part.cols, std::lcm(parts.grid.height, columns.height),
                        std::lcm(parts.grid.width, columns.width)};
  const bool is_one_row = grid.rows != part.rows;
  run_matrix(executor, both, [&](const matrix_part& task) {
    for (std::size_t top = task.top, rows; top < task.top + task.rows; top += rows) {
      rows = std::min(both.height, part.rows - top);
      const matrix_part band{top, task.left, rows, task.cols};
      if (is_one_row && task.cols == part.cols)
        quantize(parts, grid, {0, top * part.cols, 1, rows * part.cols});
      else
        quantize(parts, parts.grid, band);
      quantize(*down_columns, columns, band);
    }
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
