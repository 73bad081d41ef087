// SPDX-License-Identifier: MIT
// Fake quantization to the formats of run time, and its gradients, as in "FP8 Quantization: The
// Power of the Exponent" (Kuzmin et al., arXiv 2208.09225).
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>

#include "../detail/array/mask.hpp"
#include "../detail/array/parts.hpp"
#include "../executor.hpp"
#include "../matrix.hpp"
#include "detail/task_results.hpp"
#include "runtime_format.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// The gradient of a value by the mantissa bits over its error, by E and M: the step is 2^(p - M -
/// b) for a binade p, and b = 2^E - log2(c) + log2(2 - 2^-M) - 1 where E falls as M rises.
inline constexpr auto mantissa_slopes = [] {
  constexpr double ln2 = 0.693147180559945309417;
  std::array<std::array<double, 12>, 9> slopes{};
  for (int e = 1; e <= 8; ++e) {
    for (int m = 1; m <= 10; ++m) {
      slopes[static_cast<std::size_t>(e)][static_cast<std::size_t>(m)] =
          ln2 * ((1 << e) * ln2 - 1 - 1.0 / ((2 << m) - 1));
    }
  }
  return slopes;
}();

/// Rounds n floats to a grid, a part at a time, and joins their bits to a mask; `stream` if the
/// whole array leaves the caches.
inline void round_and_clip(const float* in, float* out, std::size_t n, const float_grid& grid,
                           bool stream, const mask_place& mask) {
  std::uint8_t bits[part_elements / 8];
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = std::min(part_elements, n - done);
    clip_to_grid(place_of<true>(), active_isa(), in + done, count, grid, bits);
    mask.join(done, bits, count);
    round_to_grid(place_of<true>(), active_isa(), in + done, out + done, count, grid, stream);
  }
}

/// Rounds the rows of a matrix, each with a largest value; the bits go to `mask` unless it is null.
inline void round_rows(const MatrixView<const float>& in, const float* max_values,
                       const MatrixView<float>& out, std::uint8_t* mask,
                       const RuntimeFormat& format, const executor_ref& executor) {
  const std::size_t n = in.size(), cols = in.cols();
  const bool stream = leaves_caches(2 * n * sizeof(float)), is_dense = out.leading() == cols;
  // whole bytes of a mask, or cache lines
  const task_cuts cuts = mask == nullptr && is_dense ? task_cuts::of(out.data(), n) : task_cuts{n};
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    if (mask != nullptr) std::fill_n(mask + first / 8, bit_stream_bytes(count, 1), std::uint8_t{0});
    std::size_t at = first;
    for_each_row(first, count, cols, [&](std::size_t row, std::size_t left, std::size_t width) {
      const float* const from = in.row(row).data() + left;
      float* const to = out.row(row).data() + left;
      const float_grid grid = grid_of_format(format, max_values[row]);
      if (mask == nullptr)
        round_to_grid(place_of<true>(), active_isa(), from, to, width, grid, stream);
      else
        round_and_clip(from, to, width, grid, stream, {mask, at});
      at += width;
    });
  });
}

/// The same of an array.
inline void round_array(const float* in, float* out, std::size_t n, std::uint8_t* mask,
                        const RuntimeFormat& format, const executor_ref& executor) {
  if (mask == nullptr && n <= task_elements) {  // a task, at less cost
    if (n != 0)
      round_to_grid(place_of<true>(), active_isa(), in, out, n,
                    grid_of_format(format, format.max_value), false);
    return;
  }
  round_rows(MatrixView<const float>(std::span(in, n), 1, n), &format.max_value,
             MatrixView<float>(std::span(out, n), 1, n), mask, format, executor);
}

/// Writes the gradients of n inputs; their sums are those of tasks, in order.
inline grid_slopes gradients_of_array(const float* in, const float* gradients, float* out,
                                      std::size_t n, const float_grid& grid,
                                      const executor_ref& executor) {
  const auto measure = [&](std::size_t first, std::size_t count) {
    return grid_gradients(place_of<true>(), active_isa(), in + first, gradients + first,
                          out + first, count, grid);
  };
  const auto join = [](grid_slopes& all, const grid_slopes& each) {
    all = {double_total(all.largest, each.largest), double_total(all.within, each.within)};
  };
  return joined_in_order<grid_slopes>(executor, n, measure, join);
}

