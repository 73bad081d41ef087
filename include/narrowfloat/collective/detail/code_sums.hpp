// SPDX-License-Identifier: MIT
// Exact sums of the codes of several ranks, rounded once.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../../scaling/fp8_lm.hpp"
#include "wide_sums.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Finite sums: those beyond the largest value of the format, and those that became it, Inf or NaN.
struct sum_counts {
  std::uint64_t beyond = 0, attained = 0;
};

/// The sum of element `i` of each of `ranks` arrays, `stride` codes apart.
template <class F>
exact exact_sum_of_codes(const F* codes, std::size_t stride, std::size_t ranks, std::size_t i) {
  std::int64_t digits[sum_digits<float>] = {}, specials = 0;
  for (std::size_t r = 0; r < ranks; ++r) {
    const std::uint32_t code = bits_of_float(real_number<float>(codes[r * stride + i]));
    const std::uint32_t magnitude = code & 0x7fffffffu;
    if (magnitude >= float_infinity) {
      specials += special_summand(magnitude > float_infinity, code != magnitude);
      continue;
    }
    const summand found = summand_of<float>(code);
    digits[found.digit] += found.parts[0];
    digits[found.digit + 1] += found.parts[1];
  }
  return value_of_sum<float>(digits, 0, specials, 1, false);
}

/// Of a part: the sums in double, and the exponents' fields of floats among the summands.
struct double_sums {
  double sums[part_elements] = {};
  std::uint32_t highest[part_elements] = {}, lowest[part_elements];

  void clear(std::size_t n) {
    std::fill_n(sums, n, 0.0);
    std::fill_n(highest, n, 0u);
    std::fill_n(lowest, n, 255u);
  }
  /// Whether double holds every sum of at most 2^more of the summands of element i, to the last bit
  /// of the lowest; then it is 0 or within float's normal range.
  bool is_exact(std::size_t i, std::uint32_t more, std::uint32_t mantissa_bits) const {
    if (lowest[i] == 255) return highest[i] == 0;  // all zero
    return highest[i] + more < 254 && lowest[i] > mantissa_bits &&
           highest[i] + more + mantissa_bits < lowest[i] + 53;
  }
};

/// Adds floats, and looks which exponents they have.
template <bool LooksAtExponents>
void add_part(const float* x, std::size_t n, double_sums& to) {
  for (std::size_t i = 0; i < n; ++i) to.sums[i] += static_cast<double>(x[i]);
  if constexpr (LooksAtExponents) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t field = magnitude_bits(x[i]) >> 23;
      to.highest[i] = std::max(to.highest[i], field);
      to.lowest[i] = std::min(to.lowest[i], magnitude_bits(x[i]) == 0 ? 255 : field);
    }
  }
}

/// How exact sums of codes of F are made.
template <class F>
struct code_sum_traits {
  using layout = layout_of<F>;
  static constexpr exact largest = exact_value<layout>(layout::max_code);
  static constexpr int top = largest.exponent + exact::leading + 1;  ///< all values are below 2^top
  /// Whether double holds all sums of so many ranks, and a float to odd their leading bits.
  static constexpr bool in_double(std::size_t ranks) {
    const auto more = static_cast<int>(std::bit_width(ranks));
    return top - layout::quantum + more <= 53 && top + more <= 127 && layout::quantum >= -126;
  }
};

/// Writes the exact sums of n elements of `ranks` arrays of floats, `stride` apart, each rounded to
/// odd: what rounds them to fewer bits does it as with the sum itself. Floats have `mantissa_bits`
/// at most, where more than that is slower.
inline void sum_floats_to_odd(const float* x, std::size_t stride, std::size_t ranks, float* out,
                              std::size_t n, std::uint32_t mantissa_bits) {
  const auto more = static_cast<std::uint32_t>(std::bit_width(ranks));
  constexpr outcomes to_odd = outcomes_of<binary32, rule::odd, 0>({false, false});
  double_sums part;
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = std::min(part_elements, n - done);
    part.clear(count);
    if constexpr (float_environment::is_known) {
      const float_environment environment(direction::nearest);
      for (std::size_t r = 0; r < ranks; ++r) add_part<true>(x + r * stride + done, count, part);
    } else {
      std::fill_n(part.highest, count, 255u);
    }
    for (std::size_t i = 0; i < count; ++i) {
      out[done + i] = part.is_exact(i, more, mantissa_bits)
                          ? odd_float(part.sums[i])
                          : float_of_bits(rounded<binary32, rule::odd, 0>(
                                exact_sum_of_codes(x, stride, ranks, done + i), 0, to_odd));
    }
  }
}

