// SPDX-License-Identifier: MIT
// private: include <narrowfloat/quantize/integer.hpp>. From a matrix to int8 codes and scales, through the kernels of
// the block formats. It is no block format: there a scale would be the float nearest amax / 127, and the codes
// the quotients by that.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../block.hpp"

namespace narrowfloat {

/// Which elements of a matrix share a scale.
enum class Granularity {
  tensor,  ///< all
  row,     ///< those of a row
  column   ///< those of a column
};

/// How quantize_int8() quantizes.
struct Int8Options {
  Granularity granularity = Granularity::row;
  NonFinite non_finite = NonFinite::nan_block;  ///< a block is what shares a scale
};

namespace detail {
inline namespace NF_BASELINE {

using int8_element = FixedPoint<8, 0>;
using int8_magnitude = element_traits<int8_element>::rounded;

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

/// The scale of a largest magnitude, as bits.
inline float int8_scale(std::uint32_t amax, NonFinite non_finite) {
  if (amax < float_infinity) return float_of_bits(amax);
  return float_of_bits(amax == float_infinity && non_finite == NonFinite::saturate
                           ? float_infinity - 1
                           : binary32::nan_code);
}

/// 127 / scale, rounded, as doubles and as floats, which may be Inf; 0 of 0 and of NaN. In a known environment.
inline void invert_int8_scales(const float* scales, std::size_t n, double* inverses,
                               float* narrow) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of_float(scales[i]);
    const bool none = bits == 0 || bits > float_infinity;
    inverses[i] = none ? 0 : 127 / static_cast<double>(scales[i]);  // at least 127 / 2^128: normal
    narrow[i] = static_cast<float>(inverses[i]);
  }
}

/// 127 x / amax of finite numbers, to 60 bits and a jammed tail.
inline exact int8_quotient(float x, float amax) {
  exact a = exact_value<binary32>(bits_of_float(x));
  const exact b = exact_value<binary32>(bits_of_float(amax));
  if (a.what != exact::kind::finite || b.what != exact::kind::finite)
    return exact::zero(a.negative);
  constexpr int spare = exact::leading - 23;  // floats have 24 significant bits, 127 has 7
  const std::uint64_t dividend = ((a.significand >> spare) * 127) << 32,
                      divisor = b.significand >> spare;
  const std::uint64_t first = dividend / divisor, rest = (dividend % divisor) << 22;
  const std::uint64_t tail = rest % divisor != 0 ? 1 : 0;
  return exact::finite(a.negative, (first << 22) | (rest / divisor) | tail,
                       a.exponent - b.exponent - 54);
}

/// The scales of a part and their inverses; that of element i is at (first + i) >> shift.
struct int8_factors {
  const float* scales;
  const double* inverses;
  const float* narrow;
  std::size_t first;
  int shift;
};

/// Rounds 127 x / scale of n numbers, at most row_part.
///
/// No quotient 127 x / amax of floats, if it is not equal to it, comes nearer than 2^-(N + 32) of itself to a number with
/// N + 1 bits behind the point. So 49 bits of the quotient decide as all of them do, for up to 16 random bits.
template <class R>
void round_to_int8(const float* in, std::size_t n, const int8_factors& by, const R& rounding,
                   int8_element* out) {
  element_encoding how{.most_negative = most_negative<int8_element>(false)};
  if constexpr (decisive_bits<int8_element, R> <= 22 && R::random_bits == 0 && !looks_below<R>) {
    how.inverses = by.inverses;
    how.mask = bits_near<int8_element>;
    encode_products(in, n, by.first, by.shift, by.narrow, rounding, how, out);
  } else if constexpr (decisive_bits<int8_element, R> <= 22) {
    float quotients[row_part];
    {
      const float_environment environment(direction::nearest);
      block_kernels[static_cast<std::size_t>(active_isa())].multiply_blocks_long(
          in, n, by.first, by.shift, by.inverses, narrowing::odd_above_zero, quotients);
    }
    encode_elements(quotients, n, rounding, how, out);
  } else if constexpr (R::random_bits <= 16) {
    double quotients[row_part];
    {
      const float_environment environment(direction::nearest);
      for (std::size_t i = 0; i < n; ++i) {
        const double x = in[i], product = x * by.inverses[(by.first + i) >> by.shift];
        const auto bits = __builtin_bit_cast(std::uint64_t, product) + 8;
        quotients[i] = double_of_bits(bits & ~std::uint64_t{15});
      }
    }
    encode_elements(quotients, n, rounding, how, out);
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      const exact q = int8_quotient(in[i], by.scales[(by.first + i) >> by.shift]);
      const std::uint32_t code =
          round_to<int8_magnitude>(q, rounding_from(rounding, i), Saturation::finite).bits();
      const std::uint32_t sign = layout_of<int8_magnitude>::sign_mask, magnitude = code & ~sign;
      const std::uint32_t integer = (code & sign) != 0 ? 0u - magnitude : magnitude;
      out[i] = int8_element::from_bits(static_cast<std::uint8_t>(integer));
    }
  }
}

