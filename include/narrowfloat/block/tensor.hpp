// SPDX-License-Identifier: MIT
// BlockTensor: a matrix in a block format, quantized from numbers and dequantized to them. Long
// because every call that quantizes takes ranges and views, with and without scales and masks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../executor.hpp"
#include "../matrix.hpp"
#include "../packed/matrix.hpp"
#include "detail/calls.hpp"
#include "detail/checks.hpp"
#include "format.hpp"

namespace narrowfloat {

/// A matrix of numbers in a block format: codes in rows that start on a byte each, a scale a block,
/// and a scale of the tensor where the format has one. The blocks at the right and lower ends hold
/// only the elements that there are.
template <block_format Format>
class BlockTensor {
 public:
  /// The format, and the types of its elements and scales.
  using block_format = Format;
  using element = typename Format::element;
  using scale = typename Format::scale;

  /// Where a block lies, from element codes()[row * cols() + col] on, and its scale.
  struct Block {
    /// The first row and column, and how many there are.
    std::size_t row, col, rows, cols;
    /// The scale as it is stored, without that of the tensor.
    typename Format::scale scale;
  };

  BlockTensor() = default;

  /// Quantizes a row-major matrix: a range and its shape, or a MatrixView in their place.
  ///
  /// Result    each scale by options.rule; each element is the exact quotient of the value by its
  ///           scale (and the tensor scale), rounded once by `rounding` and saturated. A keyed
  ///           Stochastic draws the bits of index offset + i for element i of the row-major matrix,
  ///           whatever the axis and the blocks; explicit bits are a range of words, one for each
  ///           element. A block of zeros gets the least scale and keeps the signs.
  /// Special   NaN and Inf by options.non_finite. Sizes that differ, a wrong axis and options that
  ///           do not fit the format throw std::invalid_argument before anything is allocated.
  /// Promises  the same bits on every instruction set, in every floating-point environment and for
  ///           every executor, whose tasks are whole blocks. What is read back is within half a
  ///           step of the stored scale of the value, within a whole one under directed and
  ///           stochastic roundings; only a value too large for the scale is further off. A
  ///           pipeline in float adds what its quotients are off.
  /// Cost      two passes over the values, three with a tensor scale.
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(const In& values, std::size_t rows,
                                                      std::size_t cols,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    return quantize(detail::matrix_of(quantize_, "the input", values, rows, cols), options,
                    rounding, executor);
  }
  template <detail::float_element T, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(MatrixView<T> values,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    BlockTensor tensor;
    tensor.fill(quantize_, values, options, rounding, {}, detail::executor_ref::of(executor));
    return tensor;
  }

  /// Quantizes a matrix by scales of the caller's, as scales() gives them: from statistics of the
  /// past, or of another kind than the largest magnitude.
  ///
  /// Result    each element is the exact quotient by its scale and options.tensor_scale (0: 1).
  /// Special   as the other; another number of scales, one that is negative, Inf or NaN, and
  ///           options that choose scales throw std::invalid_argument too. A block that is NaN by
  ///           options.non_finite has NaN for a scale.
  template <float_source In, detail::range_of<scale> Scales, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(const In& values, std::size_t rows,
                                                      std::size_t cols, const Scales& scales,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    return quantize(detail::matrix_of(quantize_, "the input", values, rows, cols), scales, options,
                    rounding, executor);
  }
  template <detail::float_element T, detail::range_of<scale> Scales,
            rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(MatrixView<T> values, const Scales& scales,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    BlockTensor tensor;
    tensor.fill(quantize_, values, options, rounding, {}, detail::executor_ref::of(executor),
                scales);
    return tensor;
  }

