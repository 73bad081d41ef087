// SPDX-License-Identifier: MIT
// One scale of all numbers of a storage.
#pragma once

#include <algorithm>

#include "../../detail/exact/binary.hpp"
#include "../../float.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What the codes of a format are multiplied by so that they reach an amax.
///
/// Result    amax / largest F, rounded to a float, at least 2^-126; or the least power of two that is not less, from
///           2^-126 to 2^126. 1 for an amax of 0, Inf or NaN.
template <class F, bool PowerOfTwo>
NF_INLINE float scale_for(float amax) {
  constexpr exact largest = exact_value<layout_of<F>>(layout_of<F>::max_code);
  if (!is_usable(amax)) return 1;
  if constexpr (PowerOfTwo) {
    const int up = floor_log2_quotient(largest, exact_of(larger_magnitude(amax, 0)));
    return power_of_two<float>(-std::clamp(up, -126, 126));
  } else {
    const float scale = nearest_float(quotient(exact_of(amax), largest));
    return larger_magnitude(scale, power_of_two<float>(-126));
  }
}

/// The inverse of a power of two from 2^-126 to 2^126.
NF_INLINE float inverse_power(float x) { return float_of_bits((254u << 23) - bits_of_float(x)); }

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
