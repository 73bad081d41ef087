// SPDX-License-Identifier: MIT
// From int8 codes and scales to floats, and from the sums of products of codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../../convert/detail/elements.hpp"
#include "../../detail/exact/binary.hpp"
#include "int8_calls.hpp"
#include "int8_product.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Multiplies codes by scale / 127, as the sum of two floats. That rounds code * scale / 127 as its
/// exact value is rounded: with m the scale's significand, below 2^24, code * m / 127 either is a
/// whole number that float holds, as 127 is prime; or, between 2^j and 2^(j + 1), it is at least
/// 2^(j - 24) / 127 away from every midpoint of floats, an odd multiple of 2^(j - 24), and so more
/// than 2^-32 of itself. The sum is known to 2^-45. In an environment that rounds to nearest.
class int8_multiplier {
 public:
  static constexpr int width = 8;

  /// With a factor for each column, or with one for all of them.
  explicit int8_multiplier(bool by_column)
      : shift_(by_column ? 0 : one_for_all), isa_(active_isa()), decode_(isa_) {}

  /// Takes n scales, at most part_elements; the first of them is in use.
  void read(const float* scales, std::size_t n) {
    // A factor has 53 bits: from here on none of them is below the least float.
    constexpr std::uint32_t least = (127 + 52 - 149) << binary32::mantissa_bits;
    first_ = 0;
    std::copy_n(scales, n, high_);
    std::fill_n(high_ + n, whole_packs(n) - n, 0.0f);
    is_split_ = split_kernels[isa_](high_, whole_packs(n), 1.0 / 127, least, high_, low_);
    if (is_split_) return;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t bits = bits_of_float(scales[i]);
      const bool is_number = (bits & (binary32::sign_mask - 1)) < float_infinity;
      long_[i] = is_number ? static_cast<double>(scales[i]) / 127
                           : double_of_bits(wide<std::uint64_t>::quiet_nan);
    }
  }

  /// Uses scale k for all columns.
  void use(std::size_t k) { first_ = k; }

  /// As tile_multiplier::multiply().
  void multiply(const std::uint8_t* codes, const std::uint8_t* end, std::size_t n,
                std::size_t first, float* out, bool stream) const {
    if (is_split_) {
      decode_(codes, end, n, first, {high_ + first_, low_ + first_, shift_}, out, stream);
      return;
    }
    float x[part_elements];
    for (std::size_t i = 0; i < n; i += part_elements) {
      const std::size_t count = std::min(part_elements, n - i);
      for (std::size_t k = 0; k < count; ++k) x[k] = static_cast<std::int8_t>(codes[i + k]);
      multiply_long_kernels[isa_](x, count, first + i, shift_, long_ + first_, narrowing::nearest,
                                  out + i);
    }
  }

 private:
  int shift_;
  Isa isa_;
  element_multiplier<fixed_code<8, 0>, factor_kind::sum> decode_;
  bool is_split_ = false;
  std::size_t first_ = 0;
  float high_[part_elements + 2 * decode_group] = {}, low_[part_elements + 2 * decode_group] = {};
  double long_[part_elements];  ///< instead, where a factor is too small or no number
};

inline void dequantize_int8_codes(here, const std::int8_t* codes, const float* scales,
                                  MatrixView<float> out, int8_sharing sharing) {
  std::size_t rows = out.rows(), cols = out.cols();
  if (rows == 0 || cols == 0) return;
  const bool stream = leaves_caches(rows * cols * (1 + sizeof(float)));
  if (sharing == int8_sharing::tensor && out.leading() == cols) {  // as one row
    cols *= rows;
    rows = 1;
  }
  const bool by_column = sharing == int8_sharing::column, by_row = sharing == int8_sharing::row;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(codes);
  const std::uint8_t* const end = bytes + rows * cols;
  const float_environment environment(direction::nearest);
  int8_multiplier multiplier(by_column);
  // As many scales as are split together: the columns of a tile, or a few rows.
  const std::size_t width = by_column ? part_elements : cols,
                    height = by_row ? whole_packs(1) : rows;
  for (std::size_t top = 0; top < rows; top += height) {
    const std::size_t bottom = std::min(rows, top + height);
    for (std::size_t left = 0; left < cols; left += width) {
      const std::size_t n = std::min(width, cols - left);
      multiplier.read(scales + (by_column ? left
                                : by_row  ? top
                                          : 0),
                      by_column ? n
                      : by_row  ? bottom - top
                                : 1);
      for (std::size_t row = top; row < bottom; ++row) {
        if (by_row) multiplier.use(row - top);
        multiply_row(multiplier, bytes + row * cols + left, end, n,
                     out.data() + row * out.leading() + left, stream);
      }
    }
  }
  if (stream) end_streaming_kernels[active_isa()]();
}

inline void dequantize_sums(here, const std::int32_t* sums, std::size_t rows, std::size_t cols,
                            const product_scales& by, float* out) {
  if (cols == 0) return;
  const float_environment environment(direction::nearest);
  const int shift = by.columns.size() == 1 ? one_for_all : 0;
  for (std::size_t row = 0; row < rows; ++row) {
    integer_kernels[active_isa()](sums + row * cols, cols, by.rows[by.rows.size() == 1 ? 0 : row],
                                  by.columns.data(), shift,
                                  by.bias.empty() ? nullptr : by.bias.data(), out + row * cols);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
