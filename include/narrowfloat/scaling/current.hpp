// SPDX-License-Identifier: MIT
// Current scaling: the scale of a tensor, or of each of its blocks, from its own largest magnitude.
#pragma once

#include <stdexcept>
#include <string>

#include "../matrix.hpp"
#include "../stats.hpp"
#include "detail/scales.hpp"
#include "format_pair.hpp"

namespace narrowfloat {

/// How current_scale() makes a scale.
struct CurrentScalingOptions {
  float amax_epsilon = 0;     ///< a smaller amax counts as this
  bool power_of_two = false;  ///< rounds the scale down to a power of two
};

namespace detail {
inline namespace NF_BASELINE {

/// The largest finite value of a type, as a float; the largest float where that is less.
template <class T>
inline constexpr float largest_as_float = largest_float;
template <narrow_float T>
inline constexpr float largest_as_float<T> = limited_scale(nearest_float(largest_of<T>),
                                                           largest_float);

constexpr float current_scale_of(const exact& largest, float amax, float largest_input,
                                 const CurrentScalingOptions& options) {
  const std::uint32_t epsilon = magnitude_bits(options.amax_epsilon);
  amax = larger_magnitude(amax, 0);
  if (magnitude_bits(amax) < epsilon) amax = options.amax_epsilon;
  if (!is_usable(amax)) return 1;
  float scale = nearest_float(quotient(largest, exact_of(amax)));
  if (!is_finite(scale)) scale = largest_input;
  scale = limited_scale(scale, largest_float);
  // A quotient of floats never rounds up to a power of two (it would have to be within 2^-25 of it, and they are
  // at least 2^-24 from it or equal), so cutting its mantissa is rounding the exact one down.
  if (options.power_of_two)
    scale = number_traits<float>::from_code(number_traits<float>::to_code(scale) & 0x7f800000u);
  return scale;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The scale of a tensor, or of a block, by its largest magnitude, as in NVIDIA Transformer Engine (recipes
/// Float8CurrentScaling and Float8BlockScaling).
///
/// Result    largest F / amax, rounded to a float; with power_of_two the power of two below it, which never
///           clips. An amax below amax_epsilon counts as that.
/// Special   an amax of 0, Inf or NaN gives 1. A quotient that overflows is the largest finite value of Input, the
///           type of the tensor (float if that is less); one below 2^-126 is 2^-126.
/// Promises  noexcept, constexpr; the same bits in every floating-point environment.
///
/// Example   std::vector<float8_e4m3fn> q(x.size());
///           const float scale = current_scale<float8_e4m3fn>(amax(x), {.power_of_two = true});
///           convert(x, q, Scale{scale}, nearest_even, Saturation::finite);
///           assert(scale * amax(x) > 224 && scale * amax(x) <= 448);
template <narrow_float F, number Input = float>
requires lossless_to<F, float>
constexpr NF_INLINE float current_scale(float amax, CurrentScalingOptions options = {}) noexcept {
  return detail::current_scale_of(detail::largest_of<F>, amax, detail::largest_as_float<Input>,
                                  options);
}

namespace detail {
inline namespace NF_BASELINE {

constexpr void require_blocks(std::size_t elements, std::size_t rows, std::size_t cols,
                              BlockShape shape, std::size_t scales) {
  if (shape.rows == 0 || shape.cols == 0 || (cols != 0 && rows > ~std::size_t{0} / cols) ||
      elements != rows * cols || scales != shape.down(rows) * shape.across(cols)) {
    throw std::invalid_argument(
        "narrowfloat: " + std::to_string(elements) + " elements and " + std::to_string(scales) +
        " scales are no matrix of " + std::to_string(rows) + " x " + std::to_string(cols) +
        " in blocks of " + std::to_string(shape.rows) + " x " + std::to_string(shape.cols));
  }
}

/// Calls f(first element, count, block) for the part of each row that lies in a block.
template <class Function>
void for_each_block_row(std::size_t rows, std::size_t cols, BlockShape shape, Function&& f) {
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t col = 0, block = row / shape.height(rows) * shape.across(cols); col < cols;
         ++block) {
      const std::size_t count = std::min(shape.width(cols), cols - col);
      f(row * cols + col, count, block);
      col += count;
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The current_scale() of each block of a matrix, in the order of the blocks, row by row; powers of two unless
/// told otherwise.
///
/// Special   shapes that do not fit throw std::invalid_argument with all of them before anything is written.
/// Promises  no allocation; the same on every instruction set and in every floating-point environment.
/// Cost      one read.
///
/// Example   const BlockShape shape{.rows = 1, .cols = 128};
///           std::vector<float> scales(shape.down(rows) * shape.across(cols));
///           std::vector<float8_e4m3fn> q(x.size());
///           current_scales<float8_e4m3fn>(x, rows, cols, shape, scales);
///           convert_blocks(x, rows, cols, shape, scales, q);
///           assert(scales[0] * amax(x) <= 448);
template <narrow_float F, float_source In, float_range Scales>
requires lossless_to<F, float> NF_INLINE void current_scales(
    const In& in, std::size_t rows, std::size_t cols, BlockShape shape, Scales&& scales,
    CurrentScalingOptions options = {.power_of_two = true}) {
  using input = detail::number_of<In>;
  detail::require_blocks(std::ranges::size(in), rows, cols, shape, std::ranges::size(scales));
  const auto* const source = std::ranges::data(in);
  float* const target = std::ranges::data(scales);
  std::fill_n(target, std::ranges::size(scales), 0.0f);
  const Isa isa = active_isa();
  detail::for_each_block_row(
      rows, cols, shape, [&](std::size_t first, std::size_t count, std::size_t block) {
        target[block] = detail::larger_magnitude(
            target[block], detail::largest_magnitude(isa, source + first, count));
      });
  for (float& scale : scales) scale = current_scale<F, input>(scale, options);
}

/// Converts each block of a matrix with its own scale, as convert() does with a Scale; by default saturating.
///
/// Special   shapes that do not fit throw std::invalid_argument with all of them before anything is written.
/// Promises  the random bits of a Stochastic policy are those of an element's place in the matrix.
/// Cost      one read and one write, a call for each row of a block: blocks of one column cost a call an element.
///
/// Example   const BlockShape rowwise{.rows = 1, .cols = cols};
///           std::vector<float> scales(rows);
///           std::vector<float8_e5m2> q(gradients.size());
///           current_scales<float8_e5m2>(gradients, rows, cols, rowwise, scales);
///           convert_blocks(gradients, rows, cols, rowwise, scales, q, Stochastic<>{.seed = 1});
///           assert(static_cast<float>(amax(q)) <= 57344);
template <float_range In, float_range Scales, number_range Out, rounding_policy R = NearestEven>
NF_INLINE void convert_blocks(const In& in, std::size_t rows, std::size_t cols, BlockShape shape,
                              const Scales& scales, Out&& out, R rounding = {},
                              Saturation saturation = Saturation::finite,
                              Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays(in, out, rounding);
  detail::require_blocks(std::ranges::size(in), rows, cols, shape, std::ranges::size(scales));
  const float* const source = std::ranges::data(in);
  const float* const factors = std::ranges::data(scales);
  auto* const target = std::ranges::data(out);
  const Isa isa = active_isa();
  detail::for_each_block_row(
      rows, cols, shape, [&](std::size_t first, std::size_t count, std::size_t block) {
        detail::convert_scaled(isa, source + first, target + first, count, factors[block],
                               detail::rounding_from(rounding, first), saturation, subnormals);
      });
}

}  // namespace narrowfloat
