// SPDX-License-Identifier: MIT
// What a block format is made of: an element type, a scale type, and how many elements share a
// scale.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "../detail/array/lengths.hpp"
#include "../float.hpp"
#include "number_types.hpp"

namespace narrowfloat {
/// Whether a tensor has one more scale, a float, that all its blocks share.
enum class TensorScale {
  none,    ///< the scales of the blocks are all there is
  float32  ///< from the tensor's largest magnitude, so that block scales may have little range
};

namespace detail {

template <class T>
concept power_of_two_scale = std::same_as<T, ExponentInt8> ||
    (narrow_float<T>&& layout_of<T>::is_scale);

}  // namespace detail

/// An element of a block format: a Float of 1 to 16 bits, or a FixedPoint.
template <class T>
concept block_element = detail::is_fixed_point<T> ||(narrow_float<T>&& T::width <= 16);

/// A scale of a block format: a power of two (E8M0, ExponentInt8), float, or an unsigned or signed
/// Float, of which only nonnegative codes are used.
template <class T>
concept block_scale = detail::power_of_two_scale<T> || std::same_as<T, float> || narrow_float<T>;

namespace detail {
template <class Scale>
inline constexpr TensorScale usual_tensor_scale = TensorScale::none;
template <narrow_float Scale>
inline constexpr TensorScale usual_tensor_scale<Scale> =
    power_of_two_scale<Scale> || Scale::width > 8 ? TensorScale::none : TensorScale::float32;
}  // namespace detail

/// Blocks of elements that share a scale: K of them along the blocked axis, in Rows neighbouring
/// lines (1: the blocks of OCP MX and NVFP4; 16 x 16 and 128 x 128: the two-dimensional ones of
/// weights). An 8-bit scale with mantissa bits brings a scale of the tensor unless told otherwise.
///
/// Example   // 16 in a row share a scale
///           using nvfp4_blocks = BlockFormat<float4_e2m1fn, float8_e4m3fn, 16>;
///           const auto t = BlockTensor<nvfp4_blocks>::quantize(x, rows, cols);
///           // 4 + 8 / 16, one float
///           assert(t.bits_per_element() > 4.5 && t.scales().size() == rows * cols / 16);
///           static_assert(std::is_same_v<nvfp4_blocks, nvfp4>);
template <block_element Element, block_scale Scale, int K, int Rows = 1,
          TensorScale Tensor = detail::usual_tensor_scale<Scale>>
struct BlockFormat {
  static_assert(K >= 1 && Rows >= 1, "BlockFormat<..., K, Rows>: a block has at least one element");
  static_assert(Tensor == TensorScale::none || !detail::power_of_two_scale<Scale>,
                "BlockFormat<...>: power-of-two scales need no tensor scale");
  /// The types of elements and scales.
  using element = Element;
  using scale = Scale;
  /// Elements along the blocked axis, and neighbouring lines, of a block.
  static constexpr int block_size = K;
  static constexpr int block_rows = Rows;
  /// Whether all blocks share one more scale.
  static constexpr TensorScale tensor_scale = Tensor;
};

/// An instance of BlockFormat.
template <class T>
concept block_format = requires {
  typename T::element;
  typename T::scale;
  { T::block_size } -> std::convertible_to<int>;
  { T::block_rows } -> std::convertible_to<int>;
  { T::tensor_scale } -> std::convertible_to<TensorScale>;
};

/// The exponent of a power-of-two scale. With amax = m * 2^e the largest magnitude of the block,
/// 1 <= m < 2, and the largest element M * 2^emax, 1 <= M < 2:
enum class ScaleRule {
  /// e - emax, as OCP MX says: magnitudes above the largest element's are clipped. With full_range
  /// the element -2 of MXINT8 can read back as -Inf: -2 times the scale of a value near -FLT_MAX
  floor,
  ceil,   ///< e - emax, one more where m > 1: never clips, may waste almost a binade
  rceil,  ///< the smallest without clipping: e - emax, one more where m > M
  even,   ///< e - emax, one more where m, rounded to the element's mantissa (ties up), is 2
  search  ///< of floor - 1 ... floor + 2 the one with the smallest sum of squared errors under
          ///< rounding to nearest even, computed exactly; on a tie the larger scale. A scale under
          ///< which a finite value could read back as Inf, in float, is taken only if all are such
};

/// The names of the rules, in the order of ScaleRule.
inline constexpr std::array<std::string_view, 5> scale_rule_names{"floor", "ceil", "rceil", "even",
                                                                  "search"};

/// How scales and elements are computed.
enum class ScalePipeline {
  exact,  ///< every quotient exact and rounded once
  /// NVIDIA Transformer Engine's, for formats with a tensor scale and for rceil:
  transformer_engine
  ///< reciprocals and products in float. Its reciprocals end at the largest float, so
  ///< that elements under a scale (times the tensor scale) below 2^-128 come out too small
};

/// Four over six: which of two scales a block of FP4 gets, the one that maps its largest magnitude
/// to 6 or the one that maps it to 4. FP4 has no 5, so with 4 the steps below the largest magnitude
/// are finer.
enum class FourOverSix {
  none,  ///< the one that maps the largest magnitude to 6
  /// the one with the smaller sum of squared errors under rounding to nearest even; on a tie 6
  squared_error,
  /// with the smaller sum of their magnitudes, Transformer Engine's default; on a tie 6
  absolute_error
};

/// How to quantize. What a format, or a call, has no use for is refused unless it has its default
/// value.
struct QuantizeOptions {
  ScaleRule rule = ScaleRule::
      floor;     ///< for power-of-two scales; others are amax over the largest element, rounded
                 ///< to nearest even, or the largest scale under which that element is no Inf
  int axis = 1;  ///< blocks run along this axis: 1 within rows, 0 down the columns; or -1, -2. For
                 ///< quantize_both() it does not count
  /// What becomes of a block with Inf or NaN.
  NonFinite non_finite = NonFinite::nan_block;
  bool full_range = false;  ///< fixed-point elements use the most negative code
  float tensor_scale =
      0;  ///< for formats that have one; 0: from the largest magnitude of the tensor
  FourOverSix four_over_six = FourOverSix::none;  ///< FP4 with scales that are no powers of two
  /// In which steps scales and quotients are computed.
  ScalePipeline pipeline = ScalePipeline::exact;
  bool normal_scales =
      false;  ///< scales with mantissa bits: none is below the smallest normal one, as torchao
              ///< has it for NVFP4; in the exact pipeline
  bool three_quarters =
      false;  ///< power-of-two scales: elements are rounded from 3/4 of the quotients, so that
              ///< stochastic rounding under the floor rule clips nothing and is unbiased
              ///< (arXiv 2502.20586); the reader multiplies by 4/3
  float least_amax =
      0;  ///< a largest magnitude, of a block or of the tensor, that is smaller counts as this
};

namespace detail {

/// Whether the scales have subnormal numbers.
template <class Format>
inline constexpr bool narrow_float_scale = [] {
  using Scale = typename Format::scale;
  if constexpr (narrow_float<Scale> && !power_of_two_scale<Scale>)
    return Scale::exponent_bits > 0 && Scale::mantissa_bits > 0;
  return false;
}();

/// The blocks of a matrix: `height` rows by `width` columns each, fewer at the lower and right
/// ends.
struct block_grid {
  std::size_t rows = 0, cols = 0, height = 1, width = 1;

  constexpr NF_FN std::size_t down() const { return ceil_divided(rows, height); }
  constexpr NF_FN std::size_t across() const { return ceil_divided(cols, width); }
  constexpr NF_FN std::size_t band_end(std::size_t band) const {
    return rows - band * height < height ? rows : (band + 1) * height;
  }
  constexpr NF_FN std::size_t block_end(std::size_t block) const {
    return cols - block * width < width ? cols : (block + 1) * width;
  }
  /// Columns that are worked on together: whole blocks, about as many columns as are wanted, a
  /// multiple of 8; or all.
  constexpr NF_FN std::size_t tile_columns(std::size_t wanted) const {
    const std::size_t unit = width % 8 == 0 ? width : 8 * width;
    const std::size_t tile = unit < wanted ? wanted / unit * unit : unit;
    return tile < cols ? tile : cols;
  }
};

/// Everything a BlockTensor holds. These two are members of a public type: the same in every
/// translation unit.
template <class Format>
struct block_parts {
  block_grid grid;
  int axis = 1;
  float tensor_scale = 1;
  std::vector<std::uint8_t> codes;
  std::vector<typename Format::scale> scales;
};

}  // namespace detail

template <block_format Format>
class BlockTensor;

}  // namespace narrowfloat
