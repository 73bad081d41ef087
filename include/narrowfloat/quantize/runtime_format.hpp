// SPDX-License-Identifier: MIT
// Float formats of run time whose range is any real number, as in "FP8 Quantization: The Power of
// the Exponent" (Kuzmin et al., arXiv 2208.09225): their values and codes. fake_quantize.hpp rounds
// to them.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <type_traits>

#include "../convert.hpp"
#include "../detail/array/checks.hpp"
#include "../detail/array/parts.hpp"
#include "../detail/exact/binary.hpp"
#include "../executor.hpp"
#include "detail/grid_arrays.hpp"
#include "detail/task_results.hpp"

namespace narrowfloat {

/// A contiguous range of unsigned words of 8, 16 or 32 bits, for a code each.
template <class T>
concept code_range = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    (std::same_as<std::ranges::range_value_t<T>, std::uint8_t> ||
     std::same_as<std::ranges::range_value_t<T>, std::uint16_t> ||
     std::same_as<std::ranges::range_value_t<T>, std::uint32_t>);

/// A float format whose codes are all finite and whose exponent bias is a real number, given by the
/// largest value c. With E exponent and M mantissa bits the magnitudes are, for exponent fields e
/// and mantissa fields f,
///     c * f / t                          for e = 0,
///     c * (2^M + f) * 2^(e - 1) / t      for e > 0,        t = (2^(M + 1) - 1) * 2^(2^E - 2),
/// which is f * 2^(1 - b - M) and (2^M + f) * 2^(e - b - M) with the bias b of bias(). Where b is
/// an integer and E <= 8, these are the values of Float<E, M, b, Specials::finite>. Each is rounded
/// once to a float.
///
/// Without exponent bits they are the integers of M bits and a sign times c / (2^M - 1): with M = 7
/// symmetric INT8, whose scale is c / 127. One exponent bit and a mantissa bit less have the same
/// values, in the same codes.
///
/// Requires  1 <= E <= 8 and 1 <= M <= 10, or E = 0 and 1 <= M <= 11; c positive and finite: every
///           call throws std::invalid_argument else.
///
/// Example   const RuntimeFormat f{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 240};
///           assert(f.bias() == 8 && f.width() == 8 && f.decode(0x01) == 0x1p-10f);
///           assert(f.decode(0x7f) == 240 && f.encode(-239) == 0xff);
struct RuntimeFormat {
  /// How many bits a code has for the exponent, and for the mantissa.
  int exponent_bits = 4;
  int mantissa_bits = 3;
  /// The largest value c.
  float max_value = 240;
  /// Whether a code has a sign bit.
  bool is_signed = true;

  /// The format of a bias: c = (2 - 2^-M) * 2^(2^E - 1 - b), rounded to a float; the C library's
  /// exp2 makes the power in the caller's environment, which is exact for an integer b.
  ///
  /// Special   a bias that leaves no positive finite float throws std::invalid_argument.
  ///
  /// Example   const auto f = RuntimeFormat::from_bias(5, 2, 16);
  ///           assert(f.max_value == 57344 &&
  ///                  RuntimeFormat::from_bias(5, 2, 16.5).max_value < 57344);
  static NF_INLINE RuntimeFormat from_bias(int exponent_bits, int mantissa_bits, double bias,
                                           bool is_signed = true);
  /// The bias b = 2^E - log2(c) + log2(2 - 2^-M) - 1, with the C library's log2; without exponent
  /// bits that of Float<0, M, b, Specials::finite>.
  NF_INLINE double bias() const;
  /// Bits of a code: the sign, E and M.
  constexpr NF_INLINE int width() const noexcept {
    return exponent_bits + mantissa_bits + (is_signed ? 1 : 0);
  }

  /// The code of the value nearest to a number: sign, exponent field, mantissa field.
  ///
  /// Result    exact; a tie goes to the even code. decode() of it is what fake_quantize() gives.
  /// Special   what is beyond c has the code of c, Inf too; without a sign negative numbers have
  ///           code 0. NaN has the code of c.
  /// Promises  integer work, the same in every floating-point environment.
  [[nodiscard]] NF_INLINE std::uint32_t encode(float x) const;
  /// The same for each number of a range.
  ///
  /// Special   sizes that differ, and codes of more bits than their words have, throw
  ///           std::invalid_argument with the numbers before anything is written.
  /// Requires  the ranges are apart.
  /// Promises  no allocation; the same on every instruction set, for every executor and in every
  ///           floating-point environment.
  /// Cost      one pass, in double.
  ///
  /// Example   std::vector<std::uint8_t> codes(x.size());
  ///           std::vector<float> back(x.size()), q(x.size());
  ///           const RuntimeFormat f{.exponent_bits = 2, .mantissa_bits = 5, .max_value = 3.1f};
  ///           f.encode(x, codes);
  ///           f.decode(codes, back);
  ///           fake_quantize(x, q, f);
  ///           assert(back == q && codes[3] == f.encode(x[3]));
  template <float_range In, code_range Codes, task_executor E = SerialExecutor>
  NF_INLINE void encode(const In& in, Codes&& codes, E&& executor = {}) const;

