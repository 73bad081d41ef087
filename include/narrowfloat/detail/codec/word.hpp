// SPDX-License-Identifier: MIT
// The word operations that the formulas are written in, for the scalar words uint32_t and uint64_t.
// detail/simd/pack.hpp provides the same names for vectors of words.
#pragma once

#include <cstdint>

#include "../../config.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The binary32 or binary64 layout that a word of 32 or 64 bits can hold: the formulas read and
/// write it.
template <class Scalar>
struct wide;

template <>
struct wide<std::uint32_t> {
  using real = float;
  static constexpr int bits = 32, exponent_bits = 8, mantissa_bits = 23, bias = 127;
  static constexpr std::uint32_t sign_mask = 0x8000'0000u, infinity = 0x7f80'0000u,
                                 quiet_nan = 0x7fc0'0000u;
};

template <>
struct wide<std::uint64_t> {
  using real = double;
  static constexpr int bits = 64, exponent_bits = 11, mantissa_bits = 52, bias = 1023;
  static constexpr std::uint64_t sign_mask = std::uint64_t{1} << 63,
                                 infinity = std::uint64_t{0x7ff} << 52,
                                 quiet_nan = std::uint64_t{0xfff} << 51;
};

/// The scalar that one lane of a word holds: the word itself here, the lane's type for a pack.
template <class W>
struct lane_of {
  using type = W;
};
template <class W>
using lane = typename lane_of<W>::type;

// select_OP(a, b, x, y) is x where a OP b, else y. The operands of select_less are below half of
// the word's range, so that vectors, which have no unsigned comparison before AVX-512, can compare
// as signed.

constexpr NF_FN std::uint32_t select_less(std::uint32_t a, std::uint32_t b, std::uint32_t x,
                                          std::uint32_t y) {
  return a < b ? x : y;
}
constexpr NF_FN std::uint64_t select_less(std::uint64_t a, std::uint64_t b, std::uint64_t x,
                                          std::uint64_t y) {
  return a < b ? x : y;
}
constexpr NF_FN std::uint32_t select_equal(std::uint32_t a, std::uint32_t b, std::uint32_t x,
                                           std::uint32_t y) {
  return a == b ? x : y;
}
constexpr NF_FN std::uint64_t select_equal(std::uint64_t a, std::uint64_t b, std::uint64_t x,
                                           std::uint64_t y) {
  return a == b ? x : y;
}

/// The bit pattern of the integer `a` as a float (a < 2^24) or a double (a < 2^53). The conversion
/// is exact, so no rounding mode and no flush-to-zero flag can change it.
constexpr NF_FN std::uint32_t float_bits(std::uint32_t a) {
  return __builtin_bit_cast(std::uint32_t, static_cast<float>(static_cast<std::int32_t>(a)));
}
constexpr NF_FN std::uint64_t float_bits(std::uint64_t a) {
  return __builtin_bit_cast(std::uint64_t, static_cast<double>(static_cast<std::int64_t>(a)));
}

/// Zero bits above the leading one of a nonzero word.
constexpr NF_FN int leading_zeros(std::uint64_t a) { return __builtin_clzll(a); }

template <class W>
constexpr NF_FN W larger(const W& a, const W& b) {
  return select_less(a, b, b, a);
}
template <class W>
constexpr NF_FN W smaller(const W& a, const W& b) {
  return select_less(b, a, b, a);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