/// Checks matrices, the largest values of their rows and a format.
inline void require_channels(const MatrixView<const float>& in, std::span<const float> max_values,
                             const MatrixView<float>& out, const RuntimeFormat& format) {
  require_fields("fake_quantize", format.exponent_bits, format.mantissa_bits);
  if (out.rows() != in.rows() || out.cols() != in.cols())
    throw_invalid("fake_quantize", "the input is " + std::to_string(in.rows()) + " x " +
                                       std::to_string(in.cols()) + ", the output " +
                                       std::to_string(out.rows()) + " x " +
                                       std::to_string(out.cols()));
  if (max_values.size() != in.rows())
    throw_invalid("fake_quantize", std::to_string(in.rows()) + " channels have " +
                                       std::to_string(max_values.size()) + " largest values");
  for (const float c : max_values) require_largest("fake_quantize", c);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Rounds each number to the nearest value of a format of run time, and leaves it a float: the
/// simulated quantization of "FP8 Quantization: The Power of the Exponent", arXiv 2208.09225.
///
/// Result    the exact x, clipped to [-c, c] or [0, c], rounded once on the real grid of
///           RuntimeFormat, ties to the even mantissa; then the value's nearest float. Neither the
///           quotient by a scale nor the logarithm of the paper's formulas is rounded. A negative
///           result of 0 is -0.
/// Special   Inf is clipped; NaN becomes the positive canonical one. Sizes that differ and a format
///           that RuntimeFormat does not allow throw std::invalid_argument with the numbers before
///           anything is written.
/// Requires  the ranges are apart, or the same memory.
/// Promises  no allocation; the same bits on every instruction set, for every executor and in every
///           floating-point environment.
/// Cost      one pass; in floats, but in double where a format has values far from 1 (2^-64 or
///           2^100) or more than 6 exponent bits, and without SIMD instructions.
///
/// Example   const RuntimeFormat f{.exponent_bits = 2, .mantissa_bits = 5, .max_value = 4.3f};
///           std::vector<float> q(x.size());
///           fake_quantize(x, q, f);
///           for (std::size_t i = 0; i < x.size(); ++i)
///             assert(std::abs(q[i] - x[i]) <= 4.3f / 126);
template <float_range In, float_range Out, task_executor E = SerialExecutor>
NF_INLINE void fake_quantize(const In& in, Out&& out, const RuntimeFormat& format,
                             E&& executor = {}) {
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  detail::require_format("fake_quantize", format);
  detail::require_equal_sizes("fake_quantize", n, std::ranges::size(out));
  detail::round_array(std::ranges::data(in), std::ranges::data(out), n, nullptr, format,
                      detail::executor_ref::of(executor));
}

/// The same for each row of a matrix, a channel, with its own largest value; format.max_value does
/// not count.
///
/// Example   std::vector<float> largest(rows), q(weights.size());
///           for (std::size_t r = 0; r < rows; ++r)
///             largest[r] = amax(std::span(weights).subspan(r * cols, cols));
///           fake_quantize(weights, largest, q, rows, cols,
///                         {.exponent_bits = 3, .mantissa_bits = 4});
///           assert(amax(q) == amax(weights));
template <class T, float_range MaxValues, task_executor E = SerialExecutor>
requires(std::same_as<std::remove_const_t<T>, float>)  //
    NF_INLINE void fake_quantize(const MatrixView<T>& in, const MaxValues& max_values,
                                 const MatrixView<float>& out, const RuntimeFormat& format,
                                 E&& executor = {}) {
  detail::require_channels(in, max_values, out, format);
  detail::round_rows(in, std::ranges::data(max_values), out, nullptr, format,
                     detail::executor_ref::of(executor));
}
template <float_range In, float_range MaxValues, float_range Out, task_executor E = SerialExecutor>
NF_INLINE void fake_quantize(const In& in, const MaxValues& max_values, Out&& out, std::size_t rows,
                             std::size_t cols, const RuntimeFormat& format, E&& executor = {}) {
  fake_quantize(detail::matrix_of("fake_quantize", "the input", in, rows, cols), max_values,
                detail::matrix_of("fake_quantize", "the output", out, rows, cols), format,
                executor);
}

/// Both with a mask of the gradients that pass straight through: fake_quantize_gradient() as bits,
/// for a backward pass that does not keep the inputs.
///
/// Result    bit i % 8 of byte i / 8 is 1 where element i, of a matrix in row-major order, lies
///           within [-c, c], or [0, c]; 0 where it was clipped, and for NaN. Bits after the last
///           are 0.
/// Special   a mask of other than ceil(n / 8) bytes for n elements throws std::invalid_argument
///           too.
/// Requires  the mask is apart from the others.
///
/// Example   const RuntimeFormat f{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 7.5f};
///           const std::vector<float> in{1, 9, -9, -0.3f};
///           std::vector<float> q(4);
///           std::vector<std::uint8_t> passes(1);
///           fake_quantize(in, q, passes, f);
///           assert(passes[0] == 0b1001 && q[1] == 7.5f);
template <float_range In, float_range Out, detail::mask_output Mask,
          task_executor E = SerialExecutor>
NF_INLINE void fake_quantize(const In& in, Out&& out, Mask&& mask, const RuntimeFormat& format,
                             E&& executor = {}) {
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  detail::require_format("fake_quantize", format);
  detail::require_equal_sizes("fake_quantize", n, std::ranges::size(out));
  detail::require_mask("fake_quantize", std::ranges::size(mask), n);
  detail::round_array(std::ranges::data(in), std::ranges::data(out), n, std::ranges::data(mask),
                      format, detail::executor_ref::of(executor));
}
template <class T, float_range MaxValues, detail::mask_output Mask,
          task_executor E = SerialExecutor>
requires(std::same_as<std::remove_const_t<T>, float>)  //
    NF_INLINE void fake_quantize(const MatrixView<T>& in, const MaxValues& max_values,
                                 const MatrixView<float>& out, Mask&& mask,
                                 const RuntimeFormat& format, E&& executor = {}) {
  detail::require_channels(in, max_values, out, format);
  detail::require_mask("fake_quantize", std::ranges::size(mask), in.size());
  detail::round_rows(in, std::ranges::data(max_values), out, std::ranges::data(mask), format,
                     detail::executor_ref::of(executor));
}
template <float_range In, float_range MaxValues, float_range Out, detail::mask_output Mask,
          task_executor E = SerialExecutor>
NF_INLINE void fake_quantize(const In& in, const MaxValues& max_values, Out&& out, Mask&& mask,
                             std::size_t rows, std::size_t cols, const RuntimeFormat& format,
                             E&& executor = {}) {
  fake_quantize(detail::matrix_of("fake_quantize", "the input", in, rows, cols), max_values,
                detail::matrix_of("fake_quantize", "the output", out, rows, cols), mask, format,
                executor);
}

/// What a format of run time learns from: the gradients of its largest value and of its number of
/// mantissa bits.
struct FormatGradients {
  /// The derivatives of the loss.
  double max_value = 0, mantissa_bits = 0;
};

/// The gradients of fake_quantize() by the straight-through estimator, as arXiv 2208.09225 learns
/// its formats: rounding counts as the identity, and the binade of an element as a constant.
///
/// Result    in_gradients[i] is out_gradients[i] where x[i] lies within [-c, c], or [0, c], and
///           else 0. Returned is the gradient of c, the sum of out_gradients[i] * d, with d = (q -
///           x) / c within, 1 above c and -1 below -c; and that of M mantissa bits, by which E, so
///           that the width stays, and the bias change, but not c: within d = (q - x) * ln 2 * (2^E
///           ln 2 - 1 - 1 / (2^(M + 1) - 1)), beyond 0; 0 without exponent bits. The differences
///           are floats, the sums doubles in an order that the place of an element fixes.
/// Special   a NaN x has gradient 0, and makes those of c and M NaN. Sizes that differ, and
///           formats, are refused as by fake_quantize().
/// Requires  the ranges are apart, or in_gradients is the memory of another.
/// Promises  no allocation; the same bits on every instruction set, for every executor and in every
///           floating-point environment.
/// Cost      one pass.
///
/// Example   const std::vector<float> in{1, 9, -9, 0.3f}, slopes{1, 1, 0.5f, 0};
///           std::vector<float> in_slopes(4);
///           const RuntimeFormat f{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 7.5f};
///           const FormatGradients by = fake_quantize_gradient(in, slopes, in_slopes, f);
///           assert((in_slopes == std::vector<float>{1, 0, 0, 0}));
///           assert(by.max_value == 0.5 && by.mantissa_bits == 0);  // 1 and 0 are values
template <float_range In, float_range Gradients, float_range Out, task_executor E = SerialExecutor>
NF_INLINE FormatGradients fake_quantize_gradient(const In& in, const Gradients& out_gradients,
                                                 Out&& in_gradients, const RuntimeFormat& format,
                                                 E&& executor = {}) {
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  const detail::float_grid grid = detail::checked_grid("fake_quantize_gradient", format);
  detail::require_equal_sizes("fake_quantize_gradient", n, std::ranges::size(out_gradients));
  detail::require_equal_sizes("fake_quantize_gradient", n, std::ranges::size(in_gradients));
  const double slope = detail::mantissa_slopes[static_cast<std::size_t>(format.exponent_bits)]
                                              [static_cast<std::size_t>(format.mantissa_bits)];
  const detail::grid_slopes slopes = detail::gradients_of_array(
      std::ranges::data(in), std::ranges::data(out_gradients), std::ranges::data(in_gradients), n,
      grid, detail::executor_ref::of(executor));
  // in integers, which no floating-point environment moves
  return {slopes.largest, detail::nearest_double(detail::product(detail::exact_of(slopes.within),
                                                                 detail::exact_of(slope)))};
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/grid.hpp"
#endif
