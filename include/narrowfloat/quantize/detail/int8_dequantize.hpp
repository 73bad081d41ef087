// SPDX-License-Identifier: MIT
// From int8 codes and scales to floats, and from the sums of products of codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../../convert/detail/elements.hpp"
#include "../../detail/array/matrix_cuts.hpp"
#include "../../detail/exact/binary.hpp"
#include "int8_calls.hpp"
#include "int8_product.hpp"
#include "task_results.hpp"

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
    const std::size_t packs = whole_packs(n);
    std::fill_n(high_ + n, packs - n, 0.0f);
    is_split_ = split_kernels[isa_](high_, packs, 1.0 / 127, least, high_, low_);
    if (is_split_ && shift_ == 0)  // the kernels read on
      for (float* const each : {high_, low_}) std::fill_n(each + packs, 2 * decode_group, 0.0f);
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
  float high_[part_elements + 2 * decode_group], low_[part_elements + 2 * decode_group];
  double long_[part_elements];  ///< instead, where a factor is too small or no number
};

/// Multiplies tiles of a matrix in which each column has a scale.
inline void dequantize_int8_columns(const std::uint8_t* codes, const float* scales,
                                    const MatrixView<float>& out, bool stream,
                                    const executor_ref& executor) {
  const std::size_t rows = out.rows(), cols = out.cols(), width = part_elements;
  // the scales of a tile are split together
  const matrix_cuts cuts{{rows, units_of_task(std::min(cols, width))}, {cols, width}};
  run_cuts(executor, cuts, [&](const matrix_part& part) {
    const float_environment environment(direction::nearest);
    int8_multiplier multiplier(true);
    multiplier.read(scales + part.left, part.cols);
    for (std::size_t row = part.top; row < part.top + part.rows; ++row)
      multiply_row(multiplier, codes + row * cols + part.left, codes + rows * cols, part.cols,
                   out.row(row).data() + part.left, stream);
    if (stream) end_streaming_kernels[active_isa()]();
  });
}

inline void dequantize_int8_codes(here, const std::int8_t* codes, const float* scales,
                                  MatrixView<float> out, int8_sharing sharing,
                                  const executor_ref& executor) {
  const std::size_t n = out.size();
  if (n == 0) return;
  const bool stream = leaves_caches(n * (1 + sizeof(float)));
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(codes);
  if (sharing == int8_sharing::column)
    return dequantize_int8_columns(bytes, scales, out, stream, executor);
  const bool is_dense = out.leading() == out.cols(), by_row = sharing == int8_sharing::row;
  if (is_dense && !by_row) out = MatrixView(std::span(out.data(), n), 1, n);  // as one row
  const std::size_t cols = out.cols();
  // whole rows, or parts of one
  const auto cuts = cols <= task_elements ? task_cuts{n, units_of_task(cols) * cols}
                                          : task_cuts::of(out.data(), n);
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    const float_environment environment(direction::nearest);
    int8_multiplier multiplier(false);
    if (!by_row) multiplier.read(scales, 1);
    std::size_t split = 0, top = 0;  // the scales that are read: so many, from row `top` on
    const auto multiply = [&](std::size_t row, std::size_t left, std::size_t width) {
      if (by_row) {
        if (row >= top + split) {
          top = row;
          split = std::min(whole_packs(1), out.rows() - top);  // as many as are split together
          multiplier.read(scales + top, split);
        }
        multiplier.use(row - top);
      }
      multiply_row(multiplier, bytes + row * cols + left, bytes + n, width,
                   out.row(row).data() + left, stream);
    };
    for_each_row(first, count, cols, multiply);
    if (stream) end_streaming_kernels[active_isa()]();
  });
}

inline void dequantize_sums(here, const std::int32_t* sums, std::size_t rows, std::size_t cols,
                            const product_scales& by, float* out, const executor_ref& executor) {
  const bool one_column = by.columns.size() == 1;
  run_cuts(executor, task_cuts::of(out, rows * cols), [&](std::size_t first, std::size_t count) {
    const float_environment environment(direction::nearest);
    const auto scale = [&](std::size_t row, std::size_t left, std::size_t n) {
      integer_kernels[active_isa()](
          sums + row * cols + left, n, by.rows[by.rows.size() == 1 ? 0 : row],
          by.columns.data() + (one_column ? 0 : left), one_column ? one_for_all : 0,
          by.bias.empty() ? nullptr : by.bias.data() + left, out + row * cols + left);
    };
    for_each_row(first, count, cols, scale);
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
