// SPDX-License-Identifier: MIT
// From scales and codes to a matrix: scale * element (* tensor scale), rounded once to the type of
// the output.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../convert/detail/arrays.hpp"
#include "../../detail/array/bit_stream.hpp"
#include "../../detail/array/magnitude.hpp"
#include "calls.hpp"
#include "divide.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The factors of a tile of blocks, and the multiplication of their elements by them.
template <class Format>
class tile_multiplier {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  using layout = layout_of<typename element_traits<Element>::rounded>;
  static constexpr bool is_power = power_of_two_scale<Scale>;
  static constexpr int quantum = layout::quantum;
  /// Whether an element times a scale is exact in float.
  static constexpr bool is_product_exact = [] {
    if constexpr (narrow_float<Scale>) {
      using scale = layout_of<Scale>;
      return layout::mantissa_bits + scale::mantissa_bits + 2 <= 24 &&
             quantum + scale::quantum >= -149 && layout::max_exponent + scale::max_exponent <= 125;
    }
    return false;
  }();
  /// With a tensor scale a factor has more bits than a float.
  static constexpr factor_kind kind = Format::tensor_scale == TensorScale::none ? factor_kind::one
                                      : is_product_exact                        ? factor_kind::two
                                                                                : factor_kind::sum;

 public:
  static constexpr int width = Element::width;
  /// Whether a product that does not overflow is exact in float.
  static constexpr bool is_exact = is_power && quantum >= -22;

  tile_multiplier(std::size_t block_width, float tensor_scale)
      : width_(block_width),
        shift_(block_shift(block_width)),
        tensor_scale_(real_number<double>(tensor_scale)),
        isa_(active_isa()),
        decode_(isa_) {
    if constexpr (kind == factor_kind::two) second_ = {tensor_scale};
  }

  /// Takes the scales of a tile of so many columns.
  void read(const Scale* scales, std::size_t columns) {
    scales_ = scales;
    is_fast_ = false;
    if constexpr (float_environment::is_known && float_holds<Scale> &&
                  !(kind != factor_kind::one && layout::has_infinity)) {
      // The kernels read the factors of whole groups; those of no blocks matter only where they are
      // split.
      const std::size_t blocks = ceil_divided(columns, width_),
                        padded = whole_packs(blocks) + 2 * decode_group;
      if (first_.size() < padded) first_.resize(padded);
      decode_elements(scales, blocks, first_.data());
      if constexpr (kind == factor_kind::sum) {
        second_.resize(first_.size());
        // 0 is always in range
        std::fill_n(first_.data() + blocks, whole_packs(blocks) - blocks, 0.0f);
        is_fast_ = split(whole_packs(blocks));
      } else {
        is_fast_ = are_finite(blocks);
      }
      const std::size_t times = width_ >> shift_,
                        n = whole_packs(columns + 2 * decode_group) >> shift_;
      if (times == 1) return;
      repeat_factors(first_, spare_, n, times);
      if (kind == factor_kind::sum) repeat_factors(second_, spare_, n, times);
    }
  }

  /// Whether multiply() to floats serves.
  bool is_fast() const { return is_fast_; }

  /// Decodes and multiplies n elements of the columns from `first` on, of which the bytes up to
  /// `end` are readable; past the caches if `stream`, to an aligned `out`.
  void multiply(const std::uint8_t* codes, const std::uint8_t* end, std::size_t n,
                std::size_t first, float* out, bool stream) const {
    const float_environment environment(direction::nearest);
    decode_(codes, end, n, first, {first_.data(), second_.data(), shift_}, out, stream);
  }

  /// The same in double, exactly.
  void multiply(const std::uint8_t* codes, std::size_t n, std::size_t first, double* out) const {
    Element elements[part_elements];
    unpack_bits<width>(codes, n, elements);
    decode_elements(elements, n, out);
    for (std::size_t i = 0; i < n; ++i)
      out[i] =
          scaled_up(out[i], scaled_up(scale_value(scales_[(first + i) / width_]), tensor_scale_));
  }

 private:
  bool split(std::size_t n) {
    // The product by the lower part of a factor is exact where 33 bits of the factor are.
    constexpr int least = std::clamp(33 - 149 - quantum, -126, 127);
    const float_environment environment(direction::nearest);
    return split_kernels[isa_](first_.data(), n, tensor_scale_,
                               static_cast<std::uint32_t>(least + 127) << 23, first_.data(),
                               second_.data());
  }
  /// Neither NaN nor Inf; nor 0, where an element may be Inf.
  bool are_finite(std::size_t n) const {
    if (largest_kernels<std::uint32_t>[isa_](first_.data(), n) >= float_infinity) return false;
    if constexpr (kind == factor_kind::two)
      return (bits_of_float(second_.front()) & ~binary32::sign_mask) < float_infinity;
    if constexpr (is_power || !layout::has_infinity) return true;
    return std::none_of(first_.data(), first_.data() + n,
                        [](float x) { return bits_of_float(x) << 1 == 0; });
  }

