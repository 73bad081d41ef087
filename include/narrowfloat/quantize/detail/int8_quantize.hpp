// SPDX-License-Identifier: MIT
// From a matrix to int8 codes and scales, through the loops of conversion with a factor. A code is
// 127 x / amax, rounded once. A BlockTensor would give other codes: its scale is the float nearest
// to amax / 127, and its codes are quotients by that.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../convert/detail/elements.hpp"
#include "../../detail/array/magnitude.hpp"
#include "../../detail/array/sources.hpp"
#include "../../detail/array/widen_part.hpp"
#include "../../detail/exact/binary.hpp"
#include "int8_calls.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using int8_code = fixed_code<8, 0>;
using int8_magnitude = Float<0, 7, -6, Specials::finite>;  // the integers up to 127

/// The scale of a largest magnitude, as bits.
inline float int8_scale(std::uint32_t amax, NonFinite non_finite) {
  if (amax < float_infinity) return float_of_bits(amax);
  return float_of_bits(amax == float_infinity && non_finite == NonFinite::saturate
                           ? float_infinity - 1
                           : binary32::nan_code);
}

/// 127 / scale, rounded, as doubles and as floats, which may be Inf; 0 of 0 and of NaN. In a known
/// environment.
inline void invert_int8_scales(const float* scales, std::size_t n, double* inverses,
                               float* narrow) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of_float(scales[i]);
    const bool none = bits == 0 || bits > float_infinity;
    inverses[i] = none ? 0 : 127 / static_cast<double>(scales[i]);  // at least 127 / 2^128: normal
    narrow[i] = static_cast<float>(inverses[i]);
  }
}

/// 127 x / amax of finite numbers; 0 of 0 and by 0.
inline exact int8_quotient(float x, float amax) {
  const exact a = exact_float(x), b = exact_float(amax);
  if (a.what != exact::kind::finite || b.what != exact::kind::finite)
    return exact::zero(a.negative);
  return quotient(product(exact_integer(127), a), b);
}

/// The scales of a part and their inverses; that of element i is at (first + i) >> shift.
struct int8_factors {
  const float* scales;
  const double* inverses;
  const float* narrow;
  std::size_t first;
  int shift;
};

/// Rounds 127 x / scale of n numbers, at most part_elements.
///
/// With N random bits a rounding changes at numbers with N + 1 bits behind the point. A quotient
/// 127 x / amax of floats either is such a number or differs from each by more than 2^-(N + 32) of
/// itself. So for up to 16 random bits the first 49 bits of the quotient decide as all of them do.
template <class R>
void round_to_int8(const float* in, std::size_t n, const int8_factors& by, const R& rounding,
                   std::int8_t* out) {
  element_encoding how{.most_negative = most_negative(int8_code::width, false)};
  if constexpr (decisive_bits<layout_of<int8_magnitude>, R> <= 22 && R::random_bits == 0 &&
                !looks_below<R>) {
    how.inverses = by.inverses;
    how.mask = bits_near<layout_of<int8_magnitude>>;
    encode_products<int8_code, true>(in, n, by.first, by.shift, by.narrow, rounding, how, out);
  } else if constexpr (decisive_bits<layout_of<int8_magnitude>, R> <= 22) {
    float quotients[part_elements];
    {
      const float_environment environment(direction::nearest);
      multiply_long_kernels[active_isa()](in, n, by.first, by.shift, by.inverses,
                                          narrowing::odd_above_zero, quotients);
    }
    encode_elements<int8_code>(quotients, n, rounding, how, out);
  } else if constexpr (R::random_bits <= 16) {
    double quotients[part_elements];
    {
      const float_environment environment(direction::nearest);
      for (std::size_t i = 0; i < n; ++i) {
        const double x = static_cast<double>(in[i]),
                     product = x * by.inverses[(by.first + i) >> by.shift];
        const auto bits = __builtin_bit_cast(std::uint64_t, product) + 8;
        quotients[i] = double_of_bits(bits & ~std::uint64_t{15});
      }
    }
    encode_elements<int8_code>(quotients, n, rounding, how, out);
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      const exact q = int8_quotient(in[i], by.scales[(by.first + i) >> by.shift]);
      const std::uint32_t code =
          round_to<int8_magnitude>(q, rounding_from(rounding, i), Saturation::finite).bits();
      const std::uint32_t sign = layout_of<int8_magnitude>::sign_mask, magnitude = code & ~sign;
      const std::uint32_t integer = (code & sign) != 0 ? 0u - magnitude : magnitude;
      out[i] = static_cast<std::int8_t>(integer);
    }
  }
}

/// Rounds n numbers, at most part_elements, to codes; all of them and their scales are numbers if
/// `is_finite`.
template <class R>
void encode_int8(const float* in, std::size_t n, const int8_factors& by, bool is_finite,
                 const R& rounding, std::int8_t* out) {
  const auto largest = largest_kernels<std::uint32_t>[active_isa()];
  const std::size_t scales = by.shift == 0 ? n : 1;
  if (is_finite || (largest(in, n) < float_infinity &&
                    largest(by.scales + (by.first >> by.shift), scales) < float_infinity)) {
    round_to_int8(in, n, by, rounding, out);
    return;
  }
  std::int8_t elements[part_elements];
  round_to_int8(in, n, by, rounding, elements);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of_float(in[i]), value = bits & (binary32::sign_mask - 1);
    const std::uint32_t scale = bits_of_float(by.scales[(by.first + i) >> by.shift]);
    out[i] = elements[i];
    if (value >= float_infinity) out[i] = value == float_infinity && bits != value ? -127 : 127;
    if (scale >= float_infinity) out[i] = 0;
  }
}

template <class T, class R>
void quantize_to_int8(here, MatrixView<const T> in, int8_sharing sharing, NonFinite non_finite,
                      const R& rounding, std::int8_t* codes, float* scales) {
  std::size_t rows = in.rows(), cols = in.cols();
  if (rows == 0 || cols == 0) {
    std::fill_n(scales, scales_of(sharing, rows, cols), 0.0f);
    return;
  }
  if (sharing == int8_sharing::tensor && in.leading() == cols) {  // as one row
    cols *= rows;
    rows = 1;
  }
  const bool by_column = sharing == int8_sharing::column;
  // The rows that share scales are read for these and then for the codes, one row while it is in
  // the caches.
  const std::size_t height = sharing == int8_sharing::row ? 1 : rows, count = by_column ? cols : 1;
  std::vector<std::uint32_t> amax(count);
  std::vector<double> inverses(count);
  std::vector<float> narrow(count);
  const Isa isa = active_isa();
  const bool propagates = non_finite == NonFinite::propagate;
  const std::uint32_t limit = propagates ? float_infinity - 1 : binary32::sign_mask - 1;
  const auto for_each = [&](std::size_t top, auto f) {
    for (std::size_t row = top; row < top + height; ++row)
      for_each_part(in.data() + row * in.leading(), 0, cols,
                    [&](const float* x, std::size_t n, std::size_t first) { f(x, n, row, first); });
  };
  for (std::size_t top = 0; top < rows; top += height, scales += count) {
    std::ranges::fill(amax, 0);
    for_each(top, [&](const float* x, std::size_t n, std::size_t, std::size_t first) {
      join_kernels[isa](x, n, by_column ? first : 0, by_column ? 1 : n, limit, amax.data());
    });
    for (std::size_t i = 0; i < count; ++i) scales[i] = int8_scale(amax[i], non_finite);
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

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
