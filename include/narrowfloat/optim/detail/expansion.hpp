// SPDX-License-Identifier: MIT
// The power that spreads the range of a group of numbers over that of E4M3.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "../../detail/exact/binary.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// log2 of a positive float, 20 bits after the point: each squaring finds one.
inline std::int64_t fixed_log2(std::uint32_t bits) {
  const binary x = binary_of(bits);
  std::uint64_t m = x.significand << 8;  // in [2^31, 2^32)
  std::int64_t result = x.exponent + 23;
  for (int bit = 0; bit < 20; ++bit) {
    m = (m * m) >> 31;
    const auto carry = static_cast<int>(m >> 32);
    m >>= carry;
    result = 2 * result + carry;
  }
  return result;
}

/// Sixteenths of the power k: the most for which the largest magnitude of a group over the least,
/// to the k, is not above 448^2 / 2; from 1/4, where that holds for 2^66, to 255/16.
inline std::uint8_t expansion_of(std::uint32_t largest, std::uint32_t least) {
  constexpr std::int64_t range = 278748575;  // 16 log2(448^2 / 2), as fixed_log2()
  const std::int64_t ratio = fixed_log2(largest) - fixed_log2(least);
  return static_cast<std::uint8_t>(ratio <= 0 ? 255
                                              : std::clamp<std::int64_t>(range / ratio, 4, 255));
}

/// 16 / sixteenths, as a float.
inline float inverse_sixteenths(std::uint8_t sixteenths) {
  static constexpr auto table = [] {
    std::array<float, 256> made{};
    for (int i = 1; i < 256; ++i)
      made[static_cast<std::size_t>(i)] =
          nearest_float(quotient(exact_integer(16), exact_integer(i)));
    return made;
  }();
  return table[sixteenths];
}

/// The largest and the least magnitude of numbers that are not 0, as bits; 0 and all ones where
/// there are none.
struct magnitude_range {
  std::uint32_t largest = 0, least = ~0u;
};
NF_INLINE magnitude_range magnitudes_of(const float* x, std::size_t n) {
  std::uint32_t largest = 0, least = ~0u;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t magnitude = magnitude_bits(x[i]);
    largest = std::max(largest, magnitude);
    least = std::min(least, magnitude - 1);  // of 0 the most
  }
  return {largest, least + 1};
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