  /// Quantizes a matrix, by its own scales or by the caller's, and says which gradients pass
  /// straight through: what QuEST (arXiv 2502.05003) and Quartet (arXiv 2505.14669) multiply them
  /// by.
  ///
  /// Result    bit i % 8 of byte i / 8 of the mask is 1 where element i of the row-major matrix is
  ///           finite and within the range of its block, the stored scale (times the tensor scale)
  ///           times the least and the largest element, 4/3 of that with three_quarters; 0 where it
  ///           was cut to an end of it, and for Inf and NaN. A block that is NaN has zeros; one
  ///           whose scale is 0 is flushed, not cut. Bits after the last are 0. Scales that are
  ///           rounded to nearest, such as NVFP4's, may cut the largest element of their block.
  /// Special   a mask of other than ceil(rows * cols / 8) bytes throws std::invalid_argument too.
  /// Requires  the mask is apart from the values.
  /// Cost      no pass more; in the caches half the time again.
  ///
  /// Example   std::vector<std::uint8_t> passes((rows * cols + 7) / 8);
  ///           auto t = BlockTensor<mxfp4_e2m1>::quantize(x, passes, rows, cols);
  ///           auto gradient = gradients;
  ///           for (std::size_t i = 0; i < rows * cols; ++i)
  ///             if ((passes[i / 8] >> i % 8 & 1) == 0) gradient[i] = 0;
  template <float_source In, detail::mask_output Mask, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(const In& values, Mask&& mask,
                                                      std::size_t rows, std::size_t cols,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    return quantize(detail::matrix_of(quantize_, "the input", values, rows, cols), mask, options,
                    rounding, executor);
  }
  template <detail::float_element T, detail::mask_output Mask, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(MatrixView<T> values, Mask&& mask,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    BlockTensor tensor;
    tensor.fill(quantize_, values, options, rounding, mask, detail::executor_ref::of(executor));
    return tensor;
  }
  template <float_source In, detail::mask_output Mask, detail::range_of<scale> Scales,
            rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(const In& values, Mask&& mask,
                                                      std::size_t rows, std::size_t cols,
                                                      const Scales& scales,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    return quantize(detail::matrix_of(quantize_, "the input", values, rows, cols), mask, scales,
                    options, rounding, executor);
  }
  template <detail::float_element T, detail::mask_output Mask, detail::range_of<scale> Scales,
            rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE BlockTensor quantize(MatrixView<T> values, Mask&& mask,
                                                      const Scales& scales,
                                                      const QuantizeOptions& options = {},
                                                      R rounding = {}, E&& executor = {}) {
    BlockTensor tensor;
    tensor.fill(quantize_, values, options, rounding, mask, detail::executor_ref::of(executor),
                scales);
    return tensor;
  }

  /// As quantize(), into this tensor, whose memory is used again where it suffices: by scales and
  /// with a mask as there. The scales may be this tensor's.
  ///
  /// Special   as quantize(); then this tensor is as it was. An executor that throws leaves one of
  ///           this shape, with what it had run.
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(const In& values, std::size_t rows, std::size_t cols,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    assign(detail::matrix_of(assign_, "the input", values, rows, cols), options, rounding,
           executor);
  }
  template <detail::float_element T, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(MatrixView<T> values, const QuantizeOptions& options = {}, R rounding = {},
                        E&& executor = {}) {
    fill(assign_, values, options, rounding, {}, detail::executor_ref::of(executor));
  }
  template <float_source In, detail::range_of<scale> Scales, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(const In& values, std::size_t rows, std::size_t cols, const Scales& scales,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    assign(detail::matrix_of(assign_, "the input", values, rows, cols), scales, options, rounding,
           executor);
  }
  template <detail::float_element T, detail::range_of<scale> Scales,
            rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(MatrixView<T> values, const Scales& scales,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    fill(assign_, values, options, rounding, {}, detail::executor_ref::of(executor), scales);
  }
  template <float_source In, detail::mask_output Mask, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(const In& values, Mask&& mask, std::size_t rows, std::size_t cols,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    assign(detail::matrix_of(assign_, "the input", values, rows, cols), mask, options, rounding,
           executor);
  }
  template <detail::float_element T, detail::mask_output Mask, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(MatrixView<T> values, Mask&& mask, const QuantizeOptions& options = {},
                        R rounding = {}, E&& executor = {}) {
    fill(assign_, values, options, rounding, mask, detail::executor_ref::of(executor));
  }
  template <float_source In, detail::mask_output Mask, detail::range_of<scale> Scales,
            rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(const In& values, Mask&& mask, std::size_t rows, std::size_t cols,
                        const Scales& scales, const QuantizeOptions& options = {}, R rounding = {},
                        E&& executor = {}) {
    assign(detail::matrix_of(assign_, "the input", values, rows, cols), mask, scales, options,
           rounding, executor);
  }
  template <detail::float_element T, detail::mask_output Mask, detail::range_of<scale> Scales,
            rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(MatrixView<T> values, Mask&& mask, const Scales& scales,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    fill(assign_, values, options, rounding, mask, detail::executor_ref::of(executor), scales);
  }

