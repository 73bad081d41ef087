// SPDX-License-Identifier: MIT
// private: include <narrowfloat/float.hpp>. Exact arithmetic on codes: sum, product, quotient and square root in integers, rounded once at
// the end in any mode. Integers, because float and double arithmetic would see the rounding mode,
// the flush-to-zero flags and -ffast-math even where they are wide enough.
#pragma once

#include "codec/encode.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The value of a code, or an exact result: significand * 2^exponent with the leading one at bit
/// `exact::leading`. An inexact tail of a result is jammed into bit 0: at least 36 bits lie between
/// it and the last bit of a format, more than the 33 that the finest stochastic rounding looks at.
struct exact {
  enum class kind { zero, finite, infinity, nan };
  static constexpr int leading = 60;
  kind what = kind::nan;
  bool negative = false;
  std::uint64_t significand = 0;
  int exponent = 0;

  static constexpr NF_HD exact zero(bool negative) { return {kind::zero, negative}; }
  static constexpr NF_HD exact infinity(bool negative) { return {kind::infinity, negative}; }
  static constexpr NF_HD exact nan() { return {}; }

  /// Any significand, moved to where its leading one belongs.
  static constexpr NF_HD exact finite(bool negative, std::uint64_t significand, int exponent) {
    const int up = leading_zeros(significand) - (63 - leading);
    if (up >= 0) return {kind::finite, negative, significand << up, exponent - up};
    const std::uint64_t tail = significand & ((std::uint64_t{1} << -up) - 1);
    return {kind::finite, negative, (significand >> -up) | (tail != 0 ? 1u : 0u), exponent - up};
  }
};

template <class Layout>
constexpr NF_HD exact exact_value(std::uint32_t code) {
  constexpr int M = Layout::mantissa_bits;
  const bool negative = (code & Layout::sign_mask) != 0;
  const std::uint32_t value = code & ~Layout::sign_mask;
  if (Layout::nan_is_negative_zero && code == Layout::sign_mask) return exact::nan();
  if (Layout::has_infinity && value == Layout::infinity_code) return exact::infinity(negative);
  if (value > Layout::max_code) return exact::nan();
  if (Layout::is_scale)
    return exact::finite(negative, 1, static_cast<int>(value) + Layout::quantum);
  if (value == 0) return exact::zero(negative);
  const std::uint32_t field = value >> M, steps = field == 0 ? 0 : field - 1;
  return exact::finite(negative, value - (steps << M), static_cast<int>(steps) + Layout::quantum);
}

/// Rounds an exact result to a code; `random` holds the N random bits.
template <class Layout, rule Rule, int N>
constexpr NF_HD std::uint32_t rounded(const exact& x, std::uint32_t random, const outcomes& out) {
  using W = std::uint64_t;
  constexpr int offset = 1 << 14;  // above every exponent: |exponent| < 3 * 1100 + 64
  const W sign = x.negative ? wide<W>::sign_mask : 0;
  W code = 0;
  switch (x.what) {
    case exact::kind::nan:
      return Layout::has_nan ? Layout::nan_code : Layout::max_code;
    case exact::kind::zero:
      return static_cast<std::uint32_t>(
          join_sign<Layout, W>(Layout::is_scale && out.zero_is_nan ? Layout::nan_code : 0, sign));
    case exact::kind::infinity:
      code = out.infinity;
      break;
    case exact::kind::finite:
      code = round_code<Layout, Rule, N, exact::leading, offset, 2 * offset, W>(
          {x.significand, static_cast<W>(x.exponent + exact::leading + offset)}, sign, random);
      code = smaller<W>(code, x.negative ? out.negative_overflow : out.positive_overflow);
  }
  if (!Layout::is_signed && x.negative) return out.negative;
  return static_cast<std::uint32_t>(join_sign<Layout, W>(code, sign));
}

constexpr NF_HD exact negated(const exact& x) {
  return {x.what, !x.negative, x.significand, x.exponent};
}

