// SPDX-License-Identifier: MIT
// Formats of run time by their definition, in integers: the oracle's Float of the same shape, whose
// largest value is 2^(M + 1) - 1, times c / (2^(M + 1) - 1); without exponent bits 2^M - 1.
#pragma once

#include <narrowfloat/quantize/fake_quantize.hpp>

#include "support/block_oracle.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"

namespace test {

inline oracle::Format grid_shape(const nf::RuntimeFormat& format) {
  const int bias = format.exponent_bits == 0
                       ? 1 - format.mantissa_bits
                       : (1 << format.exponent_bits) - 1 - format.mantissa_bits;
  return {format.exponent_bits, format.mantissa_bits, bias, oracle::Special::finite, true};
}
inline oracle::Exact grid_top(const nf::RuntimeFormat& format) {
  oracle::Exact top;
  top.significand = ((format.exponent_bits == 0 ? 1u : 2u) << format.mantissa_bits) - 1;
  return top;
}
inline oracle::Exact exact_float(float x) {
  return oracle::from_f32_bits(std::bit_cast<std::uint32_t>(x));
}

/// The float of a code of the shape.
inline float grid_value(std::uint32_t code, const nf::RuntimeFormat& format) {
  const oracle::Exact value = oracle::long_quotient(
      oracle::product(oracle::decode(grid_shape(format), code), exact_float(format.max_value)),
      grid_top(format));
  return std::bit_cast<float>(oracle::round(oracle::binary32, value, {}, oracle::Saturation::none));
}

/// The code of the value nearest to a number.
inline std::uint32_t grid_code(float x, const nf::RuntimeFormat& format) {
  const oracle::Exact exact = exact_float(x), c = exact_float(format.max_value);
  const std::uint32_t sign = 1u << (format.exponent_bits + format.mantissa_bits);
  if (exact.is_nan()) return sign - 1;
  if (exact.negative && !format.is_signed) return 0;
  if (exact.is_infinity() || oracle::compare_magnitudes(exact, c) > 0)
    return exact.negative ? 2 * sign - 1 : sign - 1;
  if (exact.is_zero()) return exact.negative ? sign : 0;
  const oracle::Exact steps = oracle::long_quotient(oracle::product(exact, grid_top(format)), c);
  return oracle::round(grid_shape(format), steps, {}, oracle::Saturation::finite);
}

inline float on_grid(float x, const nf::RuntimeFormat& format) {
  if (exact_float(x).is_nan()) return std::bit_cast<float>(0x7fc00000u);
  return grid_value(grid_code(x, format), format);
}

/// Whether a number lies within the range of a format.
inline bool is_within(float x, const nf::RuntimeFormat& format) {
  const oracle::Exact exact = exact_float(x);
  if (exact.is_nan() || exact.is_infinity() || exact.is_zero()) return exact.is_zero();
  return (format.is_signed || !exact.negative) &&
         oracle::compare_magnitudes(exact, exact_float(format.max_value)) <= 0;
}

inline std::vector<nf::RuntimeFormat> grid_formats() {
  return {{4, 3, 240},         {4, 3, 11.3f},     {5, 2, 57344},
          {5, 2, 0.7f},        {2, 5, 4.35f},     {3, 4, 5.1f},
          {1, 6, 3.92f},       {1, 6, 127},       {2, 1, 6},
          {4, 3, 0x1p-140f},   {3, 4, 1e-44f},    {8, 7, 3.3e38f},
          {8, 10, 0.1f},       {8, 1, 1},         {1, 10, 7e-39f},
          {4, 3, 3e38f},       {4, 4, 17, false}, {2, 6, 0.333f, false},
          {3, 4, 0x1.8p-100f}, {2, 5, 63 * 49},   {4, 3, 15 * 49},
          {0, 7, 12.7f},       {0, 7, 127},       {0, 1, 0.3f},
          {0, 11, 1e-42f},     {0, 3, 3e38f},     {0, 4, 0.15f, false}};
}

/// Middles between values, where the float nearest to one is one, and its neighbours.
inline std::vector<float> grid_ties(const nf::RuntimeFormat& format) {
  nf::RuntimeFormat finer = format;
  std::vector<float> ties;
  if (format.exponent_bits > 5) return {format.max_value};
  finer.mantissa_bits += 1;
  // with one bit more the largest value is (2^(M + 2) - 1) / 2 steps of the topmost binade
  const std::uint32_t codes = 1u << (finer.exponent_bits + finer.mantissa_bits);
  for (std::uint32_t code = 0; code < codes; ++code) {
    oracle::Exact steps = oracle::decode(grid_shape(finer), code);
    steps.exponent -= 1;
    const oracle::Exact value = oracle::long_quotient(
        oracle::product(steps, exact_float(format.max_value)), grid_top(format));
    const std::uint32_t bits =
        oracle::round(oracle::binary32, value, {}, oracle::Saturation::finite);
    for (const std::uint32_t x : {bits, bits + 1, bits - 1}) {
      ties.push_back(std::bit_cast<float>(x));
      ties.push_back(std::bit_cast<float>(x ^ 0x80000000u));
    }
  }
  return ties;
}

inline std::string grid_name(const nf::RuntimeFormat& format) {
  return "e" + std::to_string(format.exponent_bits) + "m" + std::to_string(format.mantissa_bits) +
         " c " + std::to_string(format.max_value);
}

/// Codes and values, of arrays and of single numbers, by the oracle.
template <class Word>
void check_codes(const std::vector<float>& in, const nf::RuntimeFormat& format, Mismatches& bad) {
  std::vector<Word> codes(in.size());
  std::vector<float> values(in.size());
  format.encode(in, codes);
  format.decode(codes, values);
  const auto name = [&] { return grid_name(format); };
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::uint32_t code = grid_code(in[i], format), x = std::bit_cast<std::uint32_t>(in[i]);
    const auto value = std::bit_cast<std::uint32_t>(grid_value(code, format));
    bad.expect_equal(name, x, code, codes[i]);
    bad.expect_equal(name, x, code, format.encode(in[i]));
    bad.expect_equal(name, x, value, std::bit_cast<std::uint32_t>(values[i]));
    bad.expect_equal(name, x, value, std::bit_cast<std::uint32_t>(format.decode(code)));
  }
}

inline void check_grid(const std::vector<float>& in, const nf::RuntimeFormat& format,
                       Mismatches& bad) {
  std::vector<float> out(in.size());
  nf::fake_quantize(in, out, format);
  for (std::size_t i = 0; i < in.size(); ++i) {
    bad.expect_equal([&] { return grid_name(format); }, std::bit_cast<std::uint32_t>(in[i]),
                     std::bit_cast<std::uint32_t>(on_grid(in[i], format)),
                     std::bit_cast<std::uint32_t>(out[i]));
  }
}

}  // namespace test
