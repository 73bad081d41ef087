// SPDX-License-Identifier: MIT
// Int8Matrix: a matrix quantized to int8 by rows, by columns or as a whole, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "integer.hpp"

namespace narrowfloat {

/// A matrix of int8 codes in row-major order and its scales: one a row, one a column or one for
/// all.
///
/// Example   const Int8Matrix w =
///               Int8Matrix::quantize(weights, rows, cols, {.block = {whole, whole}});
///           const Int8Matrix t = w.transposed();
///           assert(w.scales().size() == 1 && t.rows() == cols && t.codes()[1] == w.codes()[cols]);
///           std::vector<float> out(weights.size());
///           w.dequantize(out);
///           assert(std::abs(out[5] - weights[5]) < w.scales()[0] / 253);
class Int8Matrix {
 public:
  Int8Matrix() = default;

  /// Quantizes a row-major matrix, as quantize_int8() does, by an executor.
  ///
  /// Special   as there; before anything is allocated.
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE Int8Matrix quantize(const In& values, std::size_t rows,
                                                     std::size_t cols,
                                                     const Int8Options& options = {},
                                                     R rounding = {}, E&& executor = {}) {
    return quantize(detail::source_matrix("Int8Matrix::quantize", values, rows, cols), options,
                    rounding, executor);
  }
  template <detail::float_element T, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE Int8Matrix quantize(MatrixView<T> values,
                                                     const Int8Options& options = {},
                                                     R rounding = {}, E&& executor = {}) {
    constexpr const char* call = "Int8Matrix::quantize";
    if constexpr (requires { rounding.size(); })
      detail::require_words(call, rounding.size(), values.size());
    Int8Matrix result(call, values.rows(), values.cols(), options);
    result.write(call, values, rounding, executor);
    return result;
  }

  /// A matrix of given codes, in row-major order, and scales.
  ///
  /// Special   numbers of codes and of scales that do not fit throw std::invalid_argument, before
  ///           anything is allocated.
  [[nodiscard]] static NF_INLINE Int8Matrix from_parts(std::span<const std::int8_t> codes,
                                                       std::span<const float> scales,
                                                       std::size_t rows, std::size_t cols,
                                                       const Int8Options& options = {}) {
    constexpr const char* call = "Int8Matrix::from_parts";
    detail::require_int8(call, codes.size(), scales.size(), rows, cols, options.block);
    Int8Matrix result(call, rows, cols, options);
    std::copy(codes.begin(), codes.end(), result.codes_.begin());
    std::copy(scales.begin(), scales.end(), result.scales_.begin());
    return result;
  }

  /// Quantizes other values in place of these, as quantize() with the same shape and options does.
  ///
  /// Special   a shape that differs throws std::invalid_argument before anything is written.
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(const In& values, R rounding = {}, E&& executor = {}) {
    constexpr const char* call = "Int8Matrix::assign";
    write(call, detail::source_matrix(call, values, rows_, cols_), rounding, executor);
  }
  template <detail::float_element T, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(MatrixView<T> values, R rounding = {}, E&& executor = {}) {
    constexpr const char* call = "Int8Matrix::assign";
    detail::require_same_shape(call, rows_, cols_, values.rows(), values.cols());
    write(call, values, rounding, executor);
  }
  /// Quantizes values in place of the rows from element `first` on, as assign() of the whole does
  /// with these. A key draws for element first + i; of given words value i takes word i.
  ///
  /// Special   elements that are no whole rows, and rows that do not have scales of their own,
  ///           unless they are all, throw std::invalid_argument with the numbers.
  /// Promises  threads may write apart rows of one matrix.
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(std::size_t first, const In& values, R rounding = {}, E&& executor = {}) {
    constexpr const char* call = "Int8Matrix::assign";
    const std::size_t n = std::ranges::size(values);
    detail::require_rows(call, first, n, rows_, cols_);
    if (n == size()) return assign(values, rounding, executor);
    if (n == 0) return;
    if (detail::sharing_of(call, options_.block) != detail::int8_sharing::row)
      detail::throw_invalid(call, "elements " + std::to_string(first) + " to " +
                                      std::to_string(first) + " + " + std::to_string(n) +
                                      " share their scales with others");
    R random = rounding;
    if constexpr (detail::is_keyed<R>) random = rounding.from(first);
    const std::size_t rows = n / cols_;
    detail::quantize_int8_matrix(call, detail::source_matrix(call, values, rows, cols_),
                                 std::span(codes_).subspan(first, n),
                                 std::span(scales_).subspan(first / cols_, rows), options_, random,
                                 detail::executor_ref::of(executor));
  }

