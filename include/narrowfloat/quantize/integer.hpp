// SPDX-License-Identifier: MIT
// Symmetric int8 by the largest magnitude, 127 levels a side: rows, columns or a tensor share a scale. And what the
// sums of the products of two such matrices are worth.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <vector>

#include "../stats.hpp"
#include "detail/int8_calls.hpp"
#include "int8_options.hpp"

namespace narrowfloat {

/// A contiguous range of int8 codes.
template <class T>
concept int8_range = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    std::same_as<std::remove_cv_t<std::ranges::range_value_t<T>>, std::int8_t>;

/// The most products of two int8 codes of which int32 always holds the sum.
inline constexpr std::size_t int8_product_depth = 0x7fffffff / (127 * 127);

/// Quantizes a row-major matrix to signed bytes, row-wise, column-wise or as a whole: the vector-wise quantization of
/// LLM.int8() (Dettmers et al., arXiv 2208.07339) and of SwitchBack (Wortsman et al., arXiv 2304.13013).
///
/// Result    each scale is the largest magnitude, a float, of what shares it; each code is the exact quotient
///           127 * x / scale rounded once by `rounding`, to nearest even by default. No float stands for the
///           quotient: a tie is one of real numbers. -128 is no code. A keyed Stochastic draws the bits of index
///           offset + i for element i of the row-major matrix, whatever the granularity.
/// Special   zeros alone have scale 0 and codes 0. NaN and Inf by options.non_finite: by default their block has
///           scale NaN and codes 0; under saturate Inf has the code 127 or -127 and the scale the largest float, and
///           NaN is as by default; under propagate the scale is that of the finite elements, Inf 127 or -127, NaN
///           127. Sizes that do not fit throw std::invalid_argument with the numbers before anything is written.
/// Requires  the arrays are apart.
/// Promises  the same bits on every instruction set and in every floating-point environment.
/// Cost      two passes over the values, row-wise a row at a time; memory for three numbers, column-wise three a scale.
///           Of random bits up to 13 are fastest; more than 16 cost a long division an element.
///
/// Example   std::vector<std::int8_t> codes(x.size());
///           std::vector<float> scales(rows);
///           quantize_int8(x, rows, cols, codes, scales, {.granularity = Granularity::row});
///           assert(scales[0] == amax(std::span(x).first(cols)));
///           assert(amax(std::span(x)) <= 3 && *std::ranges::min_element(codes) == -127);
template <float_source In, int8_range Codes, float_range Scales, rounding_policy R = NearestEven>
NF_INLINE void quantize_int8(const In& in, std::size_t rows, std::size_t cols, Codes&& codes,
                             Scales&& scales, const Int8Options& options = {}, R rounding = {}) {
  detail::require_int8(std::ranges::size(codes), std::ranges::size(scales), rows, cols,
                       options.granularity);
  detail::require_shape("the input", std::ranges::size(in), rows, cols);
  if constexpr (requires { rounding.size(); }) detail::require_words(rounding.size(), rows * cols);
  using T = detail::number_of<In>;
  detail::quantize_to_int8(detail::place_of<detail::is_compiled_int8<T, R>, T, R>(),
                           std::ranges::data(in), rows, cols, options, rounding,
                           std::ranges::data(codes), std::ranges::data(scales));
}

/// Codes and scales to floats.
///
/// Result    code * scale / 127, exact and rounded once, to nearest even.
/// Special   a scale that is Inf or NaN makes its elements the positive NaN. Sizes that do not fit throw
///           std::invalid_argument with the numbers before anything is written.
/// Promises  no allocation; the same bits on every instruction set and in every floating-point environment.
/// Cost      one pass.
///
/// Example   const std::vector<std::int8_t> codes{127, -64, 0, 1};
///           std::vector<float> out(4);
///           dequantize_int8(codes, std::vector<float>{254.0f}, 1, 4, Granularity::tensor, out);
///           assert((out == std::vector<float>{254, -128, 0, 2}));
template <int8_range Codes, float_range Scales, float_range Out>
NF_INLINE void dequantize_int8(const Codes& codes, const Scales& scales, std::size_t rows,
                               std::size_t cols, Granularity granularity, Out&& out) {
  detail::require_int8(std::ranges::size(codes), std::ranges::size(scales), rows, cols,
                       granularity);
  detail::require_shape("the output", std::ranges::size(out), rows, cols);
  detail::dequantize_int8_codes(detail::place_of<true>(), std::ranges::data(codes),
                                std::ranges::data(scales), rows, cols, granularity,
                                std::ranges::data(out));
}

/// A matrix of int8 codes in row-major order and its scales: one, one a row or one a column.
///
/// Example   const Int8Matrix w = quantize_int8(weights, rows, cols, {Granularity::tensor});
///           const Int8Matrix t = w.transposed();
///           assert(w.scales.size() == 1 && t.rows == cols && t.codes[1] == w.codes[cols]);
///           std::vector<float> out(weights.size());
///           w.dequantize(out);
///           assert(std::abs(out[5] - weights[5]) < w.scales[0] / 253);
struct Int8Matrix {
  std::size_t rows = 0, cols = 0;
  Granularity granularity = Granularity::row;
  std::vector<std::int8_t> codes;
  std::vector<float> scales;

