// SPDX-License-Identifier: MIT
// Exact sums and products of exact values; quotients and roots to 61 bits with the tail jammed, so
// that rounding them is as exact as one rounding.
#pragma once

#include "value.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A product of two words, or what a division leaves.
struct word_pair {
  std::uint64_t high, low;
};

/// a * b in full.
constexpr NF_HD word_pair full_product(std::uint64_t a, std::uint64_t b) {
#if defined(__SIZEOF_INT128__)
  __extension__ using wide_word = unsigned __int128;
  const wide_word product = wide_word{a} * b;
  return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
  constexpr std::uint64_t mask = 0xffffffffu;
  const std::uint64_t low = (a & mask) * (b & mask), cross = (a >> 32) * (b & mask) + (low >> 32);
  const std::uint64_t other = (a & mask) * (b >> 32) + (cross & mask);
  return {(a >> 32) * (b >> 32) + (cross >> 32) + (other >> 32), (other << 32) | (low & mask)};
#endif
}

/// (high * 2^64) / divisor in the high word, the rest in the low one: by digits of 32 bits, each
/// found from the leading 32 bits of the divisor and then lowered where that was too much (Knuth,
/// The Art of Computer Programming, 4.3.1 D).
///
/// Requires  high < divisor; the top bit of the divisor is set.
constexpr NF_HD word_pair full_quotient(std::uint64_t high, std::uint64_t divisor) {
  constexpr std::uint64_t base = std::uint64_t{1} << 32;
  const std::uint64_t first = divisor >> 32, second = divisor & (base - 1);
  std::uint64_t rest = high, digits = 0;
  for (int i = 0; i < 2; ++i) {
    std::uint64_t digit = rest / first, below = rest % first;
    while (digit >= base || digit * second > below * base) {
      --digit;
      below += first;
      if (below >= base) break;
    }
    rest = rest * base - digit * divisor;  // modulo 2^64: the difference is below the divisor
    digits = digits * base + digit;
  }
  return {digits, rest};
}

/// a + b; an exact zero from opposite signs is -0 only if `zero_is_negative` (IEEE 754-2019, 6.3).
constexpr NF_HD exact sum(const exact& a, const exact& b, bool zero_is_negative = false) {
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

/// a * b; exact where both have at most 30 significant bits.
constexpr NF_HD exact product(const exact& a, const exact& b) {
  using kind = exact::kind;
  const bool negative = a.negative != b.negative;
  if (a.what == kind::nan || b.what == kind::nan) return exact::nan();
  if (a.what == kind::infinity || b.what == kind::infinity) {
    return a.what == kind::zero || b.what == kind::zero ? exact::nan() : exact::infinity(negative);
  }
  if (a.what == kind::zero || b.what == kind::zero) return exact::zero(negative);
  constexpr int spare = exact::leading - 56;  // the high word holds the leading 57 or 58 bits
  const word_pair all = full_product(a.significand, b.significand);
  const std::uint64_t tail = (all.low << spare) != 0 ? 1 : 0;
  return exact::finite(negative, (all.high << spare) | (all.low >> (64 - spare)) | tail,
                       a.exponent + b.exponent + 64 - spare);
}

/// a / b.
constexpr NF_HD exact quotient(const exact& a, const exact& b) {
  using kind = exact::kind;
  const bool negative = a.negative != b.negative;
  if (a.what == kind::nan || b.what == kind::nan || (a.what == b.what && a.what != kind::finite)) {
    return exact::nan();
  }
  if (a.what == kind::infinity || b.what == kind::zero) return exact::infinity(negative);
  if (a.what == kind::zero || b.what == kind::infinity) return exact::zero(negative);
  constexpr int up = 63 - exact::leading;
  // half of the dividend is below the divisor
  const word_pair found = full_quotient(a.significand << (up - 1), b.significand << up);
  return exact::finite(negative, found.high | (found.low != 0 ? 1 : 0),
                       a.exponent - b.exponent - 63);
}

/// The square root.
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
    const std::uint64_t fits = rest >= trial ? 1 : 0;  // a coin's toss: no branch
    rest -= trial & (0 - fits);
    digits = (digits << 1) | fits;
  }
  return exact::finite(false, digits | (rest != 0 ? 1u : 0u),
                       (a.exponent - (odd ? 1 : 0) - 60) / 2);
}

