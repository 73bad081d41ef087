// SPDX-License-Identifier: MIT
// What a BlockTensor asks of its arguments. `call` names the function in messages.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>

#include "../../convert.hpp"
#include "../../detail/array/checks.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../matrix.hpp"
#include "calls.hpp"
#include "element_traits.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A range of scales in memory.
template <class Range, class Scale>
concept range_of = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
    std::same_as<std::ranges::range_value_t<Range>, Scale>;

/// In the place of such a range where scales are chosen.
struct chosen_scales {};

/// Elements of a block along an axis of a matrix; for the whole of it a length that every loop
/// likes.
constexpr std::size_t block_length(int wanted, std::size_t axis) {
  return wanted == whole ? std::bit_ceil(std::max<std::size_t>(axis, 16))
                         : static_cast<std::size_t>(wanted);
}

/// The blocks of a format over a matrix, whose shape it checks.
template <class Format>
block_grid grid_of(const char* call, std::size_t rows, std::size_t cols, int axis) {
  require_axis(call, axis);
  require_matrix(call, rows, cols);
  constexpr int along = Format::block_size, lines = Format::block_rows;
  const bool within_rows = is_within_rows(axis);
  return {rows, cols, block_length(within_rows ? lines : along, rows),
          block_length(within_rows ? along : lines, cols)};
}

template <class Format>
void require_options(const char* call, const QuantizeOptions& options) {
  constexpr bool two_levels = Format::tensor_scale == TensorScale::float32;
  constexpr bool is_power = power_of_two_scale<typename Format::scale>;
  constexpr std::uint32_t least_invertible = 0x200000;  // 2^-128
  const auto require = [call](bool fits, const char* otherwise) {
    if (!fits) throw_invalid(call, otherwise);
  };
  const std::uint32_t bits = bits_of_float(options.tensor_scale);
  const bool folds = options.pipeline == ScalePipeline::transformer_engine;
  require(is_power || options.rule == ScaleRule::floor, "rule is for power-of-two scales");
  require(!options.full_range || is_fixed_point<typename Format::element>,
          "full_range is for fixed-point elements");
  require(bits == 0 || two_levels, "the format has no tensor scale to set");
  require(bits < float_infinity, "a tensor scale is positive and finite");
  require(bits_of_float(options.least_amax) < float_infinity,
          "least_amax is neither negative nor Inf nor NaN");
  require(!folds || two_levels || (is_power && options.rule == ScaleRule::rceil),
          "the pipeline of Transformer Engine is for formats with a tensor scale, and for rceil");
  require(!folds || bits == 0 || bits >= least_invertible,
          "the pipeline of Transformer Engine takes the reciprocal of the tensor scale, which has "
          "to be 2^-128 at least");
  require(!options.three_quarters || is_power, "three_quarters is for power-of-two scales");
  require(!options.normal_scales || narrow_float_scale<Format>,
          "normal_scales is for scales that are formats with subnormal numbers");
  require(!options.normal_scales || !folds,
          "normal_scales is for the exact pipeline: Transformer Engine's scales may be subnormal");
  require(options.four_over_six == FourOverSix::none || has_four_over_six<Format>,
          "four_over_six is for fp4 with scales that are no powers of two");
}

/// Checks a rounding for so many values.
template <class Format, class R>
void require_rounding(const char* call, std::size_t values, const QuantizeOptions& options,
                      const R& rounding) {
  using layout = layout_of<typename element_traits<typename Format::element>::rounded>;
  if (options.three_quarters && layout::mantissa_bits + R::random_bits > 20)
    throw_invalid(call, "three_quarters leaves no room for " + std::to_string(R::random_bits) +
                            " random bits an element");
  if constexpr (requires { rounding.size(); }) require_words(call, rounding.size(), values);
}

