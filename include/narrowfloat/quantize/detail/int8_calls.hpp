// SPDX-License-Identifier: MIT
// What the int8 quantizers check and call, as integer.hpp sees it: the loops stand in int8_quantize.hpp and
// int8_dequantize.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "../../detail/array/checks.hpp"
#include "../../detail/array/place.hpp"
#include "../../float.hpp"
#include "../int8_options.hpp"

namespace narrowfloat::detail {

/// The scales of the operands of a product, and its bias; one scale may be for all.
struct product_scales {
  std::span<const float> rows, columns, bias;
};

template <class T, class R>
void quantize_to_int8(in_library, const T* in, std::size_t rows, std::size_t cols,
                      const Int8Options& options, const R& rounding, std::int8_t* codes,
                      float* scales);
void dequantize_int8_codes(in_library, const std::int8_t* codes, const float* scales,
                           std::size_t rows, std::size_t cols, Granularity granularity, float* out);
void dequantize_sums(in_library, const std::int32_t* sums, std::size_t rows, std::size_t cols,
                     const product_scales& by, float* out);

inline namespace NF_BASELINE {

template <class T, class R>
void quantize_to_int8(here, const T* in, std::size_t rows, std::size_t cols,
                      const Int8Options& options, const R& rounding, std::int8_t* codes,
                      float* scales);
void dequantize_int8_codes(here, const std::int8_t* codes, const float* scales, std::size_t rows,
                           std::size_t cols, Granularity granularity, float* out);
void dequantize_sums(here, const std::int32_t* sums, std::size_t rows, std::size_t cols,
                     const product_scales& by, float* out);

/// Whether the library quantizes numbers of type T to int8.
template <class T, class R>
inline constexpr bool is_compiled_int8 = std::is_same_v<T, float> &&
                                         (std::is_same_v<R, NearestEven> ||
                                          std::is_same_v<R, Stochastic<>>);

inline std::size_t scales_of(Granularity granularity, std::size_t rows, std::size_t cols) {
  if (granularity == Granularity::tensor) return 1;
  return granularity == Granularity::row ? rows : cols;
}

inline void require_int8(std::size_t codes, std::size_t scales, std::size_t rows, std::size_t cols,
                         Granularity granularity) {
  require_matrix(rows, cols, 1);
  require_shape("the array of codes", codes, rows, cols);
  const std::size_t wanted = scales_of(granularity, rows, cols);
  if (scales == wanted) return;
  throw_invalid("a matrix of " + std::to_string(rows) + " x " + std::to_string(cols) +
                " elements has " + std::to_string(wanted) + " scales here, not " +
                std::to_string(scales));
}

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

/// In squares that stay in the first-level cache.
inline void transpose_codes(const std::int8_t* in, std::size_t rows, std::size_t cols,
                            std::int8_t* out) {
  constexpr std::size_t side = 64;
  for (std::size_t top = 0; top < rows; top += side) {
    const std::size_t bottom = std::min(rows, top + side);
    for (std::size_t left = 0; left < cols; left += side) {
      const std::size_t right = std::min(cols, left + side);
      for (std::size_t col = left; col < right; ++col)
        for (std::size_t row = top; row < bottom; ++row)
          out[col * rows + row] = in[row * cols + col];
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