  /// Quantizes elements first, first + 1 ... of the row-major matrix anew: whole blocks that start
  /// on a byte, so any number of rows (of bands of rows, where blocks span several), or blocks of a
  /// row.
  ///
  /// Result    as that of quantize(), with this tensor's axis and tensor scale. Scales are those of
  ///           these blocks, bit 0 of a mask is that of the first value. Keyed random bits are
  ///           those of the elements' places in the matrix, explicit ones a word for each value.
  /// Special   other elements, another axis, and an options.tensor_scale, throw
  ///           std::invalid_argument with the numbers.
  /// Promises  nothing else is written: threads may share a tensor. Executors as in quantize().
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(std::size_t first, const In& values, const QuantizeOptions& options = {},
                        R rounding = {}, E&& executor = {}) {
    fill_part(first, values, options, rounding, {}, detail::executor_ref::of(executor));
  }
  template <float_source In, detail::range_of<scale> Scales, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(std::size_t first, const In& values, const Scales& scales,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    fill_part(first, values, options, rounding, {}, detail::executor_ref::of(executor), scales);
  }
  template <float_source In, detail::mask_output Mask, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(std::size_t first, const In& values, Mask&& mask,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    fill_part(first, values, options, rounding, mask, detail::executor_ref::of(executor));
  }
  template <float_source In, detail::mask_output Mask, detail::range_of<scale> Scales,
            rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(std::size_t first, const In& values, Mask&& mask, const Scales& scales,
                        const QuantizeOptions& options = {}, R rounding = {}, E&& executor = {}) {
    fill_part(first, values, options, rounding, mask, detail::executor_ref::of(executor), scales);
  }

  /// Quantizes a row-major matrix along both axes, for a product and for that of its transpose.
  ///
  /// Result    what quantize() gives with axis = 1, and with axis = 0; options.axis does not count.
  /// Special   as quantize().
  /// Promises  both from the source, not one from the other.
  /// Cost      one read of the values from memory, two with a tensor scale.
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE std::pair<BlockTensor, BlockTensor> quantize_both(
      const In& values, std::size_t rows, std::size_t cols, const QuantizeOptions& options = {},
      R rounding = {}, E&& executor = {}) {
    return quantize_both(
        detail::matrix_of("BlockTensor::quantize_both", "the input", values, rows, cols), options,
        rounding, executor);
  }
  template <detail::float_element T, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE std::pair<BlockTensor, BlockTensor> quantize_both(
      MatrixView<T> values, const QuantizeOptions& options = {}, R rounding = {},
      E&& executor = {}) {
    std::pair<BlockTensor, BlockTensor> both;
    QuantizeOptions within_rows = options;
    within_rows.axis = 1;
    both.first.fill("BlockTensor::quantize_both", values, within_rows, rounding, {},
                    detail::executor_ref::of(executor), detail::chosen_scales{}, &both.second);
    return both;
  }

  /// A tensor of given codes and scales, laid out as codes() and scales() give them. Bits after the
  /// codes of a row become 0.
  ///
  /// Special   as quantize(), where a number of bytes or scales is not the shape's.
  [[nodiscard]] static NF_INLINE BlockTensor from_parts(std::span<const std::uint8_t> codes,
                                                        std::span<const scale> scales,
                                                        std::size_t rows, std::size_t cols,
                                                        int axis = 1, float tensor_scale = 1) {
    constexpr const char* call = "BlockTensor::from_parts";
    const detail::block_grid grid = detail::grid_of<Format>(call, rows, cols, axis);
    detail::require_parts<Format>(call, grid, codes.size(), scales.size());
    BlockTensor tensor;
    auto& parts = tensor.parts_;
    detail::shape_parts(parts, grid, axis);
    std::copy(codes.begin(), codes.end(), parts.codes.begin());
    std::copy(scales.begin(), scales.end(), parts.scales.begin());
    detail::clear_padding(parts);
    if constexpr (Format::tensor_scale != TensorScale::none) parts.tensor_scale = tensor_scale;
    return tensor;
  }

