// SPDX-License-Identifier: MIT
// private: include <narrowfloat/quantize/integer.hpp>. From int8 codes and scales to floats, and from the sums of products
// of codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "integer_codes.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Multiplies codes by scale / 127, as the sum of two floats. That rounds code * scale / 127 as its exact value is
/// rounded: with m the scale's significand, below 2^24, code * m / 127 either is a whole number that float holds, as 127
/// is prime; or, between 2^j and 2^(j + 1), it is at least 2^(j - 24) / 127 away from every midpoint of floats, an odd
/// multiple of 2^(j - 24), and so more than 2^-32 of itself. The sum is known to 2^-45. In an environment that rounds to
/// nearest.
class int8_multiplier {
 public:
  static constexpr int width = 8;

  /// With a factor for each column, or with one for all of them.
  explicit int8_multiplier(bool by_column)
      : shift_(by_column ? 0 : one_for_all),
        isa_(static_cast<std::size_t>(active_isa())),
        decode_(isa_) {}

  /// Takes n scales, at most row_part; the first of them is in use.
  void read(const float* scales, std::size_t n) {
    // A factor has 53 bits: from here on none of them is below the least float.
    constexpr std::uint32_t least = (127 + 52 - 149) << binary32::mantissa_bits;
    first_ = 0;
    std::copy_n(scales, n, high_);
    std::fill_n(high_ + n, whole_packs(n) - n, 0.0f);
    is_split_ =
        block_kernels[isa_].split_scales(high_, whole_packs(n), 1.0 / 127, least, high_, low_);
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
    float x[row_part];
    for (std::size_t i = 0; i < n; i += row_part) {
      const std::size_t count = std::min(row_part, n - i);
      for (std::size_t k = 0; k < count; ++k) x[k] = static_cast<std::int8_t>(codes[i + k]);
      block_kernels[isa_].multiply_blocks_long(x, count, first + i, shift_, long_ + first_,
                                               narrowing::nearest, out + i);
    }
  }

 private:
  int shift_;
  std::size_t isa_;
  element_multiplier<int8_element, factor_kind::sum> decode_;
  bool is_split_ = false;
  std::size_t first_ = 0;
  float high_[row_part + 2 * decode_group] = {}, low_[row_part + 2 * decode_group] = {};
  double long_[row_part];  ///< instead, where a factor is too small or no number
};

inline void dequantize_codes(const std::int8_t* codes, const float* scales, std::size_t rows,
                             std::size_t cols, Granularity granularity, float* out) {
  if (granularity == Granularity::tensor) {
    cols *= rows;
    rows = 1;
  }
  if (rows == 0 || cols == 0) return;
  const bool by_column = granularity == Granularity::column;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(codes);
  const std::uint8_t* const end = bytes + rows * cols;
  const bool stream = leaves_caches(rows * cols * (1 + sizeof(float)));
  const float_environment environment(direction::nearest);
  int8_multiplier multiplier(by_column);
  // As many scales as are split together: the columns of a tile, or a few rows.
  const std::size_t width = by_column ? row_part : cols, height = by_column ? rows : whole_packs(1);
  for (std::size_t top = 0; top < rows; top += height) {
    const std::size_t bottom = std::min(rows, top + height);
    for (std::size_t left = 0; left < cols; left += width) {
      const std::size_t n = std::min(width, cols - left);
      multiplier.read(by_column ? scales + left : scales + top, by_column ? n : bottom - top);
      for (std::size_t row = top; row < bottom; ++row) {
        if (!by_column) multiplier.use(row - top);
        const std::size_t element = row * cols + left;
        multiply_row(multiplier, bytes + element, end, n, out + element, stream);
      }
    }
  }
  if (stream) block_kernels[static_cast<std::size_t>(active_isa())].end_streaming();
}

/// The scales of the operands of a product, and its bias; one scale may be for all.
struct product_scales {
  std::span<const float> rows, columns, bias;
};

inline void require_product(std::size_t sums, std::size_t out, std::size_t rows, std::size_t cols,
                            const product_scales& by) {
  require_matrix(rows, cols, 1);
  require_shape("the array of sums", sums, rows, cols);
  require_shape("the output", out, rows, cols);
  const auto require = [](const char* what, std::size_t have, std::size_t or_this,
                          std::size_t wanted) {
    if (have == or_this || have == wanted) return;
    throw_invalid(std::string(what) + " of a product are " + std::to_string(or_this) + " or " +
                  std::to_string(wanted) + ", not " + std::to_string(have));
  };
  require("the row scales", by.rows.size(), 1, rows);
  require("the column scales", by.columns.size(), 1, cols);
  require("the numbers in the bias", by.bias.size(), 0, cols);
}

inline void dequantize_sums(const std::int32_t* sums, std::size_t rows, std::size_t cols,
                            const product_scales& by, float* out) {
  if (cols == 0) return;
  const float_environment environment(direction::nearest);
  const int shift = by.columns.size() == 1 ? one_for_all : 0;
  for (std::size_t row = 0; row < rows; ++row) {
    integer_kernels[static_cast<std::size_t>(active_isa())](
        sums + row * cols, cols, by.rows[by.rows.size() == 1 ? 0 : row], by.columns.data(), shift,
        by.bias.empty() ? nullptr : by.bias.data(), out + row * cols);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