/// Rounds n numbers, at most row_part, to codes; all of them and their scales are numbers if `is_finite`.
template <class R>
void encode_int8(const float* in, std::size_t n, const int8_factors& by, bool is_finite,
                 const R& rounding, std::int8_t* out) {
  const auto largest = largest_kernels<std::uint32_t>[static_cast<std::size_t>(active_isa())];
  const std::size_t scales = by.shift == 0 ? n : 1;
  if (is_finite || (largest(in, n) < float_infinity &&
                    largest(by.scales + (by.first >> by.shift), scales) < float_infinity)) {
    round_to_int8(in, n, by, rounding, reinterpret_cast<int8_element*>(out));
    return;
  }
  int8_element elements[row_part];
  round_to_int8(in, n, by, rounding, elements);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of_float(in[i]), value = bits & (binary32::sign_mask - 1);
    const std::uint32_t scale = bits_of_float(by.scales[(by.first + i) >> by.shift]);
    int code = elements[i].integer();
    if (value >= float_infinity) code = value == float_infinity && bits != value ? -127 : 127;
    if (scale >= float_infinity) code = 0;
    out[i] = static_cast<std::int8_t>(code);
  }
}

template <class T, class R>
void quantize_to_int8(const T* in, std::size_t rows, std::size_t cols, const Int8Options& options,
                      const R& rounding, std::int8_t* codes, float* scales) {
  if (rows == 0 || cols == 0) {
    std::fill_n(scales, scales_of(options.granularity, rows, cols), 0.0f);
    return;
  }
  if (options.granularity == Granularity::tensor) {
    cols *= rows;
    rows = 1;
  }
  const bool by_column = options.granularity == Granularity::column;
  // The rows that share scales are read for these and then for the codes, one row while it is in the caches.
  const std::size_t height = by_column ? rows : 1, count = by_column ? cols : 1;
  std::vector<std::uint32_t> amax(count);
  std::vector<double> inverses(count);
  std::vector<float> narrow(count);
  const auto isa = static_cast<std::size_t>(active_isa());
  const bool propagates = options.non_finite == NonFinite::propagate;
  const std::uint32_t limit = propagates ? float_infinity - 1 : binary32::sign_mask - 1;
  const auto for_each = [&](std::size_t top, auto f) {
    for (std::size_t row = top; row < top + height; ++row)
      for_each_part(in + row * cols, 0, cols,
                    [&](const float* x, std::size_t n, std::size_t first) { f(x, n, row, first); });
  };
  for (std::size_t top = 0; top < rows; top += height, scales += count) {
    std::ranges::fill(amax, 0);
    for_each(top, [&](const float* x, std::size_t n, std::size_t, std::size_t first) {
      block_kernels[isa].join_magnitudes(x, n, by_column ? first : 0, by_column ? 1 : n, limit,
                                         amax.data());
    });
    for (std::size_t i = 0; i < count; ++i) scales[i] = int8_scale(amax[i], options.non_finite);
    const bool is_finite =
        !propagates && largest_kernels<std::uint32_t>[isa](amax.data(), count) < float_infinity;
    {
      const float_environment environment(direction::nearest);
      invert_int8_scales(scales, count, inverses.data(), narrow.data());
    }
    for_each(top, [&](const float* x, std::size_t n, std::size_t row, std::size_t first) {
      const int8_factors by{scales, inverses.data(), narrow.data(), by_column ? first : 0,
                            by_column ? 0 : one_for_all};
      const std::size_t element = row * cols + first;
      encode_int8(x, n, by, is_finite, rounding_from(rounding, element), codes + element);
    });
  }
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
}  // namespace detail

}  // namespace narrowfloat
