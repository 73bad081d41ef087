// SPDX-License-Identifier: MIT
// Numbers of any type as floats, a part at a time, and their largest magnitudes, as the rooms above
// see them: the loops stand in widen_part.hpp and magnitude.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "../../isa.hpp"
#include "../codec/number_traits.hpp"
#include "parts.hpp"
#include "place.hpp"

namespace narrowfloat::detail {

// Writes n numbers, each of which is a float, as floats.
template <class T>
void widen_part(in_library, const T* values, std::size_t n, float* out);
// The same times a factor, a number that is not 0, each product rounded to nearest.
template <class T>
void widen_scaled_part(in_library, Isa isa, const T* values, std::size_t n, float factor,
                       float* out, bool stream);
// The largest magnitude, as bits; a NaN is larger than Inf.
std::uint32_t largest_bits(in_library, Isa isa, const float* in, std::size_t n);
std::uint64_t largest_bits(in_library, Isa isa, const double* in, std::size_t n);
// The largest magnitude of codes, whose bits are those of `mask`; if the sign alone is NaN, that.
template <class Code>
Code largest_code(in_library, Isa isa, const void* in, std::size_t n, Code mask,
                  bool nan_is_negative_zero);
// The largest finite magnitude, as bits.
std::uint32_t largest_finite_bits(in_library, Isa isa, const float* in, std::size_t n);

inline namespace NF_BASELINE {

template <class T>
void widen_part(here, const T* values, std::size_t n, float* out);
template <class T>
void widen_scaled_part(here, Isa isa, const T* values, std::size_t n, float factor, float* out,
                       bool stream);
std::uint32_t largest_bits(here, Isa isa, const float* in, std::size_t n);
std::uint64_t largest_bits(here, Isa isa, const double* in, std::size_t n);
template <class Code>
Code largest_code(here, Isa isa, const void* in, std::size_t n, Code mask,
                  bool nan_is_negative_zero);
std::uint32_t largest_finite_bits(here, Isa isa, const float* in, std::size_t n);

/// n values as floats: themselves, or exact copies in `buffer`, which has room for them.
template <class T>
NF_INLINE const float* as_floats(const T* values, std::size_t n, float* buffer) {
  if constexpr (std::same_as<T, float>) {
    return values;
  } else {
    using from = looped_t<T>;
    widen_part(place_of<is_named<from>, from>(), reinterpret_cast<const from*>(values), n, buffer);
    return buffer;
  }
}

/// Calls f(floats, n, first) for the parts of the columns left ... right - 1 of a row.
template <class T, class F>
void for_each_part(const T* row, std::size_t left, std::size_t right, F f) {
  float buffer[std::same_as<T, float> ? 1 : part_elements];
  for (std::size_t first = left; first < right; first += part_elements) {
    const std::size_t count = std::min(part_elements, right - first);
    f(as_floats(row + first, count, buffer), count, first);
  }
}

template <class T>
std::uint32_t largest_finite_magnitude(const T* values, std::size_t n) {
  const Isa isa = active_isa();
  std::uint32_t largest = 0;
  for_each_part(values, 0, n, [&](const float* x, std::size_t count, std::size_t) {
    largest = std::max(largest, largest_finite_bits(place_of<true>(), isa, x, count));
  });
  return largest;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
