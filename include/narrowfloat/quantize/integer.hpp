// SPDX-License-Identifier: MIT
// Symmetric int8 by the largest magnitude, 127 levels a side: rows, columns or a tensor share a
// scale. And what the sums of the products of two such matrices are worth. The matrix that owns its
// codes is in int8_matrix.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>

#include "../detail/array/tasks.hpp"
#include "../executor.hpp"
#include "../stats.hpp"
#include "detail/convert_values.hpp"
#include "detail/int8_calls.hpp"
#include "int8_options.hpp"

namespace narrowfloat {

/// A contiguous range of int8 codes.
template <class T>
concept int8_range = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    std::same_as<std::remove_cv_t<std::ranges::range_value_t<T>>, std::int8_t>;

/// How many products of two int8 codes an int32 sum holds whatever the codes are.
inline constexpr std::size_t int8_product_depth = 0x7fffffff / (127 * 127);

namespace detail {
inline namespace NF_BASELINE {

/// Checks and quantizes.
template <class T, class R>
NF_INLINE void quantize_int8_matrix(const char* call, MatrixView<const T> in,
                                    std::span<std::int8_t> codes, std::span<float> scales,
                                    const Int8Options& options, const R& rounding,
                                    const executor_ref& executor) {
  const int8_sharing sharing =
      require_int8(call, codes.size(), scales.size(), in.rows(), in.cols(), options.block);
  if constexpr (requires { rounding.size(); }) require_words(call, rounding.size(), in.size());
  quantize_to_int8(place_of<is_compiled_int8<T, R>, T, R>(), in, sharing, options.non_finite,
                   rounding, codes.data(), scales.data(), executor);
}

inline void dequantize_int8_matrix(const char* call, std::span<const std::int8_t> codes,
                                   std::span<const float> scales, MatrixView<float> out,
                                   BlockShape block, const executor_ref& executor) {
  const int8_sharing sharing =
      require_int8(call, codes.size(), scales.size(), out.rows(), out.cols(), block);
  dequantize_int8_codes(place_of<true>(), codes.data(), scales.data(), out, sharing, executor);
}

template <class In>
NF_INLINE MatrixView<const number_of<In>> source_matrix(const char* call, const In& in,
                                                        std::size_t rows, std::size_t cols) {
  return matrix_of(call, "the input", in, rows, cols);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Quantizes a row-major matrix to signed bytes in memory of the caller's, row-wise, column-wise or
/// as a whole: the vector-wise quantization of LLM.int8() (Dettmers et al., arXiv 2208.07339) and
/// of SwitchBack (Wortsman et al., arXiv 2304.13013).
///
/// Result    each scale is the largest magnitude, a float, of what shares it; each code is the
///           exact quotient 127 * x / scale rounded once by `rounding`, to nearest even by default.
///           No float stands for the quotient: a tie is one of real numbers. -128 is no code. A
///           keyed Stochastic draws the bits of index offset + i for element i of the row-major
///           matrix, whatever shares a scale.
/// Special   zeros alone have scale 0 and codes 0. NaN and Inf by options.non_finite: by default
///           their block has scale NaN and codes 0; under saturate Inf has the code 127 or -127 and
///           the scale the largest float, and NaN is as by default; under propagate the scale is
///           that of the finite elements, Inf 127 or -127, NaN 127. What is finite comes back
///           finite. Sizes that do not fit throw std::invalid_argument with the numbers before
///           anything is written.
/// Requires  the arrays are apart.
/// Promises  the same bits on every instruction set, for every executor and in every floating-point
///           environment; no floating-point exception.
/// Cost      two passes over the values, row-wise a row at a time; memory for a few numbers,
///           column-wise for four a scale and one a scale for each 64 Ki elements. Of random bits
///           up to 13 are fastest; more than 16 cost a long division an element.
///
/// Example   std::vector<std::int8_t> codes(x.size());
///           std::vector<float> scales(rows);
///           quantize_int8(x, codes, scales, rows, cols, {.block = {1, whole}});
///           assert(scales[0] == amax(std::span(x).first(cols)));
///           assert(amax(std::span(x)) <= 3 && *std::ranges::min_element(codes) == -127);
template <float_source In, int8_range Codes, float_range Scales, rounding_policy R = NearestEven,
          task_executor E = SerialExecutor>
NF_INLINE void quantize_int8(const In& in, Codes&& codes, Scales&& scales, std::size_t rows,
                             std::size_t cols, const Int8Options& options = {}, R rounding = {},
                             E&& executor = {}) {
  detail::quantize_int8_matrix("quantize_int8",
                               detail::source_matrix("quantize_int8", in, rows, cols), codes,
                               scales, options, rounding, detail::executor_ref::of(executor));
}
/// The same of a matrix with a leading dimension.
template <detail::float_element T, int8_range Codes, float_range Scales,
          rounding_policy R = NearestEven, task_executor E = SerialExecutor>
NF_INLINE void quantize_int8(MatrixView<T> in, Codes&& codes, Scales&& scales,
                             const Int8Options& options = {}, R rounding = {}, E&& executor = {}) {
  detail::quantize_int8_matrix("quantize_int8", MatrixView<const std::remove_const_t<T>>(in), codes,
                               scales, options, rounding, detail::executor_ref::of(executor));
}

/// Codes and scales to floats.
///
/// Result    code * scale / 127, exact and rounded once, to nearest even.
/// Special   a scale that is Inf or NaN makes its elements the positive NaN. Sizes that do not fit
///           throw std::invalid_argument with the numbers before anything is written.
/// Promises  no allocation; the same bits on every instruction set, for every executor and in every
///           floating-point environment.
/// Cost      one pass.
///
/// Example   const std::vector<std::int8_t> codes{127, -64, 0, 1};
///           std::vector<float> out(4);
///           dequantize_int8(codes, std::vector<float>{254.0f}, out, 1, 4, {whole, whole});
///           assert((out == std::vector<float>{254, -128, 0, 2}));
template <int8_range Codes, float_range Scales, float_range Out, task_executor E = SerialExecutor>
NF_INLINE void dequantize_int8(const Codes& codes, const Scales& scales, Out&& out,
                               std::size_t rows, std::size_t cols, BlockShape block = {1, whole},
                               E&& executor = {}) {
  detail::dequantize_int8_matrix(
      "dequantize_int8", codes, scales,
      detail::matrix_of("dequantize_int8", "the output", out, rows, cols), block,
      detail::executor_ref::of(executor));
}
/// The same to a matrix with a leading dimension.
template <int8_range Codes, float_range Scales, task_executor E = SerialExecutor>
NF_INLINE void dequantize_int8(const Codes& codes, const Scales& scales, MatrixView<float> out,
                               BlockShape block = {1, whole}, E&& executor = {}) {
  detail::dequantize_int8_matrix("dequantize_int8", codes, scales, out, block,
                                 detail::executor_ref::of(executor));
}

/// int8 codes as numbers, before the scale: converted as a range of floats is.
///
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
/// Promises  as convert() of floats; the same for every executor.
template <int8_range In, number_range Out, rounding_policy R = NearestEven>
NF_INLINE void convert(In&& in, Out&& out, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
  const std::int8_t* const codes = std::ranges::data(in);
  const auto value = [=](std::size_t i) NF_INLINED { return static_cast<float>(codes[i]); };
  detail::convert_values(detail::executor_of_output(out), value, std::ranges::data(out),
                         std::ranges::size(in), rounding, saturation, subnormals);
}

/// The int32 sums of an int8 matrix product as floats, SwitchBack's epilogue: row scales of the
/// left operand, and of the right one a scale for the tensor or for each column of the product.
///
/// Result    y = sum * ((a * b) * (1 / 127^2)): a * b is exact in double; the double nearest 1 /
///           16129 and each of the two products by it and by the sum are rounded to doubles, to
///           nearest even, and y to a float. So y is within 0.5 + 2^-27 units in its last place of
///           the exact value, subnormals included. A bias, one a column, is then added in float.
/// Special   NaN is the positive canonical one. Row scales other than one a row or one for all,
///           column scales other than one a column or one for all, a bias that is neither empty nor
///           one a column, and sizes that do not fit throw std::invalid_argument with the numbers
///           before anything is written.
/// Requires  the output is apart from the inputs.
/// Promises  no allocation; the same bits on every instruction set, for every executor and in every
///           floating-point environment.
/// Cost      one pass.
///
/// Example   const std::vector<std::int32_t> sums{127 * 127, -127, 2, 0};
///           const std::vector<float> a{2, 127}, b{0.5f}, bias{0, 10};
///           std::vector<float> y(4);
///           dequantize_product(sums, a, b, y, 2, 2, bias);
///           assert(y[0] == 1 && y[1] == 10 - 1 / 127.0f && y[2] == 1 / 127.0f && y[3] == 10);
template <std::ranges::contiguous_range Sums, float_range RowScales, float_range ColumnScales,
          float_range Out, float_range Bias = std::span<const float>,
          task_executor E = SerialExecutor>
requires std::same_as<std::remove_cv_t<std::ranges::range_value_t<Sums>>, std::int32_t>  //
    NF_INLINE void dequantize_product(const Sums& sums, const RowScales& row_scales,
                                      const ColumnScales& column_scales, Out&& out,
                                      std::size_t rows, std::size_t cols, const Bias& bias = {},
                                      E&& executor = {}) {
  const detail::product_scales by{
      {std::ranges::data(row_scales), std::ranges::size(row_scales)},
      {std::ranges::data(column_scales), std::ranges::size(column_scales)},
      {std::ranges::data(bias), std::ranges::size(bias)}};
  detail::require_product(std::ranges::size(sums), std::ranges::size(out), rows, cols, by);
  detail::dequantize_sums(detail::place_of<true>(), std::ranges::data(sums), rows, cols, by,
                          std::ranges::data(out), detail::executor_ref::of(executor));
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/int8_dequantize.hpp"
#include "detail/int8_quantize.hpp"
#endif
