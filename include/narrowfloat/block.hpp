// SPDX-License-Identifier: MIT
// BlockTensor: a matrix in a block format, quantized from numbers and dequantized to them.
#pragma once

#include <numeric>
#include <utility>

#include "block_dequantize.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// The blocks of a format over a matrix, which it checks as require_matrix() does.
template <class Format>
block_grid grid_of(std::size_t rows, std::size_t cols, int axis) {
  require_matrix(rows, cols, axis);
  constexpr auto along = static_cast<std::size_t>(Format::block_size),
                 lines = static_cast<std::size_t>(Format::block_rows);
  const bool within_rows = is_within_rows(axis);
  return {rows, cols, within_rows ? lines : along, within_rows ? along : lines};
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
  if (is_power || !std::is_same_v<typename Format::element, float4_e2m1fn>)
    throw_invalid("four_over_six is for float4_e2m1fn with scales that are no powers of two");
  if (folds) throw_invalid("four_over_six is for the exact pipeline");
}

/// Gives parts a shape; their memory is used again where it suffices.
template <class Format>
void shape_parts(block_parts<Format>& parts, std::size_t rows, std::size_t cols, int axis) {
  parts.grid = grid_of<Format>(rows, cols, axis);
  parts.axis = axis < 0 ? axis + 2 : axis;
  parts.codes.resize(rows * bit_stream_bytes(cols, Format::element::width));
  parts.scales.resize(parts.grid.down() * parts.grid.across());
}

template <class Format>
block_parts<Format> empty_parts(std::size_t rows, std::size_t cols, int axis) {
  block_parts<Format> parts;
  shape_parts(parts, rows, cols, axis);
  return parts;
}

/// Throws what quantize() does.
template <class Format, class R>
void require_input(std::size_t values, std::size_t rows, std::size_t cols,
                   const QuantizeOptions& options, const R& rounding) {
  require_options<Format>(options);
  if (options.three_quarters && decisive_bits < typename Format::element, R >> 22)
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
void quantize_parts(std::span<const T> values, std::size_t rows, std::size_t cols,
                    const QuantizeOptions& options, const R& rounding, block_parts<Format>& parts) {
  require_input<Format>(values.size(), rows, cols, options, rounding);
  shape_parts(parts, rows, cols, options.axis);
  const tensor_factors tensor = factors_of_values<Format>(values, options);
  parts.tensor_scale = tensor.decode;
  quantize_rows(values.data(), 0, rows, options, tensor, rounding, parts);
}

/// Along axis 1 and along axis 0, a band of rows at a time.
template <class Format, class T, class R>
std::pair<block_parts<Format>, block_parts<Format>> quantized_along_both(
    std::span<const T> values, std::size_t rows, std::size_t cols, const QuantizeOptions& options,
    const R& rounding) {
  require_input<Format>(values.size(), rows, cols, options, rounding);
  std::pair parts{empty_parts<Format>(rows, cols, 1), empty_parts<Format>(rows, cols, 0)};
  const tensor_factors tensor = factors_of_values<Format>(values, options);
  parts.first.tensor_scale = parts.second.tensor_scale = tensor.decode;
  const std::size_t band = std::lcm(parts.first.grid.height, parts.second.grid.height);
  for (std::size_t top = 0; top < rows; top += band) {
    const std::size_t bottom = rows - top < band ? rows : top + band;
    quantize_rows(values.data(), top, bottom, options, tensor, rounding, parts.first);
    quantize_rows(values.data(), top, bottom, options, tensor, rounding, parts.second);
  }
  return parts;
}

template <class Format, class T>
void dequantize_parts(const block_parts<Format>& parts, std::span<T> out) {
  require_shape("the output", out.size(), parts.grid.rows, parts.grid.cols);
  dequantize_blocks<Format>(parts.codes.data(), parts.scales.data(), parts.tensor_scale,
                            joined_rows<typename Format::element>(parts.grid), out.data());
}

}  // namespace NF_BASELINE
}  // namespace detail

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
  template <number_range In, rounding_policy R = NearestEven>
  requires lossless_to < detail::number_of<In>,
  float >
      static NF_INLINE BlockTensor quantize(const In& values, std::size_t rows, std::size_t cols,
                                            const QuantizeOptions& options = {}, R rounding = {}) {
    BlockTensor tensor;
    tensor.assign(values, rows, cols, options, rounding);
    return tensor;
  }

  /// As quantize(), into this tensor, whose memory is used again where it suffices.
  ///
  /// Special   as quantize(); then this tensor is as it was.
  template <number_range In, rounding_policy R = NearestEven>
  requires lossless_to < detail::number_of<In>,
  float > NF_INLINE void assign(const In& values, std::size_t rows, std::size_t cols,
                                const QuantizeOptions& options = {}, R rounding = {}) {
    using T = detail::number_of<In>;
    const std::span<const T> all(std::ranges::data(values), std::ranges::size(values));
    detail::quantize_parts<Format, T, R>(all, rows, cols, options, rounding, parts_);
  }

  /// Quantizes a row-major matrix along both axes, for a product and for that of its transpose.
  ///
  /// Result    what quantize() gives with axis = 1, and with axis = 0; options.axis does not count.
  /// Special   as quantize().
  /// Promises  both from the source, not one from the other.
  /// Cost      one read of the values from memory, two with a tensor scale.
  template <number_range In, rounding_policy R = NearestEven>
  requires lossless_to < detail::number_of<In>,
  float > static NF_INLINE std::pair<BlockTensor, BlockTensor> quantize_both(
              const In& values, std::size_t rows, std::size_t cols,
              const QuantizeOptions& options = {}, R rounding = {}) {
    using T = detail::number_of<In>;
    const std::span<const T> all(std::ranges::data(values), std::ranges::size(values));
    auto parts = detail::quantized_along_both<Format, T, R>(all, rows, cols, options, rounding);
    return {BlockTensor(std::move(parts.first)), BlockTensor(std::move(parts.second))};
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
    detail::dequantize_parts(
        parts_, std::span<detail::number_of<Out>>(std::ranges::data(out), std::ranges::size(out)));
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
