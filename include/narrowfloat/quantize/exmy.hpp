// SPDX-License-Identifier: MIT
// What the formats of eXmY make of a tensor, chosen at run time: how much of it is normal,
// subnormal, flushed and clipped, and the split of a number of bits that loses least.
#pragma once

#include <span>

#include "../detail/exact/sum.hpp"
#include "exponents.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// x and the largest value of a format on one grid.
struct clipping {
  bool clips;
  binary excess;
};
constexpr clipping clip(const binary& x, const ExmyFormat& format) {
  const int fraction_bits = top_fraction_bits(format.exponent_bits, format.mantissa_bits);
  const std::uint64_t largest = ((std::uint64_t{2} << fraction_bits) - 1) << (23 - fraction_bits);
  const int above = x.exponent + 23 - format.top();
  if (above < 0 || (above == 0 && x.significand <= largest)) return {false, {}};
  const int shift = std::min(above, 40);  // further up only the answer counts
  return {true, {(x.significand << shift) - largest, format.top() - 23}};
}

/// |x - its nearest value|, by integers; a significand of 0 where x is a value.
///
/// Requires  x below 2^40 times the largest value.
constexpr binary rounding_error(const binary& x, const ExmyFormat& format) {
  if (const clipping clipped = clip(x, format); clipped.clips) return clipped.excess;
  const int field =
      format.exponent_bits == 0 ? 1 - format.bias : std::max(x.exponent + 23, 1 - format.bias);
  const int drop = field - format.mantissa_bits - x.exponent;  // the bits below a step
  if (drop <= 0) return {0, 0};
  if (drop > 24) return x;
  const std::uint64_t step = std::uint64_t{1} << drop, rest = x.significand & (step - 1);
  return {std::min(rest, step - rest), x.exponent};
}

/// The sum of the squared errors; it stops once it is no better than `least`.
template <class T>
exact_sum squared_error(std::span<const T> values, const ExmyFormat& format,
                        const exact_sum* least) {
  exact_sum sum;
  for_each_part(values.data(), 0, values.size(), [&](const float* x, std::size_t n, std::size_t) {
    if (least != nullptr && !(sum < *least)) return;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t magnitude = bits_of_float(x[i]) & 0x7fffffffu;
      if (magnitude == 0 || magnitude >= float_infinity) continue;
      const binary error = rounding_error(binary_of(magnitude), format);
      if (error.significand != 0) sum.add(error, error, 0, false);
    }
  });
  return sum;
}

/// Within a unit in the last place.
constexpr double double_of(const exact& x) {
  if (x.what != exact::kind::finite) return 0;
  binary shorter{(x.significand >> 8) + ((x.significand >> 7) & 1), x.exponent + 8};
  if (shorter.significand >> 53 != 0) shorter = {shorter.significand >> 1, shorter.exponent + 1};
  return exact_double(shorter);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Where the finite values of a tensor lie that are not zero, seen from a format.
struct RangeUse {
  std::uint64_t normal = 0;     ///< from 2^(1 - bias) to the largest value
  std::uint64_t subnormal = 0;  ///< below, and not zero when rounded to nearest even
  std::uint64_t flushed = 0;    ///< zero when rounded to nearest even
  std::uint64_t clipped = 0;    ///< above the largest value

  /// One of the counts as a part of all; 0 of nothing.
  constexpr NF_INLINE double part(std::uint64_t count) const noexcept {
    return detail::share_of(count, normal + subnormal + flushed + clipped);
  }
  friend constexpr bool operator==(const RangeUse&, const RangeUse&) = default;
};

/// Where the values of a tensor lie within a format of eXmY: normal, subnormal, flushed to zero or
/// clipped.
///
/// Result    exact. With E = 0 no value is normal, with M = 0 none is subnormal.
/// Special   zeros, Inf and NaN do not count; an invalid format throws std::invalid_argument.
/// Promises  no allocation; the same in every floating-point environment.
/// Cost      one read.
///
/// Example   const ExmyFormat f = exmy_format(amax(x), 3, 1);  // e3m1 with the bias that x needs
///           const RangeUse use = range_use(x, f);
///           assert(use.clipped == 0 && use.part(use.normal) > 0.95);
///           assert(range_use(x, {3, 1, f.bias + 1}).clipped > 0);
template <float_source In>
[[nodiscard]] NF_INLINE RangeUse range_use(const In& values, const ExmyFormat& format) {
  detail::require_split("range_use", format.exponent_bits, format.mantissa_bits, format.bias);
  const int half = -format.bias - format.mantissa_bits;  // of the smallest value, which is even
  RangeUse use;
  const auto count = [&](const float* x, std::size_t n, std::size_t) NF_INLINED {
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t magnitude = detail::bits_of_float(x[i]) & 0x7fffffffu;
      if (magnitude == 0 || magnitude >= detail::float_infinity) continue;
      const detail::binary value = detail::binary_of(magnitude);
      const int exponent = detail::exponent_of(value);
      const bool is_flushed =
          exponent < half || (exponent == half && value.significand == 1u << 23);
      ++(detail::clip(value, format).clips ? use.clipped
         : is_flushed                      ? use.flushed
         : exponent < 1 - format.bias      ? use.subnormal
                                           : use.normal);
    }
  };
  detail::for_each_part(std::ranges::data(values), 0, std::ranges::size(values), count);
  return use;
}
/// The same of a histogram, by exponents alone.
///
/// Result    that of the tensor, but that values between the largest one and the next power of two
///           count as normal, and those of half the smallest value as subnormal.
///
/// Example   const ExponentHistogram h = exponent_histogram(gradients);
///           const RangeUse use = range_use(h, {5, 2, 15});  // of E5M2, but for its Inf and NaN
///           assert(use.subnormal > use.flushed && use.clipped == 0);
[[nodiscard]] NF_INLINE RangeUse range_use(const ExponentHistogram& histogram,
                                           const ExmyFormat& format) {
  detail::require_split("range_use", format.exponent_bits, format.mantissa_bits, format.bias);
  RangeUse use;
  for (int e = ExponentHistogram::lowest; e <= ExponentHistogram::highest; ++e) {
    (e > format.top()                          ? use.clipped
     : e < -format.bias - format.mantissa_bits ? use.flushed
     : e < 1 - format.bias                     ? use.subnormal
                                               : use.normal) += histogram.count(e);
  }
  return use;
}

