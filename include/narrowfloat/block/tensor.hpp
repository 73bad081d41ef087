// SPDX-License-Identifier: MIT
// BlockTensor: a matrix in a block format, quantized from numbers and dequantized to them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/checks.hpp"
#include "../packed/matrix.hpp"
#include "detail/calls.hpp"
#include "format.hpp"

namespace narrowfloat {

/// A matrix of numbers in a block format: codes in rows that start on a byte each, a scale a block, and
/// a scale of the tensor where the format has one. The blocks at the right and lower ends hold only the
/// elements that there are.
template <block_format Format>
class BlockTensor {
 public:
  using block_format = Format;
  using element = typename Format::element;
  using scale = typename Format::scale;

  /// Where a block lies, from element codes()[row * cols() + col] on, and its scale.
  struct Block {
    std::size_t row, col, rows, cols;
    typename Format::scale scale;
  };

  BlockTensor() = default;

  /// Quantizes a row-major matrix.
  ///
  /// Result    each scale by options.rule; each element is the exact quotient of the value by its scale
  ///           (and the tensor scale), rounded once by `rounding` and saturated. A keyed Stochastic
  ///           draws the bits of index offset + i for element i of the row-major matrix, whatever the
  ///           axis and the blocks; explicit bits are a range of words, one for each element. A block of
  ///           zeros gets the least scale and keeps the signs.
  /// Special   NaN and Inf by options.non_finite. Sizes that differ, a wrong axis and options that do
  ///           not fit the format throw std::invalid_argument before anything is allocated.
  /// Promises  the same bits on every instruction set and in every floating-point environment.
  /// Cost      two passes over the values, three with a tensor scale.
  template <float_source In, rounding_policy R = NearestEven>
  static NF_INLINE BlockTensor quantize(const In& values, std::size_t rows, std::size_t cols,
                                        const QuantizeOptions& options = {}, R rounding = {}) {
    BlockTensor tensor;
    tensor.assign(values, rows, cols, options, rounding);
    return tensor;
  }

  /// As quantize(), into this tensor, whose memory is used again where it suffices.
  ///
  /// Special   as quantize(); then this tensor is as it was.
  template <float_source In, rounding_policy R = NearestEven>
  NF_INLINE void assign(const In& values, std::size_t rows, std::size_t cols,
                        const QuantizeOptions& options = {}, R rounding = {}) {
    using T = detail::number_of<In>;
    const std::span<const T> all(std::ranges::data(values), std::ranges::size(values));
    detail::quantize_parts<Format, T, R>(detail::quantize_place<Format, T, R>{}, all, rows, cols,
                                         options, rounding, parts_);
  }

  /// Quantizes a row-major matrix along both axes, for a product and for that of its transpose.
  ///
  /// Result    what quantize() gives with axis = 1, and with axis = 0; options.axis does not count.
  /// Special   as quantize().
  /// Promises  both from the source, not one from the other.
  /// Cost      one read of the values from memory, two with a tensor scale.
  template <float_source In, rounding_policy R = NearestEven>
  static NF_INLINE std::pair<BlockTensor, BlockTensor> quantize_both(
      const In& values, std::size_t rows, std::size_t cols, const QuantizeOptions& options = {},
      R rounding = {}) {
    using T = detail::number_of<In>;
    const std::span<const T> all(std::ranges::data(values), std::ranges::size(values));
    std::pair<BlockTensor, BlockTensor> both;
    detail::quantize_parts_both<Format, T, R>(detail::quantize_place<Format, T, R>{}, all, rows,
                                              cols, options, rounding, both.first.parts_,
                                              both.second.parts_);
    return both;
  }

  /// A tensor of given codes and scales, laid out as codes() and scales() give them.
  ///
  /// Special   as quantize(), where a number of bytes or scales is not the shape's.
  static NF_INLINE BlockTensor from_parts(std::span<const std::uint8_t> codes,
                                          std::span<const scale> scales, std::size_t rows,
                                          std::size_t cols, int axis = 1, float tensor_scale = 1) {
    BlockTensor tensor(detail::empty_parts<Format>(rows, cols, axis));
    auto& parts = tensor.parts_;
    if (codes.size() != parts.codes.size() || scales.size() != parts.scales.size()) {
      detail::throw_invalid("a matrix of " + std::to_string(rows) + " x " + std::to_string(cols) +
                            " elements has " + std::to_string(parts.codes.size()) +
                            " bytes of codes and " + std::to_string(parts.scales.size()) +
                            " scales, not " + std::to_string(codes.size()) + " and " +
                            std::to_string(scales.size()));
    }
    std::copy(codes.begin(), codes.end(), parts.codes.begin());
    std::copy(scales.begin(), scales.end(), parts.scales.begin());
    if constexpr (Format::tensor_scale != TensorScale::none) parts.tensor_scale = tensor_scale;
    return tensor;
  }

  /// Writes the numbers in row-major order.
  ///
  /// Result    scale * element (* tensor scale), rounded once, to nearest even, to the type of `out`: in
  ///           float exact for the MX formats wherever float holds it. Overflow is as in convert().
  /// Special   an element whose scale is NaN is NaN. A size that differs throws std::invalid_argument
  ///           before anything is written.
  template <number_range Out>
  NF_INLINE void dequantize(Out&& out) const {
    using T = detail::number_of<Out>;
    detail::dequantize_parts<Format, T>(
        detail::place_of<detail::is_compiled_blocks<Format, T>, Format, T>(), parts_,
        std::span<T>(std::ranges::data(out), std::ranges::size(out)));
  }

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
  NF_INLINE std::size_t block_rows() const noexcept { return parts_.grid.down(); }
  NF_INLINE std::size_t block_cols() const noexcept { return parts_.grid.across(); }
  /// The block in row r and column c of the blocks.
  ///
  /// Special   one that there is not throws std::out_of_range with both places.
  NF_INLINE Block block(std::size_t r, std::size_t c) const {
    detail::require_index(r, block_rows());
    detail::require_index(c, block_cols());
    const detail::block_grid& grid = parts_.grid;
    const std::size_t row = r * grid.height, col = c * grid.width;
    return {row, col, grid.band_end(r) - row, grid.block_end(c) - col,
            parts_.scales[r * block_cols() + c]};
  }
  /// The scale of the tensor; 1 where the format has none.
  NF_INLINE float tensor_scale() const noexcept { return parts_.tensor_scale; }

  /// Codes, scales and the tensor scale.
  NF_INLINE std::size_t size_bytes() const noexcept {
    return parts_.codes.size() + parts_.scales.size() * sizeof(scale) +
           (Format::tensor_scale == TensorScale::none ? 0 : sizeof(float));
  }
  /// 0 for an empty matrix.
  NF_INLINE double bits_per_element() const noexcept {
    return empty() ? 0 : 8 * static_cast<double>(size_bytes()) / static_cast<double>(size());
  }

  /// The same shape and axis, the same codes and scales.
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
  NF_INLINE explicit BlockTensor(detail::block_parts<Format> parts) : parts_(std::move(parts)) {}

  detail::block_parts<Format> parts_;
};

}  // namespace narrowfloat