  std::size_t width_;
  int shift_;
  double tensor_scale_;
  Isa isa_;
  element_multiplier<typename element_traits<Element>::code, kind> decode_;
  const Scale* scales_ = nullptr;
  std::vector<float> first_, second_, spare_;  ///< the factors, by their kind
  bool is_fast_ = false;
};

/// Whether a product, rounded to float first, becomes the same number of type T.
template <class Format, class T>
inline constexpr bool through_float = std::same_as<T, float> ||
                                      (tile_multiplier<Format>::is_exact &&
                                       !std::same_as<T, double> &&
                                       default_saturation<T> == Saturation::none &&
                                       layout_of<T>::max_exponent <= 127);

/// As multiply_row() to numbers of another type, or where the products have to be exact first.
template <class Format, class T>
void dequantize_row(const tile_multiplier<Format>& multiplier, const std::uint8_t* codes,
                    const std::uint8_t* end, std::size_t n, T* out, bool stream) {
  constexpr int width = Format::element::width;
  const Isa isa = active_isa();
  const saturates policy = saturates_in(default_saturation<T>);
  for (std::size_t first = 0; first < n; first += part_elements) {
    const std::size_t count = std::min(part_elements, n - first);
    const std::uint8_t* const part = codes + bit_stream_bytes(first, width);
    if (through_float<Format, T> && multiplier.is_fast()) {
      if constexpr (through_float<Format, T>) {
        alignas(64) float products[part_elements];
        multiplier.multiply(part, end, count, first, products, false);
        run_kernel<binary32, layout_of<T>>(isa, products, out + first, count, nearest_even, policy,
                                           stream);
      }
    } else {
      double products[part_elements];
      multiplier.multiply(part, count, first, products);
      run_kernel<binary64, layout_of<T>>(isa, products, out + first, count, nearest_even, policy,
                                         stream);
    }
  }
}

/// Writes scale * element (* tensor scale) for each element of a task of the matrix, to rows that
/// are so far apart; past the caches if `stream`.
template <class Format, class T>
void dequantize_blocks(const std::uint8_t* codes, const typename Format::scale* scales,
                       float tensor_scale, const block_grid& grid, const matrix_part& task,
                       const part_values<T>& out, bool stream) {
  using Element = typename Format::element;
  if (task.rows == 0 || task.cols == 0) return;
  const std::size_t last = task.left + task.cols, across = grid.across(),
                    tile = grid.tile_columns(8 * part_elements);
  const std::size_t stride = bit_stream_bytes(grid.cols, Element::width);
  const std::uint8_t* const end = codes + grid.rows * stride;
  tile_multiplier<Format> multiplier(grid.width, tensor_scale);

  std::size_t band = task.top / grid.height;
  for (std::size_t top = task.top, bottom; top < task.top + task.rows; top = bottom, ++band) {
    bottom = grid.band_end(band);
    for (std::size_t left = task.left; left < last; left += tile) {
      const std::size_t count = std::min(last - left, tile);
      multiplier.read(scales + band * across + left / grid.width, count);
      for (std::size_t row = top; row < bottom; ++row) {
        const std::uint8_t* const from =
            codes + row * stride + bit_stream_bytes(left, Element::width);
        T* const to = out.data + row * out.leading + left;
        if constexpr (std::same_as<T, float>) {
          if (multiplier.is_fast()) {
            multiply_row(multiplier, from, end, count, to, stream);
            continue;
          }
        }
        dequantize_row<Format, T>(multiplier, from, end, count, to, stream);
      }
    }
  }
  if (stream) end_streaming_kernels[active_isa()]();
}

template <class Format, class T>
void dequantize_parts(here, const block_parts<Format>& parts, const matrix_part& part,
                      const part_values<T>& out, const executor_ref& executor) {
  using Element = typename Format::element;
  const block_grid grid = grid_of_part<Element>(parts.grid, part, out.leading);
  const bool stream = leaves_caches(part.rows * bit_stream_bytes(part.cols, Element::width) +
                                    part.rows * part.cols * sizeof(T));
  run_matrix(executor, grid, [&](const matrix_part& task) {
    dequantize_blocks<Format>(parts.codes.data() + code_at<Element>(parts.grid, part),
                              parts.scales.data() + scale_at(parts.grid, part), parts.tensor_scale,
                              grid, task, out, stream);
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