/// Where recommend_exmy() looks.
struct ExmySearch {
  /// How far above the largest value the format must reach.
  BiasGuard guard = BiasGuard::carry;
  int exponents =
      3;  ///< how many exponents of the largest value are tried: that of the tensor, one less
          ///< (which clips the largest values), and so on
};

/// A format, and what it loses.
struct ExmyChoice {
  /// The format.
  ExmyFormat format;
  double squared_error = 0;  ///< the sum over the finite values, to nearest and saturated
};

/// The format of eXmY (arXiv 2405.13938) of a number of bits that loses least of a tensor: the
/// split into a sign, exponent and mantissa bits, and the bias, with the smallest sum of squared
/// errors.
///
/// Result    exact: no sum is rounded before the comparison. On a tie the format with the fewest
///           exponent bits, then the smallest bias, which clips least.
/// Special   Inf and NaN do not count; a tensor without other values than zeros gets the bias 1.
///           Bits other than 2 to 32, and exponents other than 1 to 32, throw
///           std::invalid_argument.
/// Promises  the same on every instruction set and in every floating-point environment; no
///           allocation.
/// Cost      an exact sum an element for each split and exponent, about 8 x 3 for 8 bits, most of
///           them cut short: for a sample of a large tensor.
///
/// Example   const ExmyChoice five = recommend_exmy(x, 5), six = recommend_exmy(x, 6);
///           assert(five.format.width() == 5 && six.squared_error < five.squared_error / 3);
///           assert(five.format.exponent_bits <= 2);  // uniform numbers want few
template <float_source In>
[[nodiscard]] NF_INLINE ExmyChoice recommend_exmy(const In& values, int bits,
                                                  ExmySearch search = {}) {
  if (bits < 2 || bits > 32 || search.exponents < 1 || search.exponents > 32)
    detail::throw_invalid("recommend_exmy", "no search for formats of " + std::to_string(bits) +
                                                " bits with " + std::to_string(search.exponents) +
                                                " exponents");
  const std::span all(std::ranges::data(values), std::ranges::size(values));
  const std::uint32_t amax = detail::largest_finite_magnitude(all.data(), all.size());
  const int fewest = std::max(0, bits - 24);
  ExmyChoice best{{fewest, bits - 1 - fewest, 1}};
  if (amax == 0) return best;
  detail::exact_sum least;
  bool found = false;
  for (int e = fewest; e <= std::min(8, bits - 1); ++e) {
    const int m = bits - 1 - e;
    const int top = detail::guarded_exponent(amax, detail::top_fraction_bits(e, m), search.guard);
    for (int below = 0; below < search.exponents; ++below) {
      const ExmyFormat format{e, m, (1 << e) - 1 - top + below};
      const auto sum = detail::squared_error(all, format, found ? &least : nullptr);
      if (found && !(sum < least)) continue;
      found = true;
      least = sum;
      best.format = format;
    }
  }
  best.squared_error = detail::double_of(least.value());
  return best;
}

}  // namespace narrowfloat
