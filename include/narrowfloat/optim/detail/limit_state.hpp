// SPDX-License-Identifier: MIT
// Numbers limited to what a narrow format holds, and counted, before they are converted: the loop
// stands in limit_loop.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../../convert.hpp"
#include "../../detail/array/place.hpp"
#include "../storage_counts.hpp"

namespace narrowfloat::detail {

/// Magnitudes as bits: from 1 to `small` they are small, above `most` large.
struct state_limits {
  std::uint32_t small, most;
  bool lifts;  ///< positive numbers below `least` become it
  std::uint32_t least;
};
struct state_counts {
  std::uint64_t small = 0, large = 0;
};

// Writes n floats within their limits and counts those that were not; `out` may be `in`.
state_counts limit_floats(in_library, Isa isa, const float* in, float* out, std::size_t n,
                          const state_limits& limits);

// How many of n floats are 0.
std::size_t count_zeros(in_library, Isa isa, const float* in, std::size_t n);
// How many of n codes of 8 or 4 bits (low nibble first) are this one.
std::size_t count_codes(in_library, Isa isa, const std::uint8_t* bytes, std::size_t n, int bits,
                        std::uint8_t code);

inline namespace NF_BASELINE {

std::size_t count_zeros(here, Isa isa, const float* in, std::size_t n);
std::size_t count_codes(here, Isa isa, const std::uint8_t* bytes, std::size_t n, int bits,
                        std::uint8_t code);
state_counts limit_floats(here, Isa isa, const float* in, float* out, std::size_t n,
                          const state_limits& limits);

/// The limits of a format: what is flushed is at most half of the least number (a tie goes to 0);
/// stochastically it may come back.
template <class F>
NF_INLINE state_limits state_limits_of(bool lifts) {
  const auto bits = [](const exact& x) { return bits_of_float(nearest_float(x, {true, true})); };
  exact least = exact_value<layout_of<F>>(1);
  const std::uint32_t unit = std::max(1u, bits(least));
  least.exponent -= 1;
  return {lifts ? unit - 1 : bits(least), bits(exact_value<layout_of<F>>(layout_of<F>::max_code)),
          lifts, unit};
}

struct no_factor {};
/// Writes the codes of values times or by a factor, a Scale or a Divide, within limits.
template <class F, class Factor, class R>
StorageCounts write_within(std::span<const float> values, std::span<F> codes, Factor factor,
                           const state_limits& limits, const R& rounding) {
  state_counts found;
  float limited[part_elements];
  for (std::size_t first = 0; first < values.size(); first += part_elements) {
    const std::size_t count = std::min(part_elements, values.size() - first);
    const state_counts some =
        limit_floats(place_of<true>(), active_isa(), values.data() + first, limited, count, limits);
    found.small += some.small;
    found.large += some.large;
    const R random = rounding_from(rounding, first);
    const auto to = codes.subspan(first, count);
    const std::span<const float> from(limited, count);
    if constexpr (std::is_same_v<Factor, no_factor>)
      convert(from, to, random, Saturation::finite);
    else
      convert(from, to, factor, random, Saturation::finite);
  }
  return {limits.lifts ? 0 : found.small, found.large, limits.lifts ? found.small : 0};
}

/// Writes the codes of values within the limits of their format.
template <class F, class R>
StorageCounts write_limited(std::span<const float> values, std::span<F> codes, bool lifts,
                            const R& rounding) {
  return write_within(values, codes, no_factor{}, state_limits_of<F>(lifts), rounding);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
