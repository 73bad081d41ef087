// SPDX-License-Identifier: MIT
// Float formats of run time whose range is any real number, as in "FP8 Quantization: The Power of the Exponent" (Kuzmin
// et al., arXiv 2208.09225): fake quantization and its gradients.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../convert.hpp"
#include "../detail/array/checks.hpp"
#include "../detail/exact/binary.hpp"
#include "detail/grid_calls.hpp"

namespace narrowfloat {

/// A float format whose codes are all finite and whose exponent bias is a real number, given by the largest value c.
/// With E exponent and M mantissa bits the magnitudes are, for exponent fields e and mantissa fields f,
///     c * f / t                          for e = 0,
///     c * (2^M + f) * 2^(e - 1) / t      for e > 0,        t = (2^(M + 1) - 1) * 2^(2^E - 2),
/// which is f * 2^(1 - b - M) and (2^M + f) * 2^(e - b - M) with the bias b of bias(). Where b is an integer and E <= 8,
/// these are the values of Float<E, M, b, Specials::finite>. Each is rounded once to a float.
///
/// Requires  1 <= E <= 8, 1 <= M <= 10, c positive and finite: every call throws std::invalid_argument else.
///
/// Example   const RuntimeFormat f{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 240};
///           assert(f.bias() == 8 && f.width() == 8 && f.value(0x01) == 0x1p-10f);
///           assert(f.value(0x7f) == 240 && f.value(0xff) == -240);
struct RuntimeFormat {
  int exponent_bits = 4;
  int mantissa_bits = 3;
  float max_value = 240;
  bool is_signed = true;

  /// The format of a bias: c = (2 - 2^-M) * 2^(2^E - 1 - b), rounded to a float; the C library's exp2 makes the power
  /// in the caller's environment, which is exact for an integer b.
  ///
  /// Special   a bias that leaves no positive finite float throws std::invalid_argument.
  ///
  /// Example   const auto f = RuntimeFormat::from_bias(5, 2, 16);
  ///           assert(f.max_value == 57344 && RuntimeFormat::from_bias(5, 2, 16.5).max_value < 57344);
  static NF_INLINE RuntimeFormat from_bias(int exponent_bits, int mantissa_bits, double bias,
                                           bool is_signed = true);
  /// The bias b = 2^E - log2(c) + log2(2 - 2^-M) - 1, with the C library's log2.
  NF_INLINE double bias() const;
  /// Bits of a code: the sign, E and M.
  constexpr NF_INLINE int width() const noexcept {
    return exponent_bits + mantissa_bits + (is_signed ? 1 : 0);
  }
  /// The value of a code: sign, exponent field, mantissa field.
  ///
  /// Special   a code of more than width() bits throws std::invalid_argument.
  NF_INLINE float value(std::uint32_t code) const;

