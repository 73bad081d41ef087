// SPDX-License-Identifier: MIT
// From a matrix to int8 codes and scales, through the loops of conversion with a factor. A code is
// 127 x / amax, rounded once. A BlockTensor would give other codes: its scale is the float nearest
// to amax / 127, and its codes are quotients by that.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../convert/detail/elements.hpp"
#include "../../detail/array/magnitude.hpp"
#include "../../detail/array/matrix_cuts.hpp"
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

/// Quantizes a matrix whose parts share scales or have their own.
template <class T, class R>
struct int8_quantizer {
  MatrixView<const T> in;
  int8_sharing sharing;
  NonFinite non_finite;
  R rounding;
  std::int8_t* codes;
  float* scales;
  Isa isa = active_isa();
  static constexpr std::size_t buffer_elements = std::same_as<T, float> ? 1 : part_elements;

  bool propagates() const { return non_finite == NonFinite::propagate; }
  /// The largest magnitudes of the columns of a row, or of them all.
  void measure(std::size_t row, std::size_t left, std::size_t right, bool by_column,
               std::uint32_t* amax) const {
    const std::uint32_t limit = propagates() ? float_infinity - 1 : binary32::sign_mask - 1;
    float buffer[buffer_elements];
    for (std::size_t first = left, n = 0; first < right; first += n) {
      n = std::min(part_elements, right - first);
      const float* const x = as_floats(in.row(row).data() + first, n, buffer);
      join_kernels[isa](x, n, by_column ? first - left : 0, by_column ? 1 : n, limit, amax);
    }
  }
  /// By a scale and its inverses, as a double and as a float, for each column, or by one of all.
  void encode(std::size_t row, std::size_t left, std::size_t right, bool by_column,
              const float* scale, const double* inverse, const float* narrow,
              bool is_finite) const {
    float buffer[buffer_elements];
    for (std::size_t first = left, n = 0; first < right; first += n) {
      n = std::min(part_elements, right - first);
      const float* const x = as_floats(in.row(row).data() + first, n, buffer);
      const int8_factors by{scale, inverse, narrow, by_column ? first : 0,
                            by_column ? 0 : one_for_all};
      const std::size_t element = row * in.cols() + first;
      encode_int8(x, n, by, is_finite, rounding_from(rounding, element), codes + element);
    }
  }

  /// A row is read for its scale, and then for the codes while it is in the caches.
  void run_rows(const executor_ref& executor) const {
    const std::size_t cols = in.cols(), height = units_of_task(cols);
    // on cache lines of codes and scales, if they begin on one
    const task_cuts cuts{in.rows(), height < 64 ? height : height / 64 * 64};
    run_cuts(executor, cuts, [&](std::size_t top, std::size_t rows) {
      for (std::size_t row = top; row < top + rows; ++row) {
        std::uint32_t amax = 0;
        measure(row, 0, cols, false, &amax);
        scales[row] = int8_scale(amax, non_finite);
        double inverse = 0;
        float narrow = 0;
        {
          const float_environment environment(direction::nearest);
          invert_int8_scales(scales + row, 1, &inverse, &narrow);
        }
        encode(row, 0, cols, false, scales + row, &inverse, &narrow,
               !propagates() && amax < float_infinity);
      }
    });
  }

  /// All is read for the scales, and then for the codes.
  void run_all(const executor_ref& executor) const {
    const std::size_t rows = in.rows(), cols = in.cols();
    const bool by_column = sharing == int8_sharing::column, by_row = sharing == int8_sharing::row;
    const std::size_t width = by_column ? 4 * part_elements : task_elements,
                      lead = reinterpret_cast<std::uintptr_t>(codes) % 64;
    const matrix_cuts cuts{{rows, by_row ? 1 : units_of_task(std::min(cols, width))},
                           {cols, width, rows == 1 || cols % 64 == 0 ? lead : 0}};
    const std::size_t across = cuts.across.count(), each = by_column ? cols : 1,
                      count = by_column ? cols
                              : by_row  ? rows
                                        : 1;
    // of columns each tile finds as many magnitudes as it is wide: few tiles, one below the other
    matrix_cuts seen = cuts;
    if (by_column) {
      constexpr std::size_t most = 64;
      seen.down.length =
          executor.is_serial() ? rows : std::max(cuts.down.length, ceil_divided(rows, most));
    }
    std::vector<std::uint32_t> found(by_column ? seen.down.count() * cols : seen.count());
    run_tasks(executor, seen.count(), [&](std::size_t task) {
      const matrix_part part = seen[task];
      std::uint32_t* const to =
          found.data() + (by_column ? task / across * cols + part.left : task);
      for (std::size_t row = part.top; row < part.top + part.rows; ++row)
        measure(row, part.left, part.left + part.cols, by_column, to);
    });
    std::vector<std::uint32_t> joined(found.size() == count ? 0 : count);
    for (std::size_t i = 0; i < found.size() / each && !joined.empty(); ++i) {
      std::uint32_t* const to = joined.data() + (by_row ? i / across : 0);
      for (std::size_t k = 0; k < each; ++k) to[k] = std::max(to[k], found[i * each + k]);
    }
    const std::vector<std::uint32_t>& amax = joined.empty() ? found : joined;
    for (std::size_t i = 0; i < count; ++i) scales[i] = int8_scale(amax[i], non_finite);
    const bool is_finite =
        !propagates() && largest_kernels<std::uint32_t>[isa](amax.data(), count) < float_infinity;
    std::vector<double> inverses(count);
    std::vector<float> narrow(count);
    {
      const float_environment environment(direction::nearest);
      invert_int8_scales(scales, count, inverses.data(), narrow.data());
    }
    run_cuts(executor, cuts, [&](const matrix_part& part) {
      for (std::size_t row = part.top; row < part.top + part.rows; ++row) {
        const std::size_t i = by_row ? row : 0;
        encode(row, part.left, part.left + part.cols, by_column, scales + i, inverses.data() + i,
               narrow.data() + i, is_finite);
      }
    });
  }
};

template <class T, class R>
void quantize_to_int8(here, MatrixView<const T> in, int8_sharing sharing, NonFinite non_finite,
                      const R& rounding, std::int8_t* codes, float* scales,
                      const executor_ref& executor) {
  const std::size_t rows = in.rows(), cols = in.cols();
  if (rows == 0 || cols == 0) {
    std::fill_n(scales, scales_of(sharing, rows, cols), 0.0f);
    return;
  }
  int8_quantizer<T, R> quantizer{in, sharing, non_finite, rounding, codes, scales};
  if (sharing == int8_sharing::row && cols <= task_elements) return quantizer.run_rows(executor);
  if (sharing == int8_sharing::tensor && in.leading() == cols)  // as one row
    quantizer.in = MatrixView<const T>(std::span(in.data(), rows * cols), 1, rows * cols);
  quantizer.run_all(executor);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
