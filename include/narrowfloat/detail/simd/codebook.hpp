// SPDX-License-Identifier: MIT
// What the loops of code-books read: the values, the midpoints between them, and the table that leads from
// the leading bits of a quotient to the one midpoint that is left to compare with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "group.hpp"

namespace narrowfloat::detail {

/// The tables of a code-book. A member of a public type: the same in every translation unit.
///
/// The distinct values are numbered in ascending order. A quotient has the number of midpoints that it is
/// above.
struct codebook_tables {
  static constexpr std::size_t most = 256;

  std::size_t size = 0;      ///< codes
  std::size_t distinct = 0;  ///< different values
  bool one_part = true;      ///< every low[k] is 0

  /// Midpoint k, between the distinct values k and k + 1, is high[k] + low[k]: exact, and so is the
  /// product of either with a float in double. There is one beyond every quotient after the last.
  double high[most] = {}, low[most] = {};
  float rounded[most] = {};      ///< the midpoints as floats
  std::uint8_t code[most] = {};  ///< the least code of distinct value k

  alignas(64) float value[most] = {};            ///< by code; 0 where there is none
  alignas(64) std::uint8_t plane[4][most] = {};  ///< their bytes, the lowest first

  /// What a quotient may be, by its bucket: the leading 29 bits of midpoint k, all that it has where
  /// low[k] is 0, if that alone lies within the bucket; below them, in bits that are free, code[k] and 8
  /// bits higher code[k + 1]. The bucket of a quotient is 2 * n + its sign with n = max(magnitude bits >>
  /// shift, first) - first. Empty where the values lie too close for that; the second table has the
  /// midpoints as floats.
  static constexpr std::uint64_t code_bits = 0xffff;
  std::vector<std::uint64_t> choice, rounded_choice;
  int shift = 0;
  std::uint32_t first = 0;
};

inline namespace NF_BASELINE {

/// How quotients are formed and compared.
enum class codebook_quotient {
  short_midpoints,  ///< exact: x > high * absmax
  long_midpoints,   ///< exact: x > (high + low) * absmax
  in_float          ///< x * (1 / absmax), both rounded, > the rounded midpoint
};

/// A double's place in the order of numbers: not a comparison of doubles, which -ffast-math may rearrange.
NF_INLINE std::int64_t order_of_double(double x) {
  const auto bits = __builtin_bit_cast(std::int64_t, x);
  return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
}

/// Whether x / absmax is above midpoint k. In float x is the quotient.
template <codebook_quotient Quotient>
NF_INLINE bool is_above(const codebook_tables& book, std::size_t k, float x, double absmax) {
  if constexpr (Quotient == codebook_quotient::in_float) {
    return x > book.rounded[k];
  } else if constexpr (Quotient == codebook_quotient::short_midpoints) {
    return static_cast<double>(x) > book.high[k] * absmax;  // 24 and 29 bits: exact
  } else {
    // Both products are exact. So is the difference where x is within a factor of two of the first one;
    // elsewhere it is many times the second one, since low[k] is then less than 2^-4 high[k].
    const double rest = static_cast<double>(x) - book.high[k] * absmax;
    return order_of_double(rest) > order_of_double(book.low[k] * absmax);
  }
}

/// The number of midpoints that x / absmax is above, by halves. One comparison a step, no branch.
template <codebook_quotient Quotient>
NF_INLINE std::size_t midpoints_below(const codebook_tables& book, float x, double absmax) {
  std::size_t found = 0;
  NF_UNROLL
  for (std::size_t step = codebook_tables::most / 2; step != 0; step /= 2) {
    found += is_above<Quotient>(book, found + step - 1, x, absmax) ? step : 0;
  }
  return found;
}

/// 1 / absmax as a float.
NF_INLINE float reciprocal(float absmax) {
  return static_cast<float>(
      1.0 / static_cast<double>(absmax));  // as good as rounded once: 53 >= 2 * 24 + 2
}

/// What leads from a number to its bucket.
struct codebook_divisor {
  float divisor = 1, inverse = 1;
  std::uint32_t first = 0;  ///< the reading of the first bucket

  codebook_divisor() = default;
  /// Requires  a positive finite divisor; a subnormal one leads nowhere.
  NF_INLINE codebook_divisor(const codebook_tables& book, float by) : divisor(by) {
    // The quotients are taken times 2^up, which keeps them and the reciprocal away from slow subnormal
    // floats.
    const std::uint32_t field = __builtin_bit_cast(std::uint32_t, by) >> binary32::mantissa_bits;
    const std::uint32_t up = field < 126 ? field : 126;
    const auto power = __builtin_bit_cast(double, (up + std::uint64_t{1023}) << 52);
    inverse = static_cast<float>(power / static_cast<double>(by));
    first = book.first + (up << (binary32::mantissa_bits - book.shift));
  }
};

/// A word as it is, which the compiler has to have in a register of its own: it would make gathers of a
/// loop of look-ups, which are slower.
NF_INLINE std::uint64_t one_by_one(std::uint64_t word) {
  __asm__("" : "+r"(word));
  return word;
}

/// Stands for a look-up that an instruction set has no better way for than one value after the other.
struct no_values {};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
