// SPDX-License-Identifier: MIT
// What the formats of eXmY make of a tensor, chosen at run time: how much of it is normal,
// subnormal, flushed and clipped, and the split of a number of bits that loses least.
#pragma once

#include <span>

#include "../detail/exact/sum.hpp"
#include "../executor.hpp"
#include "detail/task_results.hpp"
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

/// The least of the sums of candidates; of equals that of the first.
class least_sum {
 public:
  /// Whether another candidate's is better, or as good and before it.
  bool beats(const exact_sum& sum, std::size_t candidate) {
    const short_lock lock(is_busy_);
    return wins(sum, candidate);
  }
  void add(const exact_sum& sum, std::size_t candidate) {
    const short_lock lock(is_busy_);
    if (wins(sum, candidate)) return;
    found_ = true;
    least_ = sum;
    candidate_ = candidate;
  }
  std::size_t candidate() const { return candidate_; }
  const exact_sum& sum() const { return least_; }

 private:
  bool wins(const exact_sum& sum, std::size_t candidate) const {
    return found_ && (candidate_ < candidate ? !(sum < least_) : least_ < sum);
  }

  bool is_busy_ = false;
  bool found_ = false;
  std::size_t candidate_ = 0;
  exact_sum least_;
};

/// The sum of the squared errors; it stops once another candidate's beats it.
template <class T>
exact_sum squared_error(std::span<const T> values, const ExmyFormat& format, std::size_t candidate,
                        least_sum& least) {
  exact_sum sum;
  for_each_part(values.data(), 0, values.size(), [&](const float* x, std::size_t n, std::size_t) {
    if (least.beats(sum, candidate)) return;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t magnitude = bits_of_float(x[i]) & 0x7fffffffu;
      if (magnitude == 0 || magnitude >= float_infinity) continue;
      const binary error = rounding_error(binary_of(magnitude), format);
      if (error.significand != 0) sum.add(error, error, 0, false);
    }
  });
  return sum;
}

/// The formats that a search tries: each split with each exponent.
struct exmy_candidates {
  int bits, fewest;  ///< of a code; of exponents
  std::uint32_t amax;
  BiasGuard guard;
  std::size_t exponents;

  std::size_t count() const {
    return static_cast<std::size_t>(std::min(8, bits - 1) - fewest + 1) * exponents;
  }
  ExmyFormat operator[](std::size_t candidate) const {
    const int e = fewest + static_cast<int>(candidate / exponents), m = bits - 1 - e;
    const int top = guarded_exponent(amax, top_fraction_bits(e, m), guard);
    return {e, m, (1 << e) - 1 - top + static_cast<int>(candidate % exponents)};
  }
};

/// Every task is a candidate, or several of a short array.
template <class T>
void search_exmy(std::span<const T> values, const exmy_candidates& candidates, least_sum& least,
                 const executor_ref& executor) {
  constexpr std::size_t enough = task_elements / 16;  // an exact sum costs more than a conversion
  const task_cuts cuts{candidates.count(), ceil_divided(enough, values.size())};
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i)
      least.add(squared_error(values, candidates[i], i, least), i);
  });
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
  /// Adds up two, or compares them.
  constexpr NF_INLINE RangeUse& operator+=(const RangeUse& other) noexcept {
    normal += other.normal;
    subnormal += other.subnormal;
    flushed += other.flushed;
    clipped += other.clipped;
    return *this;
  }
  friend constexpr bool operator==(const RangeUse&, const RangeUse&) = default;
};

namespace detail {
inline namespace NF_BASELINE {

template <class T>
RangeUse count_uses(const T* values, std::size_t n, const ExmyFormat& format,
                    const executor_ref& executor) {
  const int half = -format.bias - format.mantissa_bits;  // of the smallest value, which is even
  const auto count = [&](const float* x, std::size_t m, RangeUse& use) {
    for (std::size_t i = 0; i < m; ++i) {
      const std::uint32_t magnitude = bits_of_float(x[i]) & 0x7fffffffu;
      if (magnitude == 0 || magnitude >= float_infinity) continue;
      const binary value = binary_of(magnitude);
      const int exponent = exponent_of(value);
      const bool is_flushed =
          exponent < half || (exponent == half && value.significand == 1u << 23);
      ++(clip(value, format).clips    ? use.clipped
         : is_flushed                 ? use.flushed
         : exponent < 1 - format.bias ? use.subnormal
                                      : use.normal);
    }
  };
  return counted<RangeUse>(executor, n, [&](std::size_t first, std::size_t size, RangeUse& use) {
    for_each_part(values, first, first + size,
                  [&](const float* x, std::size_t m, std::size_t) { count(x, m, use); });
  });
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Where the values of a tensor lie within a format of eXmY: normal, subnormal, flushed to zero or
/// clipped.
///
/// Result    exact. With E = 0 no value is normal, with M = 0 none is subnormal.
/// Special   zeros, Inf and NaN do not count; an invalid format throws std::invalid_argument.
/// Promises  no allocation; the same for every executor and in every floating-point environment.
/// Cost      one read.
///
/// Example   const ExmyFormat f = exmy_format(amax(x), 3, 1);  // e3m1 with the bias that x needs
///           const RangeUse use = range_use(x, f);
///           assert(use.clipped == 0 && use.part(use.normal) > 0.95);
///           assert(range_use(x, {3, 1, f.bias + 1}).clipped > 0);
template <float_source In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE RangeUse range_use(const In& values, const ExmyFormat& format,
                                           E&& executor = {}) {
  detail::require_split("range_use", format.exponent_bits, format.mantissa_bits, format.bias);
  return detail::count_uses(std::ranges::data(values), std::ranges::size(values), format,
                            detail::executor_ref::of(executor));
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
/// Promises  the same on every instruction set, for every executor and in every floating-point
///           environment; no allocation.
/// Cost      an exact sum an element for each split and exponent, about 8 x 3 for 8 bits, most of
///           them cut short: for a sample of a large tensor.
///
/// Example   const ExmyChoice five = recommend_exmy(x, 5), six = recommend_exmy(x, 6);
///           assert(five.format.width() == 5 && six.squared_error < five.squared_error / 3);
///           assert(five.format.exponent_bits <= 2);  // uniform numbers want few
template <float_source In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE ExmyChoice recommend_exmy(const In& values, int bits,
                                                  ExmySearch search = {}, E&& executor = {}) {
  if (bits < 2 || bits > 32 || search.exponents < 1 || search.exponents > 32)
    detail::throw_invalid("recommend_exmy", "no search for formats of " + std::to_string(bits) +
                                                " bits with " + std::to_string(search.exponents) +
                                                " exponents");
  const auto all =
      std::span<const detail::number_of<In>>(std::ranges::data(values), std::ranges::size(values));
  const std::uint32_t amax = detail::largest_finite_magnitude(all.data(), all.size());
  const int fewest = std::max(0, bits - 24);
  ExmyChoice best{{fewest, bits - 1 - fewest, 1}};
  if (amax == 0) return best;
  const detail::exmy_candidates candidates{bits, fewest, amax, search.guard,
                                           static_cast<std::size_t>(search.exponents)};
  detail::least_sum least;
  detail::search_exmy(all, candidates, least, detail::executor_ref::of(executor));
  best.format = candidates[least.candidate()];
  best.squared_error = detail::double_of(least.sum().value());
  return best;
}

}  // namespace narrowfloat
