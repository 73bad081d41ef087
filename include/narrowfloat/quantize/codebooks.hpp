// SPDX-License-Identifier: MIT
// The code-books that training code uses, by name: dynamic, linear, quantile, NF4, AF4, FP4 of bitsandbytes.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "codebook.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// dividend / divisor, rounded once.
///
/// Requires  0 < dividend < 2^24; a divisor without trailing zeros has at most 32 bits.
inline float ratio(std::uint64_t dividend, std::uint64_t divisor) {
  const int up = leading_zeros(dividend) - 40, zeros = __builtin_ctzll(divisor);
  return convert<float>(quotient_to_odd({dividend << up, -up}, {divisor >> zeros, zeros}));
}

inline void require_bits(int total_bits) {
  if (total_bits < 2 || total_bits > 8)
    throw_invalid("a code-book has codes of 2 to 8 bits, not " + std::to_string(total_bits));
}

/// The code-book of 0, 1 and these positive values, and of their negatives if `with_negatives`.
inline std::vector<float> dynamic_values(const std::vector<float>& positive, bool with_negatives) {
  std::vector<float> values{0.0f, 1.0f};
  for (const float x : positive) {
    values.push_back(x);
    if (with_negatives) values.push_back(float_of_bits(bits_of_float(x) | 0x80000000u));
  }
  std::sort(values.begin(), values.end(), [](float a, float b) {
    return order<binary32>(bits_of_float(a)) < order<binary32>(bits_of_float(b));
  });
  return values;
}

inline std::vector<float> dynamic_fractions(bool is_signed, int total_bits, int exponent_bits) {
  require_bits(total_bits);
  const int fraction_bits = total_bits - 1;
  if (exponent_bits < 1 || exponent_bits > fraction_bits) {
    throw_invalid("a dynamic code-book of " + std::to_string(total_bits) + " bits has 1 to " +
                  std::to_string(fraction_bits) + " bits of exponent, not " +
                  std::to_string(exponent_bits));
  }
  std::vector<float> values;
  // The middles of n equal parts of [0.1, 1], divided by 10^down: 0.1 + 0.9 (2 k + 1) / (2 n).
  const auto add = [&](std::uint64_t n, int down) {
    std::uint64_t divisor = 20 * n;
    for (int i = 0; i < down; ++i) divisor *= 10;
    for (std::uint64_t k = 0; k < n; ++k) values.push_back(ratio(2 * n + 9 * (2 * k + 1), divisor));
  };
  const int spare = fraction_bits - exponent_bits + (is_signed ? 0 : 1);
  for (int i = 0; i < exponent_bits; ++i)
    add(std::uint64_t{1} << (i + spare), exponent_bits - 1 - i);
  add((std::uint64_t{1} << spare) - (is_signed ? 1 : 2), 0);  // what is left of the codes
  return values;
}

inline std::vector<float> linear_values(bool is_signed, int total_bits) {
  require_bits(total_bits);
  const std::uint64_t steps = (std::uint64_t{1} << (total_bits - (is_signed ? 1 : 0))) - 1;
  std::vector<float> values;
  for (std::uint64_t k = steps; is_signed && k > 0; --k) values.push_back(-ratio(k, steps));
  if (is_signed) values.push_back(0.0f);
  values.push_back(0.0f);
  for (std::uint64_t k = 1; k <= steps; ++k) values.push_back(ratio(k, steps));
  return values;
}

/// What bitsandbytes' own tables differ by from the correctly rounded ones, in units in the last place,
/// of each value between 0 and 1: it makes them in float arithmetic. From its create_dynamic_map(), run
/// with PyTorch 1.13; other versions of PyTorch may differ in the last place. = - . + # are -2 -1 0 1 2;
/// a line a decade, at most.
inline constexpr std::string_view bitsandbytes_signed_units =
    "+"
    "+."
    "-..."
    "++++++.+"
    "-...-.-+......-."
    "......-.-+.-.....+-.+-...-...+-."
    "+....-...+..+..-.-..-.-..-.+.....+......+..+.+...-..-.-....-..-.";