  friend bool operator==(const RuntimeFormat&, const RuntimeFormat&) = default;
};

namespace detail {
inline namespace NF_BASELINE {

inline void require_largest(float c) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, c);
  if (bits == 0 || bits >= wide<std::uint32_t>::infinity)
    throw_invalid("the largest value of a format is positive and finite, not " + std::to_string(c));
}

inline void require_fields(int exponent_bits, int mantissa_bits) {
  if (exponent_bits < 1 || exponent_bits > 8 || mantissa_bits < 1 || mantissa_bits > 10)
    throw_invalid("a format has 1 to 8 exponent and 1 to 10 mantissa bits, not " +
                  std::to_string(exponent_bits) + " and " + std::to_string(mantissa_bits));
}

/// The float nearest c * times / over * 2^exponent; an overflow is the largest.
constexpr float nearest_ratio(float c, std::uint64_t times, std::uint64_t over, int exponent,
                              bool negative) {
  exact ratio = quotient(product(exact_float(c), exact_integer(times)), exact_integer(over));
  ratio.exponent += exponent;
  ratio.negative = negative;
  return nearest_float(ratio, {true, true});
}

/// What the kernels work with: the step of the topmost binade is 1.
///
/// A quotient (2^(M + 1) - 1) x / c is equal to a number of M + 2 bits or differs from it by 2^-36 of itself, and so does
/// a value from a number of 25 bits: 49 bits decide as all of them do.
constexpr float_grid grid_of_format(const RuntimeFormat& format, float largest) {
  const int lowest = 2 - (1 << format.exponent_bits);  // exponent of the smallest step
  return {number_traits<float>::to_code(largest), format.is_signed,
          static_cast<double>((2 << format.mantissa_bits) - 1),
          static_cast<std::uint64_t>(lowest + format.mantissa_bits + 1023) << 52,
          static_cast<std::uint64_t>(52 - format.mantissa_bits) << 52};
}

/// Checks the format, too.
inline float_grid checked_grid(const RuntimeFormat& format) {
  require_fields(format.exponent_bits, format.mantissa_bits);
  require_largest(format.max_value);
  return grid_of_format(format, format.max_value);
}

inline float value_of_code(const RuntimeFormat& format, std::uint32_t code) {
  checked_grid(format);
  if (code >> format.width() != 0)
    throw_invalid("a format of " + std::to_string(format.width()) + " bits has no code " +
                  std::to_string(code));
  const std::uint32_t one = std::uint32_t{1} << format.mantissa_bits;
  const std::uint32_t field = (code >> format.mantissa_bits) & ((1u << format.exponent_bits) - 1);
  const std::uint32_t fraction = code & (one - 1);
  const int lowest = 2 - (1 << format.exponent_bits);
  const int exponent = lowest + static_cast<int>(field == 0 ? 0 : field - 1);
  const bool negative =
      format.is_signed && (code >> (format.exponent_bits + format.mantissa_bits)) != 0;
  return nearest_ratio(format.max_value, field == 0 ? fraction : one + fraction, 2 * one - 1,
                       exponent, negative);
}

inline void require_channels(std::size_t in, std::size_t out, std::size_t rows, std::size_t cols,
                             std::size_t max_values) {
  require_matrix(rows, cols, 1);
  require_shape("the input", in, rows, cols);
  require_shape("the output", out, rows, cols);
  if (max_values != rows)
    throw_invalid(std::to_string(rows) + " channels have " + std::to_string(max_values) +
                  " largest values");
}

}  // namespace NF_BASELINE
}  // namespace detail

NF_INLINE RuntimeFormat RuntimeFormat::from_bias(int exponent_bits, int mantissa_bits, double bias,
                                                 bool is_signed) {
  detail::require_fields(exponent_bits, mantissa_bits);
  const double top = 2 - detail::power_of_two<double>(-mantissa_bits);
  const auto c = static_cast<float>(top * std::exp2((1 << exponent_bits) - 1 - bias));
  detail::require_largest(c);
  return {exponent_bits, mantissa_bits, c, is_signed};
}
NF_INLINE double RuntimeFormat::bias() const {
  detail::require_fields(exponent_bits, mantissa_bits);
  detail::require_largest(max_value);
  const double top = 2 - detail::power_of_two<double>(-mantissa_bits);
  return (1 << exponent_bits) - 1 - std::log2(max_value / top);
}
NF_INLINE float RuntimeFormat::value(std::uint32_t code) const {
  return detail::value_of_code(*this, code);
}

/// Rounds each number to the nearest value of a format of run time, and leaves it a float: the simulated quantization of
/// "FP8 Quantization: The Power of the Exponent", arXiv 2208.09225.
///
/// Result    the exact x, clipped to [-c, c] or [0, c], rounded once on the real grid of RuntimeFormat, ties to the
///           even mantissa; then the value's nearest float. Neither the quotient by a scale nor the logarithm of the
///           paper's formulas is rounded. A negative result of 0 is -0.
/// Special   Inf is clipped; NaN becomes the positive canonical one. Sizes that differ and a format that RuntimeFormat
///           does not allow throw std::invalid_argument with the numbers before anything is written.
/// Requires  the ranges are apart, or the same memory.
/// Promises  no allocation; the same bits on every instruction set and in every floating-point environment.
/// Cost      one pass, in double.
///
/// Example   const RuntimeFormat f{.exponent_bits = 2, .mantissa_bits = 5, .max_value = 4.3f};
///           std::vector<float> q(x.size());
///           fake_quantize(x, q, f);
///           for (std::size_t i = 0; i < x.size(); ++i) assert(std::abs(q[i] - x[i]) <= 4.3f / 126);
template <float_range In, float_range Out>
NF_INLINE void fake_quantize(const In& in, Out&& out, const RuntimeFormat& format) {
  detail::check_arrays(in, out, NearestEven{});
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  detail::round_to_grid(detail::place_of<true>(), active_isa(), std::ranges::data(in),
                        std::ranges::data(out), n, detail::checked_grid(format),
                        detail::leaves_caches(2 * n * sizeof(float)));
}

