// SPDX-License-Identifier: MIT
// Current scaling: the scale of a tensor, or of each of its blocks, from its own largest magnitude.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>

#include "../detail/array/matrix_cuts.hpp"
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
  // A quotient of floats never rounds up to a power of two (it would have to be within 2^-25 of it,
  // and they are at least 2^-24 from it or equal), so cutting its mantissa is rounding the exact
  // one down.
  if (options.power_of_two)
    scale = number_traits<float>::from_code(number_traits<float>::to_code(scale) & 0x7f800000u);
  return scale;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The scale of a tensor, or of a block, by its largest magnitude, as in NVIDIA Transformer Engine
/// (recipes Float8CurrentScaling and Float8BlockScaling).
///
/// Result    largest F / amax, rounded to a float; with power_of_two the power of two below it,
///           which never clips. An amax below amax_epsilon counts as that.
/// Special   an amax of 0, Inf or NaN gives 1. A quotient that overflows is the largest finite
///           value of Input, the type of the tensor (float if that is less); one below 2^-126 is
///           2^-126.
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

constexpr void require_blocks(const char* call, std::size_t rows, std::size_t cols,
                              BlockShape shape, std::size_t scales) {
  const auto matrix = [&] {
    return "the matrix " + std::to_string(rows) + " x " + std::to_string(cols) + " in blocks of " +
           std::to_string(shape.rows) + " x " + std::to_string(shape.cols);
  };
  if (shape.rows == 0 || shape.cols == 0) throw_invalid(call, matrix());
  const std::size_t wanted = shape.down(rows) * shape.across(cols);
  if (scales != wanted)
    throw_invalid(call, matrix() + " has " + std::to_string(wanted) + " scales, not " +
                            std::to_string(scales));
}

/// What encodes saturates, what decodes does not.
template <class To>
inline constexpr Saturation saturation_of_blocks =
    narrow_float<To> ? Saturation::finite : Saturation::none;