  /// The value of a code.
  ///
  /// Special   a code of more than width() bits throws std::invalid_argument.
  [[nodiscard]] NF_INLINE float decode(std::uint32_t code) const;
  /// The same for each code of a range; as encode().
  template <code_range Codes, float_range Out, task_executor E = SerialExecutor>
  NF_INLINE void decode(const Codes& codes, Out&& out, E&& executor = {}) const;

  friend bool operator==(const RuntimeFormat&, const RuntimeFormat&) = default;
};

namespace detail {
inline namespace NF_BASELINE {

inline void require_largest(const char* call, float c) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, c);
  if (bits == 0 || bits >= wide<std::uint32_t>::infinity)
    throw_invalid(call,
                  "the largest value of a format is positive and finite, not " + std::to_string(c));
}

inline void require_fields(const char* call, int exponent_bits, int mantissa_bits) {
  const int most = exponent_bits == 0 ? 11 : 10;
  if (exponent_bits < 0 || exponent_bits > 8 || mantissa_bits < 1 || mantissa_bits > most)
    throw_invalid(
        call, "a format has 1 to 8 exponent and 1 to 10 mantissa bits, or none and 1 to 11, not " +
                  std::to_string(exponent_bits) + " and " + std::to_string(mantissa_bits));
}
inline void require_format(const char* call, const RuntimeFormat& format) {
  require_fields(call, format.exponent_bits, format.mantissa_bits);
  require_largest(call, format.max_value);
}

/// The fraction bits of the largest value.
constexpr int top_bits(int exponent_bits, int mantissa_bits) {
  return mantissa_bits - (exponent_bits == 0 ? 1 : 0);
}

/// The same values and codes with an exponent bit.
constexpr RuntimeFormat with_exponent(const RuntimeFormat& format) {
  if (format.exponent_bits != 0) return format;
  return {1, format.mantissa_bits - 1, format.max_value, format.is_signed};
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
/// A quotient (2^(M + 1) - 1) x / c is equal to a number of M + 2 bits or differs from it by 2^-36
/// of itself, and so does a value from a number of 25 bits: 49 bits decide as all of them do.
constexpr float_grid grid_of_format(const RuntimeFormat& any_format, float largest) {
  const RuntimeFormat format = with_exponent(any_format);
  const int lowest = 2 - (1 << format.exponent_bits);  // exponent of the smallest step
  return {number_traits<float>::to_code(largest),
          format.is_signed,
          format.exponent_bits + format.mantissa_bits,
          static_cast<double>((2 << format.mantissa_bits) - 1),
          static_cast<std::uint64_t>(lowest + format.mantissa_bits + 1023) << 52,
          static_cast<std::uint64_t>(52 - format.mantissa_bits) << 52};
}

/// Checks the format, too.
inline float_grid checked_grid(const char* call, const RuntimeFormat& format) {
  require_format(call, format);
  return grid_of_format(format, format.max_value);
}

constexpr float value_of_code(const RuntimeFormat& any_format, std::uint32_t code) {
  const RuntimeFormat format = with_exponent(any_format);
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

constexpr std::uint32_t code_of_value(const RuntimeFormat& any_format, float x) {
  const RuntimeFormat format = with_exponent(any_format);
  const int M = format.mantissa_bits, bits = format.exponent_bits + M;
  const std::uint32_t one = std::uint32_t{1} << M, most = (std::uint32_t{1} << bits) - 1;
  const std::uint32_t code = bits_of_float(x), magnitude = magnitude_bits(x);
  if (magnitude > float_infinity) return most;
  if (code != magnitude && !format.is_signed) return 0;
  const std::uint32_t sign = code != magnitude ? most + 1 : 0;
  if (magnitude == 0) return sign;
  if (magnitude >= bits_of_float(format.max_value)) return sign | most;
  // x in steps of the topmost binade; those of its own are 2^unit
  const exact steps =
      quotient(product(exact_float(float_of_bits(magnitude)), exact_integer(2 * one - 1)),
               exact_float(format.max_value));
  const int lowest = 2 - (1 << format.exponent_bits);
  const int unit = std::max(steps.exponent + exact::leading - M, lowest);
  const int drop = unit - steps.exponent;
  if (drop > exact::leading + 1) return sign;  // below half of the smallest step
  const std::uint64_t kept = steps.significand >> drop, half = std::uint64_t{1} << (drop - 1);
  const std::uint64_t rest = steps.significand - (kept << drop);
  const std::uint64_t up = rest > half || (rest == half && kept % 2 != 0) ? 1 : 0;
  const auto binade = static_cast<std::uint32_t>(unit - lowest);
  return sign | ((binade << M) + static_cast<std::uint32_t>(kept + up));
}

/// Checks that words hold the codes of a format, and no others.
template <class Word>
void require_codes(const char* call, const RuntimeFormat& format, const Word* codes, std::size_t n,
                   const executor_ref& executor) {
  const int width = format.width();
  const auto collect = [&](std::size_t first, std::size_t count) {
    std::uint32_t bits = 0;
    for (std::size_t i = first; i < first + count; ++i) bits |= codes[i];
    return bits;
  };
  const auto join = [](std::uint32_t& bits, std::uint32_t each) { bits |= each; };
  const auto all = joined_in_order<std::uint32_t>(executor, n, collect, join);
  if (width < 32 && all >> width != 0) {
    const Word* const wrong =
        std::find_if(codes, codes + n, [&](Word code) { return code >> width != 0; });
    throw_invalid(call, "a format of " + std::to_string(width) + " bits has no code " +
                            std::to_string(*wrong));
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

NF_INLINE RuntimeFormat RuntimeFormat::from_bias(int exponent_bits, int mantissa_bits, double bias,
                                                 bool is_signed) {
  detail::require_fields("RuntimeFormat::from_bias", exponent_bits, mantissa_bits);
  const int fraction_bits = detail::top_bits(exponent_bits, mantissa_bits);
  const double top = 2 - detail::power_of_two<double>(-fraction_bits);
  const auto c = static_cast<float>(top * std::exp2((1 << exponent_bits) - 1 - bias));
  detail::require_largest("RuntimeFormat::from_bias", c);
  return {exponent_bits, mantissa_bits, c, is_signed};
}
NF_INLINE double RuntimeFormat::bias() const {
  detail::require_format("RuntimeFormat::bias", *this);
  const int fraction_bits = detail::top_bits(exponent_bits, mantissa_bits);
  const double top = 2 - detail::power_of_two<double>(-fraction_bits);
  return (1 << exponent_bits) - 1 - std::log2(static_cast<double>(max_value) / top);
}
NF_INLINE std::uint32_t RuntimeFormat::encode(float x) const {
  detail::require_format("RuntimeFormat::encode", *this);
  return detail::code_of_value(*this, x);
}
NF_INLINE float RuntimeFormat::decode(std::uint32_t code) const {
  detail::require_format("RuntimeFormat::decode", *this);
  detail::require_codes("RuntimeFormat::decode", *this, &code, 1, detail::executor_ref::serial());
  return detail::value_of_code(*this, code);
}

template <float_range In, code_range Codes, task_executor E>
NF_INLINE void RuntimeFormat::encode(const In& in, Codes&& codes, E&& executor) const {
  using Word = std::ranges::range_value_t<Codes>;
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  const detail::float_grid grid = detail::checked_grid("RuntimeFormat::encode", *this);
  detail::require_equal_sizes("RuntimeFormat::encode", n, std::ranges::size(codes));
  if (width() > 8 * static_cast<int>(sizeof(Word)))
    detail::throw_invalid("RuntimeFormat::encode", "codes of " + std::to_string(width()) +
                                                       " bits have no place in " +
                                                       std::to_string(8 * sizeof(Word)));
  detail::encode_array(std::ranges::data(in), std::ranges::data(codes), n, grid,
                       detail::executor_ref::of(executor));
}

template <code_range Codes, float_range Out, task_executor E>
NF_INLINE void RuntimeFormat::decode(const Codes& codes, Out&& out, E&& executor) const {
  const auto n = static_cast<std::size_t>(std::ranges::size(codes));
  const detail::float_grid grid = detail::checked_grid("RuntimeFormat::decode", *this);
  detail::require_equal_sizes("RuntimeFormat::decode", n, std::ranges::size(out));
  const auto by = detail::executor_ref::of(executor);
  detail::require_codes("RuntimeFormat::decode", *this, std::ranges::data(codes), n, by);
  detail::decode_array(std::ranges::data(codes), std::ranges::data(out), n, grid, by);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/grid.hpp"
#endif
