// SPDX-License-Identifier: MIT
// The codes of the values of a code-book that are nearest to quotients.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"
#include "codebook_tables.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// How quotients are formed and compared.
enum class codebook_quotient {
  short_midpoints,  ///< exact: x > high * absmax
  long_midpoints,   ///< exact: x > (high + low) * absmax
  in_float          ///< x * (1 / absmax), both rounded, > the rounded midpoint
};

/// A double's place in the order of numbers: not a comparison of doubles, which -ffast-math may
/// rearrange.
NF_INLINE std::int64_t order_of_double(double x) {
  const auto bits = __builtin_bit_cast(std::int64_t, x);
  return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
}

/// Whether x / absmax is above midpoint k. Under in_float, x is the quotient already.
template <codebook_quotient Quotient>
NF_INLINE bool is_above(const codebook_tables& book, std::size_t k, float x, double absmax) {
  if constexpr (Quotient == codebook_quotient::in_float) {
    return x > book.rounded[k];
  } else if constexpr (Quotient == codebook_quotient::short_midpoints) {
    return static_cast<double>(x) > book.high[k] * absmax;  // 24 and 29 bits: exact
  } else {
    // Both products are exact. So is the difference where x is within a factor of two of the first
    // one; elsewhere it is many times the second one, since low[k] is then less than 2^-4 high[k].
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
    // The quotients are taken times 2^up, which keeps them and the reciprocal away from slow
    // subnormal floats.
    const std::uint32_t field = __builtin_bit_cast(std::uint32_t, by) >> binary32::mantissa_bits;
    const std::uint32_t up = field < 126 ? field : 126;
    const auto power = __builtin_bit_cast(double, (up + std::uint64_t{1023}) << 52);
    inverse = static_cast<float>(power / static_cast<double>(by));
    first = book.first + (up << (binary32::mantissa_bits - book.shift));
  }
};

/// A word as it is, which the compiler has to have in a register of its own: it would make gathers
/// of a loop of look-ups, which are slower.
NF_INLINE std::uint64_t one_by_one(std::uint64_t word) {
  __asm__("" : "+r"(word));
  return word;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../quantize/detail/codebook_search.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using encode_codebook_kernel = void (*)(const void*, void*, std::size_t, const codebook_tables&,
                                        const float*, std::size_t, bool);
inline constexpr isa_table<encode_codebook_kernel> encode_codebook_kernels
    NF_EACH_ISA(encode_codebook);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