/// a + b; an exact zero from opposite signs is -0 only if `zero_is_negative` (IEEE 754-2019, 6.3).
constexpr NF_HD exact sum(const exact& a, const exact& b, bool zero_is_negative) {
  using kind = exact::kind;
  if (a.what == kind::nan || b.what == kind::nan) return exact::nan();
  if (a.what == kind::infinity) {
    return b.what == kind::infinity && a.negative != b.negative ? exact::nan() : a;
  }
  if (b.what == kind::infinity) return b;
  if (a.what == kind::zero && b.what == kind::zero) {
    return exact::zero(a.negative == b.negative ? a.negative : zero_is_negative);
  }
  if (a.what == kind::zero) return b;
  if (b.what == kind::zero) return a;

  const bool a_first =
      a.exponent > b.exponent || (a.exponent == b.exponent && a.significand >= b.significand);
  const exact& high = a_first ? a : b;
  const exact& low = a_first ? b : a;
  // Operands have at most 48 significant bits, so a tail is lost only where the shift is above 12
  // and the difference keeps all but one of its leading bits.
  const int shift = high.exponent - low.exponent;
  std::uint64_t aligned = 1;
  if (shift < 64) {
    const std::uint64_t tail = low.significand & ((std::uint64_t{1} << shift) - 1);
    aligned = (low.significand >> shift) | (tail != 0 ? 1u : 0u);
  }
  const bool same = high.negative == low.negative;
  const std::uint64_t total = same ? high.significand + aligned : high.significand - aligned;
  if (total == 0) return exact::zero(zero_is_negative);
  return exact::finite(high.negative, total, high.exponent);
}

/// a * b of two codes' values, exact in 48 bits.
constexpr NF_HD exact product(const exact& a, const exact& b) {
  using kind = exact::kind;
  const bool negative = a.negative != b.negative;
  if (a.what == kind::nan || b.what == kind::nan) return exact::nan();
  if (a.what == kind::infinity || b.what == kind::infinity) {
    return a.what == kind::zero || b.what == kind::zero ? exact::nan() : exact::infinity(negative);
  }
  if (a.what == kind::zero || b.what == kind::zero) return exact::zero(negative);
  constexpr int spare = exact::leading - 23;  // codes have 24 significant bits
  return exact::finite(negative, (a.significand >> spare) * (b.significand >> spare),
                       a.exponent + b.exponent + 2 * spare);
}

/// a / b of two codes' values, to 60 bits and a jammed tail.
constexpr NF_HD exact quotient(const exact& a, const exact& b) {
  using kind = exact::kind;
  const bool negative = a.negative != b.negative;
  if (a.what == kind::nan || b.what == kind::nan || (a.what == b.what && a.what != kind::finite)) {
    return exact::nan();
  }
  if (a.what == kind::infinity || b.what == kind::zero) return exact::infinity(negative);
  if (a.what == kind::zero || b.what == kind::infinity) return exact::zero(negative);
  constexpr int spare = exact::leading - 23;
  const std::uint64_t dividend = (a.significand >> spare) << 39, divisor = b.significand >> spare;
  // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a finite value has its leading one in place
  const std::uint64_t first = dividend / divisor, first_rest = dividend % divisor;  // first < 2^40
  const std::uint64_t second = (first_rest << 22) / divisor;                        // second < 2^22
  const bool tail = (first_rest << 22) % divisor != 0;
  return exact::finite(negative, (first << 22) | second | (tail ? 1u : 0u),
                       a.exponent - b.exponent - 61);
}

/// The square root of a code's value, to 60 bits and a jammed tail.
constexpr NF_HD exact root(const exact& a) {
  using kind = exact::kind;
  if (a.what == kind::zero || a.what == kind::nan) return a;
  if (a.negative) return exact::nan();
  if (a.what == kind::infinity) return a;
  // Digit by digit: the root of s * 2^60, for an even exponent; s * 2^60 < 2^123, so the root has
  // 62 bits.
  const bool odd = (a.exponent & 1) != 0;
  std::uint64_t operand = odd ? a.significand << 1 : a.significand, rest = 0, digits = 0;
  for (int i = 0; i < 62; ++i) {
    rest = (rest << 2) | (operand >> 62);
    operand <<= 2;
    const std::uint64_t trial = (digits << 2) | 1;
    digits <<= 1;
    if (rest >= trial) {
      rest -= trial;
      digits |= 1;
    }
  }
  return exact::finite(false, digits | (rest != 0 ? 1u : 0u),
                       (a.exponent - (odd ? 1 : 0) - 60) / 2);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