/// Scales for so many blocks, and the options under which they stand for themselves.
template <class Format>
void require_scales(const char* call, std::span<const typename Format::scale> scales,
                    std::size_t need, const std::string& what, const QuantizeOptions& options) {
  if (scales.size() != need)
    throw_invalid(
        call, what + " " + std::to_string(need) + " scales, not " + std::to_string(scales.size()));
  if (options.rule != ScaleRule::floor || options.four_over_six != FourOverSix::none ||
      options.normal_scales || bits_of_float(options.least_amax) != 0)
    throw_invalid(call,
                  "rule, four_over_six, normal_scales and least_amax choose scales: they do not go "
                  "with scales of the caller's");
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const std::uint32_t bits = bits_of_float(static_cast<float>(scales[i]));
    if (bits >= float_infinity)  // negative, Inf, NaN
      throw_invalid(call, "scale " + std::to_string(i) + " is negative, Inf or NaN");
  }
}

template <class Format>
void require_scales(const char* call, std::span<const typename Format::scale> scales,
                    const block_grid& grid, const QuantizeOptions& options) {
  require_scales<Format>(call, scales, grid.down() * grid.across(),
                         "a matrix of " + std::to_string(grid.rows) + " x " +
                             std::to_string(grid.cols) + " elements has",
                         options);
}

/// The options for a part of a tensor, whose axis and tensor scale it has.
template <class Format>
QuantizeOptions options_of_part(const char* call, const block_parts<Format>& parts,
                                QuantizeOptions options) {
  if (!is_zero(options.tensor_scale))
    throw_invalid(call, "a part of a tensor has the tensor scale of the whole");
  require_axis(call, options.axis);
  if (!is_within_rows(options.axis) && parts.axis == 1)
    throw_invalid(call, "a part of a tensor has the axis of the whole, 1, not " +
                            std::to_string(options.axis));
  options.axis = parts.axis;
  if constexpr (Format::tensor_scale != TensorScale::none) {
    if (is_zero(parts.tensor_scale)) throw_invalid(call, "the tensor scale is 0");
    options.tensor_scale = parts.tensor_scale;
  }
  require_options<Format>(call, options);
  return options;
}

/// The bytes of codes and the scales of a matrix.
template <class Format>
void require_parts(const char* call, const block_grid& grid, std::size_t codes,
                   std::size_t scales) {
  const std::size_t bytes = code_bytes<Format>(grid), blocks = grid.down() * grid.across();
  if (codes == bytes && scales == blocks) return;
  throw_invalid(call, "a matrix of " + std::to_string(grid.rows) + " x " +
                          std::to_string(grid.cols) + " elements has " + std::to_string(bytes) +
                          " bytes of codes and " + std::to_string(blocks) + " scales, not " +
                          std::to_string(codes) + " and " + std::to_string(scales));
}

inline void require_same_shape(const char* call, const block_grid& grid, std::size_t rows,
                               std::size_t cols) {
  if (rows == grid.rows && cols == grid.cols) return;
  throw_invalid(call, "the output is " + std::to_string(rows) + " x " + std::to_string(cols) +
                          " elements, the tensor " + std::to_string(grid.rows) + " x " +
                          std::to_string(grid.cols));
}

/// A range of elements in row-major order: whole blocks that start on a byte.
template <class Format>
void require_blocks(const char* call, const block_grid& grid, std::size_t first,
                    std::size_t count) {
  const std::size_t n = grid.rows * grid.cols;
  const auto is_boundary = [&](std::size_t i) {
    if (i == n) return true;
    const std::size_t row = i / grid.cols, col = i % grid.cols;
    if (grid.height != 1 || col == 0) return row % grid.height == 0 && col == 0;
    return col % grid.width == 0 && col * Format::element::width % 8 == 0;
  };
  if (first <= n && count <= n - first && is_boundary(first) && is_boundary(first + count)) return;
  throw_invalid(call, "elements " + std::to_string(first) + " to " + std::to_string(first) + " + " +
                          std::to_string(count) + " of a matrix of " + std::to_string(grid.rows) +
                          " x " + std::to_string(grid.cols) + " are no whole blocks of " +
                          std::to_string(grid.height) + " x " + std::to_string(grid.width) +
                          " that start on a byte");
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
