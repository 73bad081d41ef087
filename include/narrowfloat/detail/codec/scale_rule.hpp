// SPDX-License-Identifier: MIT
// The exponent of the power of two that a block shares, from the bits of its largest magnitude.
#pragma once

#include "word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What a rule makes of amax = (1 + fraction / 2^23) * 2^e: e, one more where the fraction is above
/// the threshold, less an offset, within limits; as a number of steps above the lowest exponent.
struct exponent_rule {
  std::uint32_t threshold;    ///< of the fraction's 23 bits
  std::uint32_t least, most;  ///< limits of e plus step_bias
  std::uint32_t last_number;  ///< an amax above it is one step above the most
  std::uint32_t one_field;    ///< the exponent field of 1 / 2^(lowest exponent)
};

/// e plus this is positive for every float.
inline constexpr int step_bias = 150 + wide<std::uint32_t>::bias;

/// The steps for a largest magnitude: 0 for 0, the most for Inf unless that is above the last
/// number.
template <class W>
constexpr NF_FN W exponent_steps(const W& amax, const W& threshold, const W& least, const W& most,
                                 const W& last_number) {
  constexpr std::uint32_t leading = 0x800000, fraction_mask = leading - 1;
  // a subnormal as an integer times 2^-149
  const W integer = float_bits(amax & W(fraction_mask));
  const W bits = select_less(amax, W(leading), integer, amax);
  const W bias = select_less(amax, W(leading), W(1), W(150));
  const W up = select_less(threshold, bits & W(fraction_mask), W(1), W(0));
  const W e = (bits >> 23) + bias + up;
  W steps = larger(smaller(e, most), least);
  steps = select_equal(amax, W(0), least, steps);
  steps = select_equal(amax, W(wide<std::uint32_t>::infinity), most, steps) - least;
  return select_less(last_number, amax, most - least + W(1), steps);
}

/// The bits of 1 / 2^e for these steps above the lowest exponent.
template <class W>
constexpr NF_FN W inverse_power(const W& steps, const W& one_field) {
  const W field = one_field - steps;
  return select_equal(field, W(0), W(0x400000u), field << 23);
}

/// The bits of x / 2^e as a float, exact but near the ends of float's range: a nonzero magnitude
/// below the smallest normal float stands as that one, one above the largest float as that one.
/// Elements have neither values nor random decisions there.
constexpr NF_FN std::uint32_t scaled_down(std::uint32_t bits, int e) {
  constexpr std::uint32_t infinity = wide<std::uint32_t>::infinity;
  const std::uint32_t sign = bits & 0x80000000u, magnitude = bits - sign;
  const std::uint32_t integer = float_bits(magnitude & 0x7fffffu);  // a subnormal, normalized
  const bool normal = magnitude >= 0x800000u;
  const std::uint32_t fraction = (normal ? magnitude : integer) & 0x7fffffu;
  const int field = static_cast<int>((normal ? magnitude : integer) >> 23) - (normal ? 0 : 149) - e;
  std::uint32_t scaled = (static_cast<std::uint32_t>(field) << 23) | fraction;
  if (field < 1) scaled = 0x800000u;
  if (field > 254) scaled = infinity - 1;
  if (magnitude == 0 || magnitude >= infinity) scaled = magnitude;
  return sign | scaled;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
