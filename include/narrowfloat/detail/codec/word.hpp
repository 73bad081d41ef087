// SPDX-License-Identifier: MIT
// The word operations that the formulas are written in, for the scalar words uint32_t and uint64_t.
// detail/simd/pack.hpp provides the same names for vectors of words.
#pragma once

#include <concepts>
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
// as signed; those of select_below are any.

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

template <std::unsigned_integral W>
constexpr NF_FN W select_below(W a, W b, W x, W y) {
  return a < b ? x : y;
}

/// The bit pattern of the integer `a` as a float (a < 2^24) or a double (a < 2^53). The conversion
/// is exact, so no rounding mode and no flush-to-zero flag can change it.
constexpr NF_FN std::uint32_t float_bits(std::uint32_t a) {
  return __builtin_bit_cast(std::uint32_t, static_cast<float>(static_cast<std::int32_t>(a)));
}
constexpr NF_FN std::uint64_t float_bits(std::uint64_t a) {
  return __builtin_bit_cast(std::uint64_t, static_cast<double>(static_cast<std::int64_t>(a)));
}

/// The bits of the integer `a`, as float_bits takes it, times 2^Exponent: 0 or a normal number, so
/// exact.
template <int Exponent, std::unsigned_integral W>
constexpr NF_FN W scaled_integer(const W& a) {
  return a == 0 ? 0 : float_bits(a) + (static_cast<W>(Exponent) << wide<W>::mantissa_bits);
}

/// Zero bits above the leading one of a nonzero word.
constexpr NF_FN int leading_zeros(std::uint64_t a) { return __builtin_clzll(a); }
/// Zero bits below the last one of a nonzero word; device code lacks the builtin.
constexpr NF_FN int trailing_zeros(std::uint64_t a) {
#if defined(__CUDACC__)
  return 63 - leading_zeros(a & (~a + 1));
#else
  return __builtin_ctzll(a);
#endif
}

/// How a sum of floats is rounded. A vector takes it from the floating-point environment, which the
/// array loops set (detail/simd/environment.hpp); a scalar, which must not see that, does it in
/// integers.
enum class direction { nearest, to_zero, to_positive, to_negative };

/// The bits of a + t * 2^up, rounded once to float (double).
///
/// Requires  a and t have the same sign; t is normal; up > 0; the sum lies in the binade of t *
///           2^up.
template <direction D, std::unsigned_integral W>
constexpr NF_FN W float_sum(const W& a, const W& t, int up) {
  using real = wide<W>;
  constexpr int P = real::mantissa_bits;
  const W sign = t & real::sign_mask;
  const W addend = a - sign, sum = t - sign + (static_cast<W>(up) << P);
  const W field = addend >> P;
  const W significand = field == 0 ? addend : (addend & ((W{1} << P) - 1)) | (W{1} << P);
  // A shift by P + 3 leaves less than half of the last place, whatever the significand.
  const W distance = (sum >> P) - (field == 0 ? 1 : field);
  const W shift = distance < P + 3 ? distance : P + 3;
  const W down = significand >> shift, rest = significand - (down << shift);
  bool away = false;
  if constexpr (D == direction::nearest) away = rest + rest + ((sum + down) & 1) > W{1} << shift;
  if constexpr (D == direction::to_positive) away = rest != 0 && sign == 0;
  if constexpr (D == direction::to_negative) away = rest != 0 && sign != 0;
  return sign + sum + down + (away ? 1 : 0);
}

/// The bits of a float or double with its magnitude limited to `positive` or, on its side, to
/// `negative`, both magnitudes.
template <std::unsigned_integral W>
constexpr NF_FN W limited(const W& bits, const W& positive, const W& negative) {
  const W sign = bits & wide<W>::sign_mask, most = sign == 0 ? positive : negative;
  return bits - sign < most ? bits : sign | most;
}

template <class W>
constexpr NF_FN W larger(const W& a, const W& b) {
  return select_less(a, b, b, a);
}
template <class W>
constexpr NF_FN W smaller(const W& a, const W& b) {
  return select_less(b, a, b, a);
}
/// The least and the greatest of any two words.
template <std::unsigned_integral W>
constexpr NF_FN W least(const W& a, const W& b) {
  return a < b ? a : b;
}
template <std::unsigned_integral W>
constexpr NF_FN W greatest(const W& a, const W& b) {
  return a < b ? b : a;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
