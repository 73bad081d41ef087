// SPDX-License-Identifier: MIT
// int8 codes, the numbers they stand for and what sums of their products are worth: by the oracle,
// in integers, so that it holds in a program built with -ffast-math too.
#pragma once

#include <narrowfloat/quantize/int8_matrix.hpp>

#include "support/block_oracle.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

namespace test {

inline const oracle::Element int8{
    .format = {}, .fixed_width = 8, .fraction_bits = 0, .full_range = false};
inline const oracle::Exact top = oracle::from_f32_bits(0x42fe0000u);  // 127

inline std::uint32_t float_bits(float x) { return std::bit_cast<std::uint32_t>(x); }

inline oracle::Exact integer(std::int64_t x) {
  oracle::Exact e;
  e.negative = x < 0;
  e.significand = static_cast<oracle::Wide>(x < 0 ? -x : x);
  return e;
}

/// code * scale / 127, rounded once, as bits.
inline std::uint32_t expected_number(int code, std::uint32_t scale) {
  const oracle::Exact of_scale = oracle::from_f32_bits(scale);
  if (of_scale.kind != oracle::Exact::Kind::finite) return 0x7fc00000u;
  const oracle::Exact x = oracle::product(of_scale, integer(code));
  return oracle::round(oracle::binary32, x.is_zero() ? x : oracle::long_quotient(x, top), {},
                       oracle::Saturation::none);
}

inline constexpr nf::BlockShape by_tensor{nf::whole, nf::whole}, by_row{1, nf::whole},
    by_column{nf::whole, 1}, all_shapes[] = {by_tensor, by_row, by_column};

inline std::size_t scale_at(nf::BlockShape shape, std::size_t row, std::size_t col) {
  return shape == by_row ? row : shape == by_column ? col : 0;
}
inline std::size_t scales_of(nf::BlockShape shape, std::size_t rows, std::size_t cols) {
  return shape == by_tensor ? 1 : shape == by_row ? rows : cols;
}

enum class Kind { ties, fine, near, spread, tiny, huge };

/// Ties of a largest magnitude that 127 divides and whose quotient by 127 no double inverts, and
/// their neighbours; the same for 16 random bits; any floats below one; floats of many exponents;
/// subnormal ones; the largest.
inline std::vector<float> numbers(std::size_t n, Kind kind) {
  std::vector<float> values(n);
  std::uint32_t state = static_cast<std::uint32_t>(kind) + 7;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 1664525u + 1013904223u;
    const std::uint32_t top_bits = state >> 8, sign = state << 31, next = (state >> 5) % 3 - 1;
    std::uint32_t code = 0;
    const float tie = 49 * static_cast<float>(1 + top_bits % 253) / 2,
                fine = 49 * static_cast<float>(1 + top_bits % 16383) * 0x1p-17f;
    if (kind == Kind::ties) code = float_bits(tie) + next;
    if (kind == Kind::fine) code = float_bits(fine) + next;
    if (kind == Kind::near) code = float_bits(static_cast<float>(top_bits) * 0x1p-24f);
    if (kind == Kind::spread) code = (top_bits & 0x7fffffu) | (96 + (state >> 27)) << 23;
    if (kind == Kind::tiny) code = top_bits % (1u << (1 + (state >> 5) % 24));
    if (kind == Kind::huge) code = 0x7f7fffffu - (top_bits >> (1 + (state >> 5) % 3));
    if (kind <= Kind::fine && i % 11 == 0) code = float_bits(127 * 49);
    values[i] = std::bit_cast<float>(code | sign);
  }
  return values;
}

inline constexpr Kind all_kinds[] = {Kind::ties,   Kind::fine, Kind::near,
                                     Kind::spread, Kind::tiny, Kind::huge};

/// What `rounding` is in the oracle's words; random bits are those of element i.
template <class R>
oracle::Rounding oracle_rounding(const R& rounding, oracle::Mode mode, std::size_t i) {
  return {mode, R::random_bits, rounding.word(i)};
}

template <class R>
void check_int8(const std::vector<float>& in, std::size_t rows, std::size_t cols, const R& rounding,
                oracle::Mode mode, Mismatches& bad) {
  for (const nf::BlockShape shape : all_shapes) {
    const nf::Int8Matrix q = nf::Int8Matrix::quantize(in, rows, cols, {shape}, rounding);
    std::vector<std::uint32_t> amax(q.scales().size());
    for (std::size_t i = 0; i < in.size(); ++i) {
      std::uint32_t& most = amax[scale_at(shape, i / cols, i % cols)];
      most = std::max(most, float_bits(in[i]) & 0x7fffffffu);
    }
    std::vector<float> out(in.size());
    q.dequantize(out);
    const auto where = [&](const char* what) {
      return std::string(what) + " of " + std::to_string(rows) + " x " + std::to_string(cols) +
             ", scales " + std::to_string(scales_of(shape, rows, cols)) + ", mode " +
             std::to_string(static_cast<int>(mode));
    };
    for (std::size_t i = 0; i < amax.size(); ++i)
      bad.expect_equal([&] { return where("scale"); }, i, amax[i], float_bits(q.scales()[i]));
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::size_t at = scale_at(shape, i / cols, i % cols);
      const oracle::Exact scale = oracle::from_f32_bits(amax[at]);
      const oracle::Exact x = oracle::product(top, oracle::from_f32_bits(float_bits(in[i])));
      const std::uint32_t code = oracle::divide(int8, x, scale, oracle_rounding(rounding, mode, i));
      bad.expect_equal([&] { return where("code"); }, float_bits(in[i]), code,
                       static_cast<std::uint8_t>(q.codes()[i]));
      bad.expect_equal([&] { return where("number"); }, static_cast<std::uint8_t>(q.codes()[i]),
                       expected_number(q.codes()[i], float_bits(q.scales()[at])),
                       float_bits(out[i]));
    }
  }
}

/// The exact product, rounded to double, of numbers with at most 53 bits: in integers.
inline double rounded(double a, double b) {
  const oracle::Exact x = oracle::from_f64_bits(std::bit_cast<std::uint64_t>(a));
  const oracle::Exact y = oracle::from_f64_bits(std::bit_cast<std::uint64_t>(b));
  oracle::Exact product;
  product.negative = x.negative != y.negative;
  product.significand = x.significand * y.significand;
  product.exponent = x.exponent + y.exponent;
  return std::bit_cast<double>(oracle::round_to_f64(product));
}

inline float expected_product(std::int32_t sum, float a, float b) {
  const double inverse = 0x1.040c2050c1c41p-14;  // checked below
  const double factor = rounded(rounded(a, b), inverse);
  const double y = rounded(factor, std::bit_cast<double>(oracle::round_to_f64(integer(sum))));
  return std::bit_cast<float>(oracle::round(oracle::binary32,
                                            oracle::from_f64_bits(std::bit_cast<std::uint64_t>(y)),
                                            {}, oracle::Saturation::none));
}

}  // namespace test