  /// Writes the numbers as dequantize_int8() does.
  template <float_range Out>
  NF_INLINE void dequantize(Out&& out) const {
    dequantize_int8(codes, scales, rows, cols, granularity, out);
  }

  /// The transposed matrix; what was row-wise is column-wise then.
  NF_INLINE Int8Matrix transposed() const {
    detail::require_int8(codes.size(), scales.size(), rows, cols, granularity);
    Int8Matrix result{cols, rows, granularity, std::vector<std::int8_t>(codes.size()), scales};
    if (granularity == Granularity::row) result.granularity = Granularity::column;
    if (granularity == Granularity::column) result.granularity = Granularity::row;
    detail::transpose_codes(codes.data(), rows, cols, result.codes.data());
    return result;
  }

  friend bool operator==(const Int8Matrix&, const Int8Matrix&) = default;
};

/// As above, into new memory.
template <float_source In, rounding_policy R = NearestEven>
NF_INLINE Int8Matrix quantize_int8(const In& in, std::size_t rows, std::size_t cols,
                                   const Int8Options& options = {}, R rounding = {}) {
  detail::require_matrix(rows, cols, 1);
  detail::require_shape("the input", std::ranges::size(in), rows, cols);
  if constexpr (requires { rounding.size(); }) detail::require_words(rounding.size(), rows * cols);
  Int8Matrix result{rows, cols, options.granularity, std::vector<std::int8_t>(rows * cols),
                    std::vector<float>(detail::scales_of(options.granularity, rows, cols))};
  quantize_int8(in, rows, cols, result.codes, result.scales, options, rounding);
  return result;
}

/// The int32 sums of an int8 matrix product as floats, SwitchBack's epilogue: row scales of the left operand, and of
/// the right one a scale for the tensor or for each column of the product.
///
/// Result    y = sum * ((a * b) * (1 / 127^2)): a * b is exact in double; the double nearest 1 / 16129 and each of
///           the two products by it and by the sum are rounded to doubles, to nearest even, and y to a float. So y is
///           within 0.5 + 2^-27 units in its last place of the exact value, subnormals included. A bias, one a column,
///           is then added in float.
/// Special   NaN is the positive canonical one. Row scales other than one a row or one for all, column scales other
///           than one a column or one for all, a bias that is neither empty nor one a column, and sizes that do not
///           fit throw std::invalid_argument with the numbers before anything is written.
/// Requires  the output is apart from the inputs.
/// Promises  no allocation; the same bits on every instruction set and in every floating-point environment.
/// Cost      one pass.
///
/// Example   const std::vector<std::int32_t> sums{127 * 127, -127, 2, 0};
///           const std::vector<float> a{2, 127}, b{0.5f}, bias{0, 10};
///           std::vector<float> y(4);
///           dequantize_product(sums, 2, 2, a, b, y, bias);
///           assert(y[0] == 1 && y[1] == 10 - 1 / 127.0f && y[2] == 1 / 127.0f && y[3] == 10);
template <std::ranges::contiguous_range Sums, float_range RowScales, float_range ColumnScales,
          float_range Out, float_range Bias = std::span<const float>>
requires std::same_as<std::remove_cv_t<std::ranges::range_value_t<Sums>>,
                      std::int32_t> NF_INLINE void
dequantize_product(const Sums& sums, std::size_t rows, std::size_t cols,
                   const RowScales& row_scales, const ColumnScales& column_scales, Out&& out,
                   const Bias& bias = {}) {
  const detail::product_scales by{
      {std::ranges::data(row_scales), std::ranges::size(row_scales)},
      {std::ranges::data(column_scales), std::ranges::size(column_scales)},
      {std::ranges::data(bias), std::ranges::size(bias)}};
  detail::require_product(std::ranges::size(sums), std::ranges::size(out), rows, cols, by);
  detail::dequantize_sums(detail::place_of<true>(), std::ranges::data(sums), rows, cols, by,
                          std::ranges::data(out));
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/int8_dequantize.hpp"
#include "detail/int8_quantize.hpp"
#endif