  /// Writes the numbers in row-major order, to a range or to a MatrixView.
  ///
  /// Result    scale * element (* tensor scale), rounded once, to nearest even, to the type of
  ///           `out`: in float exact for the MX formats wherever float holds it. Overflow is as in
  ///           convert().
  /// Special   an element whose scale is NaN is NaN. A size that differs throws
  ///           std::invalid_argument before anything is written.
  /// Promises  the same bits for every executor, whose tasks are whole blocks.
  template <number_range Out, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(Out&& out, E&& executor = {}) const {
    detail::require_shape("BlockTensor::dequantize", "the output", std::ranges::size(out), rows(),
                          cols());
    write({0, 0, rows(), cols()}, std::ranges::data(out), cols(),
          detail::executor_ref::of(executor));
  }
  template <number T, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(MatrixView<T> out, E&& executor = {}) const {
    detail::require_same_shape("BlockTensor::dequantize", parts_.grid, out.rows(), out.cols());
    write({0, 0, rows(), cols()}, out.data(), out.leading(), detail::executor_ref::of(executor));
  }
  /// Writes `count` numbers from element `first` of the row-major matrix on: whole blocks, as
  /// assign() takes them.
  template <number_range Out, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(std::size_t first, std::size_t count, Out&& out,
                            E&& executor = {}) const {
    detail::require_blocks<Format>("BlockTensor::dequantize", parts_.grid, first, count);
    detail::require_shape("BlockTensor::dequantize", "the output", std::ranges::size(out), 1,
                          count);
    detail::for_each_rectangle(
        parts_.grid, first, count, [&](const detail::matrix_part& part, std::size_t done) {
          write(part, std::ranges::data(out) + done, part.cols, detail::executor_ref::of(executor));
        });
  }

  /// The shape, how many elements there are, and whether there are none.
  NF_INLINE std::size_t rows() const noexcept { return parts_.grid.rows; }
  NF_INLINE std::size_t cols() const noexcept { return parts_.grid.cols; }
  NF_INLINE std::size_t size() const noexcept { return rows() * cols(); }
  NF_INLINE bool empty() const noexcept { return size() == 0; }
  /// The blocked axis, 0 or 1.
  NF_INLINE int axis() const noexcept { return parts_.axis; }

  /// The codes in logical row-major order; codes()[i].bits(), codes().row(r).
  NF_INLINE PackedMatrix<const element> codes() const noexcept {
    return {parts_.codes.data(), rows(), cols()};
  }
  /// A scale a block, in row-major order of the blocks: block_rows() x block_cols().
  NF_INLINE std::span<const scale> scales() const noexcept { return parts_.scales; }
  /// How many blocks lie below each other, and beside each other.
  NF_INLINE std::size_t block_rows() const noexcept { return parts_.grid.down(); }
  NF_INLINE std::size_t block_cols() const noexcept { return parts_.grid.across(); }
  /// The block in row r and column c of the blocks.
  ///
  /// Special   throws std::out_of_range, with both places, where the tensor has no such block.
  NF_INLINE Block block(std::size_t r, std::size_t c) const {
    detail::require_index("BlockTensor::block", r, block_rows());
    detail::require_index("BlockTensor::block", c, block_cols());
    const detail::block_grid& grid = parts_.grid;
    const std::size_t row = r * grid.height, col = c * grid.width;
    return {row, col, grid.band_end(r) - row, grid.block_end(c) - col,
            parts_.scales[r * block_cols() + c]};
  }
  /// The scale of the tensor; 1 where the format has none.
  NF_INLINE float tensor_scale() const noexcept { return parts_.tensor_scale; }

  /// The bytes of codes, scales and the tensor scale.
  NF_INLINE std::size_t size_bytes() const noexcept {
    return parts_.codes.size() + parts_.scales.size() * sizeof(scale) +
           (Format::tensor_scale == TensorScale::none ? 0 : sizeof(float));
  }
  /// Bits an element, scales and padding included; 0 for an empty matrix.
  NF_INLINE double bits_per_element() const noexcept {
    return detail::share_of(8 * size_bytes(), size());
  }

  /// Whether shape, axis, codes and scales are the same.
  friend NF_INLINE bool operator==(const BlockTensor& a, const BlockTensor& b) noexcept {
    const auto same = [](const auto& x, const auto& y) {
      return x.size() == y.size() &&
             (x.empty() || __builtin_memcmp(x.data(), y.data(), x.size() * sizeof(x[0])) == 0);
    };
    return a.rows() == b.rows() && a.cols() == b.cols() && a.axis() == b.axis() &&
           detail::bits_of_float(a.tensor_scale()) == detail::bits_of_float(b.tensor_scale()) &&
           same(a.parts_.codes, b.parts_.codes) && same(a.parts_.scales, b.parts_.scales);
  }