/// Writes the sums of n elements from `first` on of `ranks` arrays, `stride` codes apart, each
/// rounded once. An exact zero is +0.
template <class F, class R>
sum_counts sum_codes(const F* codes, std::size_t stride, std::size_t ranks, std::size_t first,
                     F* out, std::size_t n, const R& rounding, Saturation saturation) {
  using traits = code_sum_traits<F>;
  using layout = layout_of<F>;
  sum_counts counts;
  const auto count_code = [&](F code) {
    const auto bits = static_cast<std::uint32_t>(code.bits());
    if (is_nan_code<layout>(bits) || (bits & layout::magnitude_mask) >= layout::max_code)
      ++counts.attained;
  };
  const auto sum_one = [&](std::size_t i, std::size_t at) {
    const exact total = exact_sum_of_codes(codes, stride, ranks, i);
    out[i] = round_to<F>(total, rounding_from(rounding, at), saturation);
    if (total.what == exact::kind::infinity || total.what == exact::kind::nan) return;
    if (total.what == exact::kind::finite && !at_most(total, traits::largest)) ++counts.beyond;
    count_code(out[i]);
  };
  // the bits of the format, those that random ones are added to, and two below them
  constexpr bool held = layout::significant_bits + R::random_bits + 2 <= 24;
  if constexpr (!float_environment::is_known || !held) {
    for (std::size_t i = first; i < first + n; ++i) sum_one(i, i);
    return counts;
  } else {
    constexpr std::uint64_t infinity = wide<std::uint64_t>::infinity;
    constexpr std::uint64_t largest = rounded_double<rule::floor>(traits::largest, {false, false});
    const bool all_in_double = traits::in_double(ranks);
    const auto more = static_cast<std::uint32_t>(std::bit_width(ranks));
    double_sums part;
    float buffer[part_elements], sums[part_elements];
    bool is_exact[part_elements];
    for (std::size_t done = 0, count = 0; done < n; done += count) {
      const std::size_t begin = first + done;
      count = std::min(part_elements, n - done);
      part.clear(count);
      {
        const float_environment environment(direction::nearest);
        for (std::size_t r = 0; r < ranks; ++r) {
          const float* const x = as_floats(codes + r * stride + begin, count, buffer);
          if (all_in_double)
            add_part<false>(x, count, part);
          else
            add_part<true>(x, count, part);
        }
      }
      for (std::size_t i = 0; i < count; ++i) {
        is_exact[i] = all_in_double || part.is_exact(i, more, layout::mantissa_bits);
        sums[i] = is_exact[i] ? odd_float(part.sums[i]) : 0;
        // a NaN is positive, whatever the processor makes of it
        if (magnitude_bits(sums[i]) > float_infinity)
          sums[i] = float_of_bits(wide<std::uint32_t>::quiet_nan);
      }
      convert_part(active_isa(), static_cast<const float*>(sums), out + begin, count,
                   rounding_from(rounding, begin), saturation, Subnormals::keep, false);
      for (std::size_t i = 0; i < count; ++i) {
        if (!is_exact[i]) {
          sum_one(begin + i, begin + i);
          continue;
        }
        const std::uint64_t magnitude =
            __builtin_bit_cast(std::uint64_t, part.sums[i]) & ~wide<std::uint64_t>::sign_mask;
        if (magnitude >= infinity) continue;
        counts.beyond += magnitude > largest ? 1 : 0;
        count_code(out[begin + i]);
      }
    }
    return counts;
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
