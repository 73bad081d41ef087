// SPDX-License-Identifier: MIT
// One scale of all numbers of a storage.
#pragma once

#include <algorithm>

#include <cstring>
#include <span>
#include <string>

#include "../../detail/exact/binary.hpp"
#include "../../float.hpp"
#include "../../state.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What the codes of a format are multiplied by so that they reach an amax.
///
/// Result    amax / largest F, rounded to a float, at least 2^-126; or the least power of two that
///           is not less, from 2^-126 to 2^126. 1 for an amax of 0, Inf or NaN.
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

/// The part that such a scale is: only a positive float from 2^-126 to 2^126 is loaded.
template <class S>
NF_INLINE auto one_scale_part(std::string name, S& scale) {
  auto part = state_part(std::move(name), scale);
  part.refusal = [](const void*, std::span<const std::byte> bytes) {
    std::uint32_t x;
    std::memcpy(&x, bytes.data(), sizeof x);
    const bool holds = x >= 1u << 23 && x <= 253u << 23;
    return holds ? std::string()
                 : "is " + std::to_string(float_of_bits(x)) + ", no scale from 2^-126 to 2^126";
  };
  return part;
}

/// The inverse of a power of two from 2^-126 to 2^126.
NF_INLINE float inverse_power(float x) { return float_of_bits((254u << 23) - bits_of_float(x)); }

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