/// The cube root to 28 bits, the tail jammed into one more.
///
/// Requires  at most 25 significant bits.
constexpr NF_HD exact cube_root(const exact& a) {
  if (a.what != exact::kind::finite) return a;
  constexpr int spare = exact::leading - 24, digit_count = 28, operand_digits = 9;
  const int exponent = a.exponent + spare, above = (exponent % 3 + 3) % 3;
  // digit by digit, of three bits each, those below the operand's 27 being zero
  const std::uint64_t operand = (a.significand >> spare) << above;
  std::uint64_t rest = 0, digits = 0;
  for (int i = 1; i <= digit_count; ++i) {
    const int below = 3 * (operand_digits - i);
    rest = (rest << 3) | (below >= 0 ? (operand >> below) & 7 : 0);
    digits <<= 1;
    const std::uint64_t trial = 3 * digits * (digits + 1) + 1;  // (digits + 1)^3 - digits^3
    const std::uint64_t fits = rest >= trial ? 1 : 0;
    rest -= trial & (0 - fits);
    digits |= fits;
  }
  return exact::finite(a.negative, (digits << 1) | (rest != 0 ? 1 : 0),
                       (exponent - above) / 3 - (digit_count - operand_digits) - 1);
}

/// Whether a <= b, of positive numbers.
constexpr NF_HD bool at_most(const exact& a, const exact& b) {
  return a.exponent < b.exponent || (a.exponent == b.exponent && a.significand <= b.significand);
}
/// x^n of a positive number.
constexpr NF_HD exact power(exact x, int n) {
  exact result = exact_integer(1);
  for (; n > 0; n /= 2) {
    if (n % 2 != 0) result = product(result, x);
    x = product(x, x);
  }
  return result;
}
/// The n-th root of a positive number, bit by bit.
constexpr NF_HD exact nth_root(const exact& a, int n) {
  if (a.what != exact::kind::finite || n == 1) return a;
  if (n == 2) return root(a);
  const int exponent = a.exponent + exact::leading;
  const int below = exponent >= 0 ? exponent / n : -((-exponent + n - 1) / n);
  exact x = exact::finite(false, 1, below);
  for (int bit = exact::leading - 1; bit >= 0; --bit) {
    exact more = x;
    more.significand |= std::uint64_t{1} << bit;
    if (at_most(power(more, n), a)) x = more;
  }
  return x;
}

/// floor(log2(a / b)) of positive numbers.
constexpr NF_HD int floor_log2_quotient(const exact& a, const exact& b) {
  return a.exponent - b.exponent - (a.significand < b.significand ? 1 : 0);
}

/// Sums, products and quotients of floats, rounded once, to nearest even; an overflow of a sum is
/// the largest float, of the others Inf.
constexpr NF_HD float float_total(float a, float b) {
  return nearest_float(sum(exact_float(a), exact_float(b), false), {true, true});
}
constexpr NF_HD float float_product(float a, float b) {
  return nearest_float(product(exact_float(a), exact_float(b)));
}
constexpr NF_HD float float_quotient(float a, float b) {
  return nearest_float(quotient(exact_float(a), exact_float(b)));
}
constexpr NF_HD double double_total(double a, double b) {
  return nearest_double(sum(exact_double_value(__builtin_bit_cast(std::uint64_t, a)),
                            exact_double_value(__builtin_bit_cast(std::uint64_t, b))));
}
/// The double nearest to a / b; 0 of nothing.
constexpr NF_HD double share_of(std::uint64_t a, std::uint64_t b) {
  return b == 0 ? 0 : nearest_double(quotient(exact_integer(a), exact_integer(b)));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