 private:
  static constexpr const char *quantize_ = "BlockTensor::quantize",
                              *assign_ = "BlockTensor::assign";
  /// Quantizes a matrix into this tensor, and down its columns into another.
  template <class T, class R, class Scales = detail::chosen_scales>
  NF_INLINE void fill(const char* call, MatrixView<T> values, QuantizeOptions options,
                      const R& rounding, std::optional<std::span<std::uint8_t>> mask,
                      const detail::executor_ref& executor, const Scales& scales = {},
                      BlockTensor* down_columns = nullptr) {
    using number = std::remove_const_t<T>;
    constexpr bool is_given = detail::range_of<Scales, scale>;
    constexpr bool two_levels = Format::tensor_scale != TensorScale::none;
    const auto grid = detail::grid_of<Format>(call, values.rows(), values.cols(), options.axis);
    if constexpr (is_given) {
      detail::require_scales<Format>(call, scales, grid, options);
      if (two_levels && detail::is_zero(options.tensor_scale)) options.tensor_scale = 1;
    }
    detail::require_options<Format>(call, options);
    detail::require_rounding<Format>(call, values.size(), options, rounding);
    const auto bits =
        mask ? detail::cleared_mask(call, *mask, values.size()) : detail::mask_place{};
    detail::shape_parts(parts_, grid, options.axis);
    if (down_columns != nullptr)
      detail::shape_parts(down_columns->parts_,
                          detail::grid_of<Format>(call, values.rows(), values.cols(), 0), 0);
    if constexpr (is_given) {
      std::copy_n(std::ranges::data(scales), parts_.scales.size(), parts_.scales.begin());
      if (two_levels) parts_.tensor_scale = options.tensor_scale;
    }
    detail::quantize_parts<Format, number, R>(
        detail::quantize_place<Format, number, R>{}, {values.data(), values.leading()},
        {0, 0, values.rows(), values.cols()}, options,
        is_given ? detail::scale_source::given : detail::scale_source::tensor, rounding, parts_,
        down_columns == nullptr ? nullptr : &down_columns->parts_, bits, executor);
  }

  /// Quantizes elements from `first` on into this tensor.
  template <class In, class R, class Scales = detail::chosen_scales>
  NF_INLINE void fill_part(std::size_t first, const In& values, QuantizeOptions options, R rounding,
                           std::optional<std::span<std::uint8_t>> mask,
                           const detail::executor_ref& executor, const Scales& scales = {}) {
    using number = detail::number_of<In>;
    constexpr bool is_given = detail::range_of<Scales, scale>;
    const std::size_t count = std::ranges::size(values);
    detail::require_blocks<Format>(assign_, parts_.grid, first, count);
    if constexpr (is_given) {
      const std::size_t before = detail::blocks_before(parts_.grid, first);
      detail::require_scales<Format>(assign_, scales,
                                     detail::blocks_before(parts_.grid, first + count) - before,
                                     std::to_string(count) + " elements have", options);
    }
    options = detail::options_of_part(assign_, parts_, options);
    detail::require_rounding<Format>(assign_, count, options, rounding);
    auto bits = mask ? detail::cleared_mask(assign_, *mask, count) : detail::mask_place{};
    if constexpr (is_given)
      std::copy_n(std::ranges::data(scales), std::ranges::size(scales),
                  parts_.scales.begin() +
                      static_cast<std::ptrdiff_t>(detail::blocks_before(parts_.grid, first)));
    if constexpr (!requires { rounding.size(); }) rounding = detail::rounding_from(rounding, first);
    detail::for_each_rectangle(
        parts_.grid, first, count, [&](const detail::matrix_part& part, std::size_t done) {
          bits.first = done;
          detail::quantize_parts<Format, number, R>(
              detail::quantize_place<Format, number, R>{},
              {std::ranges::data(values) + done, part.cols}, part, options,
              is_given ? detail::scale_source::given : detail::scale_source::blocks,
              detail::rounding_from(rounding, done), parts_, nullptr, bits, executor);
        });
  }

  template <class T>
  NF_INLINE void write(const detail::matrix_part& part, T* out, std::size_t leading,
                       const detail::executor_ref& executor) const {
    detail::dequantize_parts<Format, T>(detail::dequantize_place<Format, T>{}, parts_, part,
                                        {out, leading}, executor);
  }

  detail::block_parts<Format> parts_;
};

}  // namespace narrowfloat
