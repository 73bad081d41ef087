// SPDX-License-Identifier: MIT
// From a matrix to scales and codes: the checks and the scale of the tensor; then a band of blocks at a time, a tile of
// blocks that lie side by side in it, parts of its rows in the first-level cache. Elements are worked on in their
// logical order, so that random bits follow the index.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "../../detail/array/bit_stream.hpp"
#include "../../detail/array/checks.hpp"
#include "../../detail/array/sources.hpp"
#include "calls.hpp"
#include "divide.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

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
  const std::size_t across = grid.across(), tile = grid.tile_columns(2 * part_elements);
  const std::size_t stride = bit_stream_bytes(grid.cols, Element::width);
  tile_divider<Format, R> divider(options, tensor, grid.width);
  Element elements[is_plain ? 1 : part_elements];

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

template <class Format>
void require_options(const QuantizeOptions& options) {
  constexpr bool two_levels = Format::tensor_scale == TensorScale::float32;
  const std::uint32_t bits = bits_of_float(options.tensor_scale);
  if (bits != 0 && !two_levels) throw_invalid("the format has no tensor scale to set");
  if (bits >= float_infinity)  // negative, Inf, NaN
    throw_invalid("a tensor scale is positive and finite");
  constexpr bool is_power = power_of_two_scale<typename Format::scale>;
  const bool folds = options.pipeline == ScalePipeline::transformer_engine;
  if (folds && !two_levels && !(is_power && options.rule == ScaleRule::rceil))
    throw_invalid(
        "the pipeline of Transformer Engine is for formats with a tensor scale, and for rceil");
  if (options.three_quarters && !is_power)
    throw_invalid("three_quarters is for power-of-two scales");
  if (options.normal_scales && !narrow_float_scale<Format>)
    throw_invalid("normal_scales is for scales that are formats with subnormal numbers");
  if (!options.four_over_six) return;
  if (is_power || !std::is_same_v<typename Format::element, Float<2, 1, 1, Specials::finite>>)
    throw_invalid("four_over_six is for fp4 with scales that are no powers of two");
  if (folds) throw_invalid("four_over_six is for the exact pipeline");
}

/// Throws what quantize() does.
template <class Format, class R>
void require_input(std::size_t values, std::size_t rows, std::size_t cols,
                   const QuantizeOptions& options, const R& rounding) {
  require_options<Format>(options);
  if (options.three_quarters &&
          decisive_bits < layout_of<typename element_traits<typename Format::element>::rounded>,
      R >> 22)
    throw_invalid("three_quarters leaves no room for " + std::to_string(R::random_bits) +
                  " random bits an element");
  grid_of<Format>(rows, cols, options.axis);  // before rows * cols is formed
  require_shape("the input", values, rows, cols);
  if constexpr (requires { rounding.size(); }) require_words(rounding.size(), values);
}

template <class Format, class T>
tensor_factors factors_of_values(std::span<const T> values, const QuantizeOptions& options) {
  constexpr bool two_levels = Format::tensor_scale == TensorScale::float32;
  const std::uint32_t amax = two_levels && bits_of_float(options.tensor_scale) == 0
                                 ? largest_finite_magnitude(values.data(), values.size())
                                 : 0;
  return factors_of_tensor<Format>(amax, options);
}

/// Quantizes rows top ... bottom - 1, whole bands of blocks.
template <class Format, class T, class R>
void quantize_rows(const T* values, std::size_t top, std::size_t bottom,
                   const QuantizeOptions& options, const tensor_factors& tensor, const R& rounding,
                   block_parts<Format>& parts) {
  using Element = typename Format::element;
  block_grid grid = parts.grid;
  grid.rows = bottom - top;
  quantize_blocks<Format>(values + top * grid.cols, joined_rows<Element>(grid), options, tensor,
                          rounding_from(rounding, top * grid.cols),
                          parts.scales.data() + top / grid.height * grid.across(),
                          parts.codes.data() + top * bit_stream_bytes(grid.cols, Element::width));
}

template <class Format, class T, class R>
void quantize_parts(here, std::span<const T> values, std::size_t rows, std::size_t cols,
                    const QuantizeOptions& options, const R& rounding, block_parts<Format>& parts) {
  require_input<Format>(values.size(), rows, cols, options, rounding);
  shape_parts(parts, rows, cols, options.axis);
  const tensor_factors tensor = factors_of_values<Format>(values, options);
  parts.tensor_scale = tensor.decode;
  quantize_rows(values.data(), 0, rows, options, tensor, rounding, parts);
}

template <class Format, class T, class R>
void quantize_parts_both(here, std::span<const T> values, std::size_t rows, std::size_t cols,
                         const QuantizeOptions& options, const R& rounding,
                         block_parts<Format>& within_rows, block_parts<Format>& down_columns) {
  require_input<Format>(values.size(), rows, cols, options, rounding);
  shape_parts(within_rows, rows, cols, 1);
  shape_parts(down_columns, rows, cols, 0);
  const tensor_factors tensor = factors_of_values<Format>(values, options);
  within_rows.tensor_scale = down_columns.tensor_scale = tensor.decode;
  const std::size_t band = std::lcm(within_rows.grid.height, down_columns.grid.height);
  for (std::size_t top = 0; top < rows; top += band) {
    const std::size_t bottom = rows - top < band ? rows : top + band;
    quantize_rows(values.data(), top, bottom, options, tensor, rounding, within_rows);
    quantize_rows(values.data(), top, bottom, options, tensor, rounding, down_columns);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