  /// Writes the numbers as dequantize_int8() does.
  template <float_range Out, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(Out&& out, E&& executor = {}) const {
    constexpr const char* call = "Int8Matrix::dequantize";
    read(call, detail::matrix_of(call, "the output", out, rows_, cols_), executor);
  }
  template <task_executor E = SerialExecutor>
  NF_INLINE void dequantize(MatrixView<float> out, E&& executor = {}) const {
    constexpr const char* call = "Int8Matrix::dequantize";
    detail::require_same_shape(call, rows_, cols_, out.rows(), out.cols());
    read(call, out, executor);
  }
  /// Writes `count` numbers from element `first` on: whole rows, whatever shares a scale.
  ///
  /// Special   elements that are no whole rows, and an output of another size, throw
  ///           std::invalid_argument with the numbers.
  template <float_range Out, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(std::size_t first, std::size_t count, Out&& out,
                            E&& executor = {}) const {
    constexpr const char* call = "Int8Matrix::dequantize";
    detail::require_rows(call, first, count, rows_, cols_);
    detail::require_equal_sizes(call, count, std::ranges::size(out));
    if (count == 0) return;
    const std::size_t rows = count / cols_;
    std::span<const float> scales = scales_;
    if (detail::sharing_of(call, options_.block) == detail::int8_sharing::row)
      scales = scales.subspan(first / cols_, rows);
    detail::dequantize_int8_matrix(call, std::span(codes_).subspan(first, count), scales,
                                   detail::matrix_of(call, "the output", out, rows, cols_),
                                   options_.block, detail::executor_ref::of(executor));
  }

  /// The transposed matrix; what was row-wise is column-wise then.
  template <task_executor E = SerialExecutor>
  [[nodiscard]] NF_INLINE Int8Matrix transposed(E&& executor = {}) const {
    Int8Options options = options_;
    std::swap(options.block.rows, options.block.cols);
    Int8Matrix result("Int8Matrix::transposed", cols_, rows_, options);
    result.scales_ = scales_;
    if (!empty())
      detail::transpose_codes(codes_.data(), rows_, cols_, result.codes_.data(),
                              detail::executor_ref::of(executor));
    return result;
  }

  /// The shape, how many elements there are, and whether there are none.
  NF_INLINE std::size_t rows() const noexcept { return rows_; }
  NF_INLINE std::size_t cols() const noexcept { return cols_; }
  NF_INLINE std::size_t size() const noexcept { return codes_.size(); }
  NF_INLINE bool empty() const noexcept { return codes_.empty(); }
  /// The options that the matrix was quantized with.
  NF_INLINE const Int8Options& options() const noexcept { return options_; }
  /// The codes in row-major order; convert() reads them.
  NF_INLINE std::span<const std::int8_t> codes() const noexcept { return codes_; }
  /// The scales: one for each block, the largest magnitude.
  NF_INLINE std::span<const float> scales() const noexcept { return scales_; }
  /// The bytes of codes and scales.
  NF_INLINE std::size_t size_bytes() const noexcept {
    return codes_.size() + scales_.size() * sizeof(float);
  }
  /// Bits an element, scales included; 0 for an empty matrix.
  NF_INLINE double bits_per_element() const noexcept {
    return detail::share_of(8 * size_bytes(), size());
  }

  /// Whether shape, blocks, codes and scales are the same.
  friend NF_INLINE bool operator==(const Int8Matrix& a, const Int8Matrix& b) noexcept {
    return a.rows_ == b.rows_ && a.cols_ == b.cols_ && a.options_.block == b.options_.block &&
           a.codes_ == b.codes_ && a.scales_.size() == b.scales_.size() &&
           (a.scales_.empty() || __builtin_memcmp(a.scales_.data(), b.scales_.data(),
                                                  a.scales_.size() * sizeof(float)) == 0);
  }

 private:
  /// Zeros.
  NF_INLINE Int8Matrix(const char* call, std::size_t rows, std::size_t cols,
                       const Int8Options& options)
      : rows_(rows), cols_(cols), options_(options) {
    detail::require_matrix(call, rows, cols);
    const std::size_t scales =
        detail::scales_of(detail::sharing_of(call, options.block), rows, cols);
    detail::require_matrix(call, 1, scales);
    codes_.resize(rows * cols);
    scales_.resize(scales);
  }
  template <class T, class R, class E>
  NF_INLINE void write(const char* call, MatrixView<T> values, const R& rounding, E& executor) {
    detail::quantize_int8_matrix(call, MatrixView<const std::remove_const_t<T>>(values),
                                 std::span(codes_), std::span(scales_), options_, rounding,
                                 detail::executor_ref::of(executor));
  }
  template <class E>
  NF_INLINE void read(const char* call, MatrixView<float> out, E& executor) const {
    detail::dequantize_int8_matrix(call, codes_, scales_, out, options_.block,
                                   detail::executor_ref::of(executor));
  }

  std::size_t rows_ = 0, cols_ = 0;
  Int8Options options_ = {.block = {whole, whole}};
  std::vector<std::int8_t> codes_;
  std::vector<float> scales_ = {0.0f};
};

}  // namespace narrowfloat
