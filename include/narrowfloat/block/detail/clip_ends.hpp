// SPDX-License-Identifier: MIT
// Where the magnitudes begin that a scale cuts to those of its elements.
#pragma once

#include <cstdint>

#include "../../convert/detail/elements.hpp"
#include "element_traits.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether elements reach less far, or farther, below zero than above.
template <class Element>
constexpr bool is_lopsided(bool full_range) {
  if constexpr (is_fixed_point<Element>)
    return full_range;
  else
    return !Element::is_signed;
}

/// The greatest magnitude of an element above zero, or below it.
template <class Element>
constexpr double greatest_magnitude(bool full_range, bool negative) {
  if constexpr (is_fixed_point<Element>)
    return static_cast<double>(most_negative(Element::width, full_range && negative)) *
           power_of_two<double>(-Element::fraction_bits);
  else
    return negative && !Element::is_signed ? 0 : exact_double(largest_binary<Element>());
}

/// The least magnitude, as bits of a float, beyond that of an element times its scale, and 4/3 of
/// it for three quarters. A scale of 0 flushes all numbers and cuts none; under NaN there are none.
inline std::uint32_t clip_end(double scale, double element, bool three_quarters) {
  const std::uint64_t bits = __builtin_bit_cast(std::uint64_t, scale);
  if (bits > wide<std::uint64_t>::infinity) return 0;
  if (bits == 0) return float_infinity;
  double limit = scale * element;             // 40 bits at most
  if (three_quarters) limit = 4 * limit / 3;  // a float, or far from every one
  const std::uint64_t cut = __builtin_bit_cast(std::uint64_t, limit);
  constexpr std::uint64_t first = std::uint64_t{1023 - 126} << 52,  // the smallest normal float
      beyond = std::uint64_t{1023 + 128} << 52;
  if (cut >= beyond) return float_infinity;
  if (cut >= first) return static_cast<std::uint32_t>((cut - first) >> 29) + 0x800001;
  return bits_of_float(convert_number<float>(limit, toward_zero, Saturation::finite)) + 1;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
