// SPDX-License-Identifier: MIT
// Code-books of every kind, and blocks of values that decide their search.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <narrowfloat/quantize/codebook_tensor.hpp>

#include "support/blocks.hpp"
#include "support/codebook_oracle.hpp"
#include "support/mismatches.hpp"

namespace test {

inline std::uint32_t word_of(float x) { return std::bit_cast<std::uint32_t>(x); }

struct NamedBook {
  std::string name;
  nf::Codebook book;
};

/// Every path of the search: in buckets and by halves, midpoints in one double and in two, any
/// order of codes.
inline std::vector<NamedBook> every_book() {
  constexpr auto no_sign = nf::Signedness::is_unsigned;
  std::vector<float> crowd, sample;
  for (int i = 0; i < 200; ++i)
    crowd.push_back(std::bit_cast<float>(0x3f000000u + static_cast<std::uint32_t>(i) * 3));
  std::uint32_t state = 5;
  for (int i = 0; i < 3000; ++i) {
    const float a = static_cast<float>(next_random(state) >> 8);
    sample.push_back((a - 8388608.0f) *
                     std::ldexp(1.0f, -static_cast<int>(next_random(state) % 9)));
  }
  return {{"dynamic", nf::dynamic_codebook()},
          {"dynamic unsigned", nf::dynamic_codebook(no_sign)},
          {"dynamic 8/5", nf::dynamic_codebook(nf::Signedness::is_signed, 8, 5)},
          {"dynamic 4", nf::dynamic_codebook(nf::Signedness::is_signed, 4)},
          {"dynamic unsigned 6/3", nf::dynamic_codebook(no_sign, 6, 3)},
          {"bitsandbytes", nf::bitsandbytes_dynamic_codebook()},
          {"bitsandbytes unsigned", nf::bitsandbytes_dynamic_codebook(no_sign)},
          {"linear", nf::linear_codebook()},
          {"linear unsigned", nf::linear_codebook(no_sign)},
          {"linear 2", nf::linear_codebook(nf::Signedness::is_signed, 2)},
          {"quantile", nf::quantile_codebook(sample)},
          {"quantile 4", nf::quantile_codebook(sample, 4)},
          {"nf4", nf::nf4_codebook()},
          {"af4", nf::af4_codebook()},
          {"fp4", nf::fp4_bitsandbytes_codebook()},
          {"two", nf::Codebook{-1, 1}},
          {"crowd", nf::Codebook(crowd)},
          {"far apart", nf::Codebook{-1, -1e-7f, 1e-30f, 3e-30f, 0x1p-20f, 0x1.fffffep-3f, 0.9f}},
          {"subnormal", nf::Codebook{-1, -0x1p-149f, 0x1p-149f, 0x1.8p-130f, 1}},
          {"large", nf::Codebook{-3e38f, -2, -0x1.000002p0f, 0.1f, 1.5f, 1e20f, 3.4e38f}},
          {"any order", nf::Codebook({0.5f, -0.5f, 0, 1, -0.0f, -1, 0.5f, 0.25f, 0.125f, 0.75f,
                                      -0.25f, 0.3f, 0.31f, 0.32f, 0.33f, 0.34f, 0.35f},
                                     nf::CodeOrder::any)}};
}

inline std::vector<std::uint32_t> bits_of_values(const nf::Codebook& book) {
  std::vector<std::uint32_t> all;
  for (const float x : book.values()) all.push_back(word_of(x));
  return all;
}

/// The scale of a block with the largest float, which is as large as a scale may be.
inline float largest_scale(const nf::Codebook& book) {
  return nf::CodebookTensor::quantize(std::vector{0x1.fffffep127f}, book).scales()[0];
}

/// n floats of which the first is the largest: near the midpoints of the book times it, near its
/// values, of any size below.
inline std::vector<float> block_for(const nf::Codebook& book, std::size_t n, float absmax,
                                    std::uint32_t& state) {
  std::vector<float> sorted(book.values().begin(), book.values().end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> values;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t word = next_random(state);
    const std::size_t k = word % (sorted.size() - 1);
    const double middle = (double{sorted[k]} + sorted[k + 1]) / 2;
    double x = absmax;
    if (i % 4 == 1) x = middle * absmax;
    if (i % 4 == 2) x = sorted[k] * double{absmax};
    if (i % 4 == 3) x = std::ldexp(absmax, -static_cast<int>(word % 60)) * 0.7;
    std::uint32_t bits =
        word_of(static_cast<float>(std::clamp(x, -double{absmax}, double{absmax})));
    // half of them an ulp or two off
    if (i % 8 > 3 && (bits & 0x7fffffffu) > 4) bits -= word >> 28 & 3;
    if (i != 0 && (word >> 20 & 7) == 0) bits ^= 0x80000000u;
    values.push_back(std::bit_cast<float>(bits));
  }
  return values;
}

}  // namespace test
