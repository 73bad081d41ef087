// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. From scales and codes to a matrix: scale * element (* tensor scale), rounded
// once to the type of the output.
#pragma once

#include "block_quantize.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Elements that the kernels decode together, on the widest instruction set.
inline constexpr std::size_t decode_group = 64;

/// The factors of a tile of blocks, and the multiplication of their elements by them.
template <class Format>
class tile_multiplier {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  using code = typename element_traits<Element>::code;
  using layout = layout_of<typename element_traits<Element>::rounded>;
  static constexpr bool is_power = power_of_two_scale<Scale>;
  /// Whether a factor has more bits than a float.
  static constexpr bool is_split = Format::tensor_scale != TensorScale::none;
  static constexpr int width = Element::width, quantum = layout::quantum;

 public:
  /// Whether a product that does not overflow is exact in float.
  static constexpr bool is_exact = is_power && quantum >= -22;

  tile_multiplier(std::size_t block_width, float tensor_scale)
      : width_(block_width),
        shift_(block_shift(block_width)),
        tensor_scale_(convert<double>(tensor_scale)),
        kernels_(block_kernels[static_cast<std::size_t>(active_isa())]),
        decode_(decode_kernel_of<code, is_split>(static_cast<std::size_t>(active_isa()))) {}

  /// Takes the scales of a tile of so many columns.
  void read(const Scale* scales, std::size_t columns) {
    const std::size_t blocks = columns / width_ + (columns % width_ != 0 ? 1 : 0);
    values_.assign(whole_packs(blocks) + 2 * decode_group, 0);
    high_.resize(values_.size());
    low_.resize(values_.size());
    decode_elements(scales, blocks, values_.data());
    // The lower part of a factor times an element is exact where 33 bits of the factor are.
    constexpr int least = is_split ? std::clamp(33 - 149 - quantum, -126, 127) : -126;
    const float_environment environment(direction::nearest);
    is_fast_ = float_environment::is_known &&
               kernels_.split_scales(values_.data(), values_.size(), tensor_scale_,
                                     is_power ? 0 : static_cast<std::uint32_t>(least + 127) << 23,
                                     high_.data(), low_.data());
    if constexpr (layout::has_infinity && !is_power)
      is_fast_ =
          is_fast_ && !is_split && std::count(values_.data(), values_.data() + blocks, 0.0) == 0;
    if (shift_ != 0 || width_ == 1) return;
    expand_factors(high_, columns + 2 * decode_group, width_);
    expand_factors(low_, columns + 2 * decode_group, width_);
  }

  /// Whether multiply() to floats serves.
  bool is_fast() const { return is_fast_; }

  /// Decodes and multiplies n elements of the columns from `first` on, of which the bytes up to `end` are readable.
  void multiply(const std::uint8_t* codes, const std::uint8_t* end, std::size_t n,
                std::size_t first, float* out) const {
    const float_environment environment(direction::nearest);
    if constexpr (width > 8 && width != 16) {
      for (std::size_t i = 0; i < n; i += decode_group) {
        const std::size_t count = std::min(decode_group, n - i);
        typename Element::Storage units[decode_group] = {};
        float products[decode_group];
        unpack_bits<width>(codes + bit_stream_bytes(i, width), count, units);
        run(reinterpret_cast<const std::uint8_t*>(units), decode_group, first + i, products);
        std::copy_n(products, count, out + i);
      }
    } else {
      // The kernels read eight bytes at once.
      std::size_t whole = n / decode_group * decode_group;
      while (whole != 0 && end - codes < static_cast<std::ptrdiff_t>(whole / 8 * width + 8))
        whole -= decode_group;
      run(codes, whole, first, out);
      if (whole == n) return;
      std::uint8_t rest[2 * decode_group * width / 8 + 8] = {};
      float products[2 * decode_group];
      std::copy_n(codes + whole / 8 * width, bit_stream_bytes(n - whole, width), rest);
      run(rest, 2 * decode_group, first + whole, products);
      std::copy_n(products, n - whole, out + whole);
    }
  }

  /// The same in double, exactly.
  void multiply(const std::uint8_t* codes, std::size_t n, std::size_t first, double* out) const {
    Element elements[row_part];
    unpack_bits<width>(codes, n, elements);
    decode_elements(elements, n, out);
    for (std::size_t i = 0; i < n; ++i)
      out[i] = scaled_up(out[i], scaled_up(values_[(first + i) / width_], tensor_scale_));
  }

 private:
  void run(const std::uint8_t* codes, std::size_t n, std::size_t first, float* out) const {
    decode_(codes, n, first, shift_, high_.data(), low_.data(), out);
  }

  std::size_t width_;
  int shift_;
  double tensor_scale_;
  const block_kernel_set& kernels_;
  decode_kernel decode_;
  std::vector<double> values_;
  std::vector<float> high_, low_;
  bool is_fast_ = false;
};

/// Whether a product, rounded to float first, becomes the same number of type T.
template <class Format, class T>
inline constexpr bool through_float = std::same_as<T, float> ||
                                      (tile_multiplier<Format>::is_exact &&
                                       !std::same_as<T, double> &&
                                       default_saturation<T> == Saturation::none &&
                                       layout_of<T>::max_exponent <= 127);

/// Writes scale * element (* tensor scale) for each element of the matrix.
template <class Format, class T>
void dequantize_blocks(const std::uint8_t* codes, const typename Format::scale* scales,
                       float tensor_scale, const block_grid& grid, T* out) {
  using Element = typename Format::element;
  if (grid.rows == 0 || grid.cols == 0) return;
  const std::size_t across = grid.across(), tile = grid.tile_columns(8 * row_part);
  const std::size_t stride = bit_stream_bytes(grid.cols, Element::width);
  const std::uint8_t* const end = codes + grid.rows * stride;
  const bool stream = leaves_caches(grid.rows * (stride + grid.cols * sizeof(T)));
  const auto isa = static_cast<std::size_t>(active_isa());
  tile_multiplier<Format> multiplier(grid.width, tensor_scale);

  for (std::size_t band = 0; band < grid.down(); ++band) {
    for (std::size_t left = 0; left < grid.cols; left += tile) {
      const std::size_t right = std::min(grid.cols, left + tile);
      multiplier.read(scales + band * across + left / grid.width, right - left);
      for (std::size_t row = band * grid.height; row < grid.band_end(band); ++row) {
        const std::uint8_t* const from = codes + row * stride;
        T* const to = out + row * grid.cols;
        if (std::same_as<T, float> && multiplier.is_fast() && !stream) {
          if constexpr (std::same_as<T, float>)
            multiplier.multiply(from + bit_stream_bytes(left, Element::width), end, right - left, 0,
                                to + left);
          continue;
        }
        for (std::size_t first = left; first < right; first += row_part) {
          const std::size_t count = std::min(row_part, right - first);
          const std::uint8_t* const part = from + bit_stream_bytes(first, Element::width);
          if (through_float<Format, T> && multiplier.is_fast()) {
            if constexpr (through_float<Format, T>) {
              alignas(64) float products[row_part];
              multiplier.multiply(part, end, count, first - left, products);
              run_kernel<binary32, layout_of<T>>(isa, products, to + first, count, nearest_even,
                                                 saturates_in(default_saturation<T>), stream);
            }
          } else {
            double products[row_part];
            multiplier.multiply(part, count, first - left, products);
            run_kernel<binary64, layout_of<T>>(isa, products, to + first, count, nearest_even,
                                               saturates_in(default_saturation<T>), stream);
          }
        }
      }
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