inline constexpr std::string_view bitsandbytes_unsigned_units =
    "+."
    "--.-"
    "-+.-+.-."
    "...+-.++..+.#+.+"
    "...-.----..-.-..-.=.+-.-.--.---."
    "++-+...-++.+#-.-...+..--...+...++#+-.+..+..+..++......--........"
    "....-.+..-.+..-.+..+....+..+.+...-..-.-....-..-.........-..-.-.."
    "+....+......-..+.+..+.+..+.-..+.-..-.-..+....+......-..+.+..+.+.";

inline std::vector<float> bitsandbytes_values(bool is_signed) {
  const std::string_view units =
      is_signed ? bitsandbytes_signed_units : bitsandbytes_unsigned_units;
  std::vector<float> values = dynamic_fractions(is_signed, 8, 7);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int difference = static_cast<int>(std::string_view("=-.+#").find(units[i])) - 2;
    values[i] = float_of_bits(bits_of_float(values[i]) + static_cast<std::uint32_t>(difference));
  }
  return dynamic_values(values, is_signed);
}

/// The middles of the bins of equal mass of a sample, divided by its largest magnitude.
inline std::vector<float> quantile_values(std::span<const float> sample, int total_bits) {
  require_bits(total_bits);
  if (sample.size() < 2)
    throw_invalid("quantiles take at least 2 numbers, not " + std::to_string(sample.size()));
  std::vector<std::int32_t> sorted(sample.size());
  std::uint32_t amax = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const std::uint32_t bits = bits_of_float(sample[i]), magnitude = bits & 0x7fffffffu;
    if (magnitude >= float_infinity)
      throw_invalid("number " + std::to_string(i) + " of a sample is not finite");
    amax = std::max(amax, magnitude);
    sorted[i] = order<binary32>(bits);
  }
  std::sort(sorted.begin(), sorted.end());
  const auto number = [&](std::size_t i) {
    const std::int32_t place = sorted[i];
    return place < 0 ? float_of_bits(0x80000000u | static_cast<std::uint32_t>(-place))
                     : float_of_bits(static_cast<std::uint32_t>(place));
  };
  const std::size_t bins = std::size_t{1} << total_bits, last = sorted.size() - 1;
  // i * last / bins without a product that might overflow
  const auto boundary = [&](std::size_t i) {
    return number(last / bins * i + last % bins * i / bins);
  };
  std::vector<float> values;
  for (std::size_t i = 0; i < bins && amax != 0; ++i) {
    const exact total = sum(exact_of(boundary(i)), exact_of(boundary(i + 1)), false);
    const exact half{total.what, total.negative, total.significand, total.exponent - 1};
    const float middle = round_to<float>(half, nearest_even, Saturation::none);
    values.push_back(round_to<float>(quotient(exact_of(middle), exact_of(float_of_bits(amax))),
                                     nearest_even, Saturation::none));
  }
  if (amax == 0) throw_invalid("the " + std::to_string(sample.size()) + " numbers are all 0");
  return values;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The dynamic tree: decades of fractions, twice as many in each decade as in the one below it (arXiv
/// 2110.02861).
///
/// Result    0, 1, and for i = 0 ... exponent_bits - 1 the middles of n equal parts of [0.1, 1], times
///           10^(i - exponent_bits + 1), with n = 2^(total_bits - 1 - exponent_bits + i); with their
///           negatives if signed, of twice as many parts if not. Codes that are left are middles of as
///           many parts of [0.1, 1]. Every value is rounded once. -1 is none of a signed book's: see
///           CodebookOptions::headroom.
/// Special   total_bits other than 2 to 8 and exponent_bits other than 1 to total_bits - 1 throw
///           std::invalid_argument.
/// Example   // of the first and of the second moment
///           const Codebook m = dynamic_codebook(), v = dynamic_codebook(Signedness::is_unsigned);
NF_INLINE Codebook dynamic_codebook(Signedness sign = Signedness::is_signed, int total_bits = 8,
                                    int exponent_bits = 0) {
  const bool is_signed = sign == Signedness::is_signed;
  return Codebook(detail::dynamic_values(
      detail::dynamic_fractions(is_signed, total_bits,
                                exponent_bits == 0 ? total_bits - 1 : exponent_bits),
      is_signed));
}

/// The 8-bit dynamic maps with the floats that bitsandbytes has, up to 2 units in the last place from
/// dynamic_codebook(): for codes that it wrote. They are those of create_dynamic_map() under PyTorch 1.13.
///
/// Example   auto m = CodebookTensor::quantize(weights, bitsandbytes_dynamic_codebook());
NF_INLINE Codebook bitsandbytes_dynamic_codebook(Signedness sign = Signedness::is_signed) {
  return Codebook(detail::bitsandbytes_values(sign == Signedness::is_signed));
}

/// Equal steps: the linear quantization that arXiv 2110.02861 compares with.
///
/// Result    unsigned k / (2^total_bits - 1); signed k / (2^(total_bits - 1) - 1) from -1 to 1, with 0
///           twice, as bitsandbytes' create_linear_map() has it. Every value is rounded once.
/// Special   total_bits other than 2 to 8 throw std::invalid_argument.
/// Example   auto t = CodebookTensor::quantize(weights, linear_codebook());
NF_INLINE Codebook linear_codebook(Signedness sign = Signedness::is_signed, int total_bits = 8) {
  return Codebook(detail::linear_values(sign == Signedness::is_signed, total_bits));
}

/// The code-book of a sample: bins of equal mass, each with its middle (the quantile quantization that
/// arXiv 2110.02861 compares with).
///
/// Result    with a the largest magnitude and x the N sorted numbers divided by it, the boundaries are
///           the x of index floor(i (N - 1) / 2^total_bits), i = 0 ... 2^total_bits; a value is the
///           middle of two neighbouring ones, rounded to float before and after the division. Heavy ties
///           give equal values.
/// Special   total_bits other than 2 to 8, fewer than 2 numbers, Inf or NaN among them, and numbers that
///           give one value alone throw std::invalid_argument.
/// Cost      a sort of the numbers.
/// Example   const Codebook book = quantile_codebook(weights, 4);
template <float_range In>
NF_INLINE Codebook quantile_codebook(const In& sample, int total_bits = 8) {
  return Codebook(detail::quantile_values(
      std::span<const float>(std::ranges::data(sample), std::ranges::size(sample)), total_bits));
}

/// NF4: quantiles of the normal distribution with an exact zero (QLoRA, arXiv 2305.14314).
///
/// Example   auto t = CodebookTensor::quantize(weights, nf4_codebook(), {.nested = true});
NF_INLINE Codebook nf4_codebook() {
  return {-1.0f,
          -0.6961928009986877f,
          -0.5250730514526367f,
          -0.39491748809814453f,
          -0.28444138169288635f,
          -0.18477343022823334f,
          -0.09105003625154495f,
          0.0f,
          0.07958029955625534f,
          0.16093020141124725f,
          0.24611230194568634f,
          0.33791524171829224f,
          0.44070982933044434f,
          0.5626170039176941f,
          0.7229568362236023f,
          1.0f};
}

/// AF4 for blocks of 64: the least absolute error for normal weights (arXiv 2306.06965), to the 8 decimals
/// that it is published with. In ascending order, which bitsandbytes reverses.
///
/// Example   auto t = CodebookTensor::quantize(weights, af4_codebook());
NF_INLINE Codebook af4_codebook() {
  return {-1.0f,        -0.69441008f, -0.51243739f, -0.3736951f, -0.25607552f, -0.14982478f,
          -0.04934812f, 0.0f,         0.04273164f,  0.12934483f, 0.21961274f,  0.31675666f,
          0.42563882f,  0.55496234f,  0.72424863f,  1.0f};
}

/// bitsandbytes' FP4 in its own order of codes: bit 3 is the sign, the others stand for 0, 1/192, 2/3, 1,
/// 1/3, 1/2, 1/6, 1/4. Not the E2M1 of OCP. Code 8 is zero again; encoding gives code 0.
///
/// Example   auto t = CodebookTensor::quantize(weights, fp4_bitsandbytes_codebook(),
///                                             {.nibbles = NibbleOrder::high_first});
NF_INLINE Codebook fp4_bitsandbytes_codebook() {
  constexpr float a = 1.0f / 192, b = 2.0f / 3, c = 1.0f / 3, d = 1.0f / 6;
  return Codebook({0, a, b, 1, c, 0.5f, d, 0.25f, 0, -a, -b, -1, -c, -0.5f, -d, -0.25f},
                  CodeOrder::any);
}

}  // namespace narrowfloat
