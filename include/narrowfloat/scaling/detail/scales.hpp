// SPDX-License-Identifier: MIT
// What scales are made of: limits, inverses and checks; all by integers, so that no floating-point
// environment and no compiler flag changes a scale.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "../../detail/array/checks.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../float.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class F>
inline constexpr exact largest_of = exact_value<layout_of<F>>(layout_of<F>::max_code);

template <class Range>
constexpr float largest_of_range(const Range& values) {
  float most = 0;
  for (const float x : values) most = larger_magnitude(most, x);
  return most;
}
constexpr bool is_number(float x) { return magnitude_bits(x) <= wide<std::uint32_t>::infinity; }

/// A number in a message.
inline std::string shown(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

constexpr void require_history(const char* call, std::size_t held, std::size_t wanted) {
  if (held != wanted || wanted == 0) {
    throw_invalid(call, "the amax history has " + std::to_string(held) +
                            " entries, its length is " + std::to_string(wanted) +
                            " and must be at least 1");
  }
}

/// Whether a scale and its inverse are positive floats.
constexpr bool is_scale_of_state(float scale) {
  const std::uint32_t bits = bits_of_float(scale);
  return bits >= 0x00400000u && bits < wide<std::uint32_t>::infinity;
}
/// What is said of one that is none.
inline std::string shown_scale(float scale) {
  return "is " + shown(static_cast<double>(scale)) +
         ", not a number from 2^-127 to the largest float";
}
/// A scale that a state was given or restored with.
constexpr void require_scale_of_state(const char* call, const char* name, float scale) {
  if (!is_scale_of_state(scale)) throw_invalid(call, std::string(name) + " " + shown_scale(scale));
}

/// A scale at least 2^-126, so that its inverse is finite, and no larger than `most`.
constexpr float limited_scale(float scale, float most) {
  using traits = number_traits<float>;
  return traits::from_code(std::clamp(traits::to_code(scale), 0x00800000u, traits::to_code(most)));
}
inline constexpr float largest_float = __builtin_bit_cast(float, 0x7f7fffffu);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