/// The same for each row of a matrix, a channel, with its own largest value; format.max_value does not count.
///
/// Example   std::vector<float> largest(rows), q(weights.size());
///           for (std::size_t r = 0; r < rows; ++r)
///             largest[r] = amax(std::span(weights).subspan(r * cols, cols));
///           fake_quantize(weights, rows, cols, {.exponent_bits = 3, .mantissa_bits = 4}, largest, q);
///           assert(amax(q) == amax(weights));
template <float_range In, float_range MaxValues, float_range Out>
NF_INLINE void fake_quantize(const In& in, std::size_t rows, std::size_t cols,
                             const RuntimeFormat& format, const MaxValues& max_values, Out&& out) {
  detail::require_channels(std::ranges::size(in), std::ranges::size(out), rows, cols,
                           std::ranges::size(max_values));
  detail::require_fields(format.exponent_bits, format.mantissa_bits);
  const float* const largest = std::ranges::data(max_values);
  for (std::size_t row = 0; row < rows; ++row) detail::require_largest(largest[row]);
  const bool stream = detail::leaves_caches(2 * rows * cols * sizeof(float));
  for (std::size_t row = 0; row < rows; ++row) {
    detail::round_to_grid(detail::place_of<true>(), active_isa(),
                          std::ranges::data(in) + row * cols, std::ranges::data(out) + row * cols,
                          cols, detail::grid_of_format(format, largest[row]), stream);
  }
}

/// The gradients of fake_quantize() by the straight-through estimator, as arXiv 2208.09225 learns its ranges: rounding
/// counts as the identity, and the binade of an element as a constant.
///
/// Result    in_gradients[i] is out_gradients[i] where x[i] lies within [-c, c], or [0, c], and else 0. Returned is the
///           gradient of c, the sum of out_gradients[i] * d, with d = (q - x) / c within, 1 above c and -1 below -c. The
///           differences are floats, the sums doubles in an order that the place of an element fixes.
/// Special   a NaN x has gradient 0, and makes that of c NaN. Sizes that differ, and formats, are refused as by
///           fake_quantize().
/// Requires  the ranges are apart, or in_gradients is the memory of another.
/// Promises  no allocation; the same bits on every instruction set and in every floating-point environment.
/// Cost      one pass.
///
/// Example   const std::vector<float> in{1, 9, -9, 0.3f}, slopes{1, 1, 0.5f, 0};
///           std::vector<float> in_slopes(4);
///           const RuntimeFormat f{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 7.5f};
///           assert(fake_quantize_gradient(in, slopes, f, in_slopes) == 0.5);
///           assert((in_slopes == std::vector<float>{1, 0, 0, 0}));
template <float_range In, float_range Gradients, float_range Out>
NF_INLINE double fake_quantize_gradient(const In& in, const Gradients& out_gradients,
                                        const RuntimeFormat& format, Out&& in_gradients) {
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  detail::require_equal_sizes(n, static_cast<std::size_t>(std::ranges::size(out_gradients)));
  detail::require_equal_sizes(n, static_cast<std::size_t>(std::ranges::size(in_gradients)));
  const detail::float_grid grid = detail::checked_grid(format);
  return detail::grid_gradients(detail::place_of<true>(), active_isa(), std::ranges::data(in),
                                std::ranges::data(out_gradients), std::ranges::data(in_gradients),
                                n, grid);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/grid.hpp"
#endif