/// Calls f(row, first column, count, block) for the part of each row that lies in a block, by the
/// tasks of an executor: whole blocks.
template <class F>
void for_each_block_row(const executor_ref& executor, std::size_t rows, std::size_t cols,
                        BlockShape shape, const F& f) {
  const matrix_blocks grid{rows, cols, shape.height(rows), shape.width(cols)};
  run_matrix(executor, grid, [&](const matrix_part& part) {
    const std::size_t first = part.left / grid.width, right = part.left + part.cols;
    for (std::size_t row = part.top; row < part.top + part.rows; ++row) {
      std::size_t block = row / grid.height * shape.across(cols) + first;
      for (std::size_t col = part.left; col < right; col += grid.width)
        f(row, col, std::min(grid.width, right - col), block++);
    }
  });
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The current_scale() of each block of a matrix, in the order of the blocks, row by row; powers of
/// two unless told otherwise. Transformer Engine's Float8BlockScaling (after DeepSeek-V3) has
/// blocks of 1 x 128 for activations and gradients, 128 x 128 for weights, and 128 x 1 for the copy
/// that is read by columns.
///
/// Special   shapes that do not fit throw std::invalid_argument with the numbers before anything is
///           written.
/// Promises  no allocation; the same on every instruction set, in every floating-point environment
///           and for every executor.
/// Cost      one read.
///
/// Example   const BlockShape shape{1, 128};
///           std::vector<float> scales(shape.down(rows) * shape.across(cols)), back(x.size());
///           std::vector<float8_e4m3fn> q(x.size());
///           current_scales<float8_e4m3fn>(x, scales, rows, cols, shape);
///           convert_blocks(x, scales, q, rows, cols, shape);
///           assert(scales[0] * amax(x) <= 448);
template <narrow_float F, class T, float_range Scales, task_executor E = SerialExecutor>
requires(lossless_to<F, float>&& lossless_to<std::remove_cv_t<T>, float>)  //
    NF_INLINE void current_scales(MatrixView<T> in, Scales&& scales, BlockShape shape,
                                  CurrentScalingOptions options = {.power_of_two = true},
                                  E&& executor = {}) {
  detail::require_blocks("current_scales", in.rows(), in.cols(), shape, std::ranges::size(scales));
  float* const target = std::ranges::data(scales);
  std::fill_n(target, std::ranges::size(scales), 0.0f);
  const Isa isa = active_isa();
  detail::for_each_block_row(
      detail::executor_ref::of(executor), in.rows(), in.cols(), shape,
      [&](std::size_t row, std::size_t col, std::size_t count, std::size_t block) NF_INLINED {
        const T* const source = in.row(row).data() + col;
        target[block] =
            detail::larger_magnitude(target[block], detail::largest_magnitude(isa, source, count));
      });
  for (float& scale : scales) scale = current_scale<F, std::remove_cv_t<T>>(scale, options);
}
/// The same of a matrix that fills a range.
template <narrow_float F, float_source In, float_range Scales, task_executor E = SerialExecutor>
requires(lossless_to<F, float>)  //
    NF_INLINE void current_scales(const In& in, Scales&& scales, std::size_t rows, std::size_t cols,
                                  BlockShape shape,
                                  CurrentScalingOptions options = {.power_of_two = true},
                                  E&& executor = {}) {
  current_scales<F>(detail::matrix_of("current_scales", "the input", in, rows, cols), scales, shape,
                    options, executor);
}

/// Converts each block of a matrix with its own scale, as convert() does with a Scale, or,
/// convert_blocks<Divide>(), with a Divide. By the same scales one is the inverse of the other: it
/// decodes what the other has encoded. Saturating, unless told otherwise, to a Float; to float and
/// double not.
///
/// Special   shapes that do not fit throw std::invalid_argument with the numbers before anything is
///           written.
/// Promises  the random bits of a Stochastic policy are those of an element's place in the matrix;
///           padding does not count. The same bits for every executor.
/// Cost      one read and one write, a call for each row of a block: blocks of one column cost a
///           call an element.
///
/// Example   std::vector<float> scales(rows), back(gradients.size());
///           std::vector<float8_e5m2> q(gradients.size());
///           const BlockShape rowwise{1, whole};
///           current_scales<float8_e5m2>(gradients, scales, rows, cols, rowwise);
///           convert_blocks(gradients, scales, q, rows, cols, rowwise, Stochastic<>{.seed = 1});
///           convert_blocks<Divide>(q, scales, back, rows, cols, rowwise);  // gradients again
///           assert(static_cast<float>(amax(q)) <= 57344 &&
///                  std::abs(back[0] - gradients[0]) < 2e-5f);
template <detail::factor By = Scale, class T, float_range Scales, number Out,
          rounding_policy R = NearestEven, task_executor E = SerialExecutor>
requires(detail::scalable<std::remove_cv_t<T>>)  //
    NF_INLINE void convert_blocks(MatrixView<T> in, const Scales& scales, MatrixView<Out> out,
                                  BlockShape shape, R rounding = {},
                                  Saturation saturation = detail::saturation_of_blocks<Out>,
                                  Subnormals subnormals = Subnormals::keep, E&& executor = {}) {
  constexpr const char* call = "convert_blocks";
  if (in.rows() != out.rows() || in.cols() != out.cols()) {
    detail::throw_invalid(call, "the input is " + std::to_string(in.rows()) + " x " +
                                    std::to_string(in.cols()) + ", the output " +
                                    std::to_string(out.rows()) + " x " +
                                    std::to_string(out.cols()));
  }
  detail::require_blocks(call, in.rows(), in.cols(), shape, std::ranges::size(scales));
  if constexpr (requires { rounding.size(); })
    detail::require_words(call, rounding.size(), in.size());
  const float* const factors = std::ranges::data(scales);
  const Isa isa = active_isa();
  detail::for_each_block_row(
      detail::executor_ref::of(executor), in.rows(), in.cols(), shape,
      [&](std::size_t row, std::size_t col, std::size_t count, std::size_t block) NF_INLINED {
        const std::remove_cv_t<T>* const source = in.row(row).data() + col;
        detail::convert_with(isa, source, out.row(row).data() + col, count, By{factors[block]},
                             detail::rounding_from(rounding, row * in.cols() + col), saturation,
                             subnormals);
      });
}
/// The same of matrices that fill ranges.
template <detail::factor By = Scale, number_range In, float_range Scales, number_range Out,
          rounding_policy R = NearestEven, task_executor E = SerialExecutor>
requires(detail::scalable<detail::number_of<In>>)  //
    NF_INLINE void convert_blocks(
        const In& in, const Scales& scales, Out&& out, std::size_t rows, std::size_t cols,
        BlockShape shape, R rounding = {},
        Saturation saturation = detail::saturation_of_blocks<detail::number_of<Out>>,
        Subnormals subnormals = Subnormals::keep, E&& executor = {}) {
  convert_blocks<By>(detail::matrix_of("convert_blocks", "the input", in, rows, cols), scales,
                     detail::matrix_of("convert_blocks", "the output", out, rows, cols), shape,
                     rounding, saturation, subnormals, executor);
}

}  // namespace narrowfloat
