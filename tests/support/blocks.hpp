// SPDX-License-Identifier: MIT
// How the oracle sees a block format, and blocks of values that decide its rounding.
#pragma once

#include <vector>

#include <narrowfloat/mx.hpp>

#include "support/block_oracle.hpp"
#include "support/formats.hpp"

namespace test {

template <class E>
oracle::Element oracle_element(bool full_range = false) {
  if constexpr (nf::narrow_float<E>) {
    return {.format = oracle_format<E>()};
  } else {
    return {.fixed_width = E::width, .fraction_bits = E::fraction_bits, .full_range = full_range};
  }
}

/// The exact value of a scale.
template <class S>
oracle::Exact exact_scale(S scale) {
  if constexpr (nf::narrow_float<S>)
    return oracle::decode(oracle_format<S>(), scale.bits());
  else
    return exact_of(static_cast<float>(scale));
}

inline std::uint32_t next_random(std::uint32_t& state) {
  state = state * 1664525u + 1013904223u;
  return state ^ (state >> 15);
}

/// n floats within some binades below 2^top; every eighth is zero, a half, or near the top.
inline std::vector<float> sample_block(std::size_t n, int top, std::uint32_t seed) {
  std::vector<float> values(n);
  std::uint32_t state = seed * 747796405u + 1;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t word = next_random(state);
    const std::uint32_t mantissa = i % 8 == 3 ? 0x400000u : i % 8 == 5 ? 0x7fffffu : word >> 9;
    const int field = top + 127 - static_cast<int>(word % 11) * (i % 8 == 7 ? 0 : 1);
    std::uint32_t bits = field <= 0 ? (mantissa | 0x800000u) >> (1 - field < 24 ? 1 - field : 24)
                                    : static_cast<std::uint32_t>(field) << 23 | mantissa;
    if (i % 8 == 1) bits = 0;
    values[i] = std::bit_cast<float>(bits | (word & 1) << 31);
  }
  return values;
}

inline oracle::Exact largest_of(const std::vector<float>& values) {
  oracle::Exact amax{};
  for (const float x : values) {
    if (oracle::compare_magnitudes(exact_of(x), amax) > 0) amax = exact_of(x);
  }
  amax.negative = false;
  return amax;
}

using mx_formats = std::tuple<nf::mxfp8_e4m3, nf::mxfp8_e5m2, nf::mxfp6_e2m3, nf::mxfp6_e3m2,
                              nf::mxfp4_e2m1, nf::mxint8>;

}  // namespace test
