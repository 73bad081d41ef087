// SPDX-License-Identifier: MIT
// Sums as processors make them: the aligned adders of tensor cores, and two instructions that
// multiply bfloat16.
#pragma once

#include <array>

#include "accumulator.hpp"

namespace narrowfloat {

/// The adder of a tensor core: some products at a time are shifted to the largest exponent among
/// them and the sum, cut off there, and added as integers. DeepSeek-V3 reports 14 bits in FP8
/// products of NVIDIA's H800, added 32 at a time.
///
/// Result    the sum c is a float, from +0. For each `group` products in order, the last group may
///           be smaller: e is the largest exponent of c and of the products, which have the sum of
///           the exponents of their factors, as adders of exponents see it (the exponent of x is
///           floor(log2 |x|)); c and the products become whole multiples of 2^(e + 1 - bits),
///           toward zero with `truncate`, else to nearest even; their sum is rounded in the same
///           manner to `bits` significant bits, then to float.
/// Special   Inf and NaN as IEEE 754. Overflow is Inf, with `truncate` the largest float. A `group`
///           other than 1 to 128, and `bits` other than 2 to 40, throw std::invalid_argument.
///
/// Example   const AlignedAccumulator h800{.group = 32, .bits = 14, .truncate = true};
///           const std::vector<float> a = {16384, 1}, b = {1, 1};
///           assert(dot(a, b, h800) == 16384.0f);  // beside 2^14 what is below 2 is cut off
struct AlignedAccumulator {
  /// The type of the sum.
  using type = float;
  /// Products that are added at a time.
  int group = 32;
  /// Bits below the largest exponent, its leading one included, that the adder keeps.
  int bits = 14;
  /// Whether what is below is cut off, not rounded to nearest even.
  bool truncate = true;
};

/// The sum of x86's VDPBF16PS, for operands that bfloat16 holds.
///
/// Result    from +0, for each pair of products the second, then the first: sum = fma(a, b, sum),
///           rounded to nearest even. Subnormal operands count as zero, and so do results that are
///           below the normal range when rounded to 24 bits. An odd last product is paired with 0 *
///           0.
///
/// Example   const std::vector<bfloat16> a = {bfloat16(1.0f), bfloat16(0x1p-24f)},
///                                       b(2, bfloat16(1.0f));
///           assert(dot(a, b, Vdpbf16psAccumulator{}) == 1.0f);  // fma(1, 1, 2^-24) rounds to even
struct Vdpbf16psAccumulator {
  /// The type of the sum.
  using type = float;
};

/// The sum of Arm's BFDOT (FPCR.EBF = 0), for operands that bfloat16 holds.
///
/// Result    from +0, for each pair of products: sum = sum + (a0 * b0 + a1 * b1), each of the four
///           operations rounded to odd: toward zero, with the last bit set where that is inexact;
///           overflow is Inf. Subnormal operands and results below the normal range count as zero.
///           An odd last product is paired with 0 * 0.
struct BfdotAccumulator {
  /// The type of the sum.
  using type = float;
};

namespace detail {
inline namespace NF_BASELINE {

/// A finite number rounded to so many significant bits, at most 40, with any exponent.
template <rule Rule>
constexpr NF_HD exact to_bits(const exact& x, int bits) {
  const int shift = exact::leading + 1 - bits;
  const std::uint64_t low = x.significand >> shift;
  const bool up = rounds_up<Rule>(low, x.significand - (low << shift), shift, x.negative);
  return exact::finite(x.negative, low + (up ? 1 : 0), x.exponent + shift);
}
constexpr NF_HD exact to_bits(const exact& x, int bits, bool truncate) {
  return truncate ? to_bits<rule::floor>(x, bits) : to_bits<rule::half_even>(x, bits);
}

/// x as a whole number of 2^unit, of at most 41 bits.
constexpr NF_HD std::int64_t multiples(const exact& x, int unit, bool truncate) {
  // The leading one of x lies at most 41 bits above the unit, so the shift is at least 19.
  const int shift = unit - x.exponent < 63 ? unit - x.exponent : 63;
  const std::uint64_t low = x.significand >> shift, rest = x.significand - (low << shift);
  const bool up = !truncate && rounds_up<rule::half_even>(low, rest, shift, x.negative);
  const auto whole = static_cast<std::int64_t>(low + (up ? 1 : 0));
  return x.negative ? -whole : whole;
}

template <>
class running_sum<AlignedAccumulator> {
  static constexpr int largest_group = 128;

 public:
  static constexpr Subnormals subnormals(const AlignedAccumulator&) { return Subnormals::keep; }
  static constexpr void require(const char* call, const AlignedAccumulator& of, std::size_t,
                                std::size_t) {
    if (of.group < 1 || of.group > largest_group || of.bits < 2 || of.bits > 40)
      throw_invalid(call, "AlignedAccumulator: groups of " + std::to_string(of.group) +
                              " products, not 1 to 128, or " + std::to_string(of.bits) +
                              " bits, not 2 to 40");
  }

  constexpr running_sum(const AlignedAccumulator& of, std::uint64_t) : policy_(of) {}
  constexpr void add(const exact& a, const exact& b) {
    add(product(a, b), a.exponent + b.exponent + 2 * exact::leading);
  }
  constexpr void add(const exact& x) { add(x, x.exponent + exact::leading); }
  constexpr float value() const { return count_ == 0 ? sum_ : sum_of_group(); }

 private:
  constexpr void add(const exact& x, int exponent) {
    if (x.what == exact::kind::finite) {
      if (!any_finite_ || exponent > largest_) largest_ = exponent;
      any_finite_ = true;
    }
    group_[static_cast<std::size_t>(count_)] = x;
    if (++count_ < policy_.group) return;
    sum_ = sum_of_group();
    count_ = 0;
    any_finite_ = false;
  }

  constexpr float sum_of_group() const {
    const exact before = exact_float(sum_);
    exact special = before.what == exact::kind::finite ? exact::zero(false) : before;
    int largest = largest_;
    if (before.what == exact::kind::finite) {
      const int exponent = before.exponent + exact::leading;
      largest = any_finite_ && largest_ > exponent ? largest_ : exponent;
    }
    const int unit = largest + 1 - policy_.bits;
    std::int64_t total =
        before.what == exact::kind::finite ? multiples(before, unit, policy_.truncate) : 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count_); ++i) {
      const exact& x = group_[i];
      if (x.what == exact::kind::finite) {
        total += multiples(x, unit, policy_.truncate);
      } else {
        special = sum(special, x);
      }
    }
    if (special.what != exact::kind::zero) return nearest_float(special);
    if (total == 0) return 0;
    const exact rounded = to_bits(
        exact::finite(total < 0, static_cast<std::uint64_t>(total < 0 ? -total : total), unit),
        policy_.bits, policy_.truncate);
    return policy_.truncate
               ? rounded_to<float>(rounded, TowardZero{}, 0, Saturation::none, Subnormals::keep)
               : nearest_float(rounded);
  }

  AlignedAccumulator policy_;
  float sum_ = 0;
  int count_ = 0, largest_ = 0;
  bool any_finite_ = false;
  std::array<exact, largest_group> group_{};
};

/// An exact result as a float, its sign kept; below the normal range, when rounded to 24 bits, it
/// is zero.
template <rule Rule>
constexpr NF_HD exact flushed_float(const exact& x) {
  if (x.what != exact::kind::finite) return x;
  const exact rounded = to_bits<Rule>(x, 24);
  const int exponent = rounded.exponent + exact::leading;
  if (exponent < -126) return exact::zero(x.negative);
  return exponent > 127 ? exact::infinity(x.negative) : rounded;
}
constexpr NF_HD exact flushed_operand(const exact& x) {
  const bool below = x.what == exact::kind::finite && x.exponent + exact::leading < -126;
  return below ? exact::zero(x.negative) : x;
}

/// Sums that take products in pairs; Sum::pair adds two.
template <class Policy, class Sum>
class pair_sum {
 public:
  static constexpr Subnormals subnormals(Policy) { return Subnormals::keep; }
  static constexpr void require(const char*, Policy, std::size_t, std::size_t) {}

  constexpr pair_sum(Policy, std::uint64_t) {}
  constexpr void add(const exact& a, const exact& b) {
    add(product(flushed_operand(a), flushed_operand(b)));
  }
  constexpr void add(const exact& x) {
    if (odd_) sum_ = Sum::pair(sum_, first_, x);
    first_ = x;
    odd_ = !odd_;
  }
  constexpr float value() const {
    return nearest_float(odd_ ? Sum::pair(sum_, first_, exact::zero(false)) : sum_);
  }

 private:
  exact sum_ = exact::zero(false), first_;
  bool odd_ = false;
};

template <>
class running_sum<Vdpbf16psAccumulator>
    : public pair_sum<Vdpbf16psAccumulator, running_sum<Vdpbf16psAccumulator>> {
 public:
  using pair_sum::pair_sum;
  static constexpr exact pair(const exact& before, const exact& first, const exact& second) {
    const exact half = flushed_float<rule::half_even>(sum(second, before));
    return flushed_float<rule::half_even>(sum(first, half));
  }
};

template <>
class running_sum<BfdotAccumulator>
    : public pair_sum<BfdotAccumulator, running_sum<BfdotAccumulator>> {
 public:
  using pair_sum::pair_sum;
  static constexpr exact pair(const exact& before, const exact& first, const exact& second) {
    constexpr auto odd = [](const exact& x) { return flushed_float<rule::odd>(x); };
    return odd(sum(before, odd(sum(odd(first), odd(second)))));
  }
};

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
