// SPDX-License-Identifier: MIT
// Exact sums of floats and doubles, as digits that are added up without carries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "../../detail/array/checks.hpp"
#include "../../detail/codec/number_traits.hpp"
#include "../../detail/exact/binary.hpp"
#include "pieces.hpp"

namespace narrowfloat::detail {

/// The digits of a sum of doubles, and what special_summand() counts.
using number_digits = std::array<std::int64_t, 67>;

inline namespace NF_BASELINE {

/// Digit k of a sum of type T is worth 2^(32 k) of the last bit of T's smallest number. A number
/// adds less than 2^32 to each of a few digits, so 64 bits hold the sums of 2^31 - 1 numbers, and
/// digits of several sums are added up as integers.
template <class T>
inline constexpr std::size_t sum_digits = std::is_same_v<T, double> ? 66 : 9;
inline constexpr std::uint64_t most_summands = (std::uint64_t{1} << 31) - 1;

/// What stands beside the digits: how many Infs were added, and times 2^32, how many -Infs; a NaN
/// counts as both.
constexpr std::int64_t special_summand(bool is_nan, bool negative) {
  const std::int64_t negatives = std::int64_t{1} << 32;
  return is_nan ? negatives + 1 : negative ? negatives : 1;
}

/// The first of the digits that a number is added to, and what is added to them.
struct summand {
  std::size_t digit;
  std::int64_t parts[3];  ///< the third of a double alone
};
/// Of a finite code.
template <class T>
constexpr NF_INLINE summand summand_of(typename number_traits<T>::code code) {
  using layout = layout_of<T>;
  constexpr int mantissa_bits = std::is_same_v<T, double> ? 52 : 23;
  constexpr auto sign_mask = static_cast<typename number_traits<T>::code>(layout::sign_mask);
  const auto magnitude = static_cast<std::uint64_t>(code & ~sign_mask);
  const auto field = static_cast<unsigned>(magnitude >> mantissa_bits),
             place = field - (field != 0 ? 1 : 0), shift = place % 32;
  const std::uint64_t significand = magnitude - (std::uint64_t{place} << mantissa_bits);
  const std::uint64_t low = significand << shift;  // of a double, the first 20 bits go on in `high`
  const std::uint64_t high = mantissa_bits == 52 && shift != 0 ? significand >> (64 - shift) : 0;
  const std::int64_t sign = (code & sign_mask) != 0 ? -1 : 1;
  return {place / 32,
          {sign * static_cast<std::int64_t>(low & 0xffffffff),
           sign * static_cast<std::int64_t>(low >> 32), sign * static_cast<std::int64_t>(high)}};
}

/// The sum that `digits` stand for, from digit `first` on, times or divided by a factor that is
/// neither 0, Inf nor NaN: what is lost of it lies below its first 61 bits, in the last one.
template <class T>
exact value_of_digits(std::span<const std::int64_t> digits, std::size_t first, float factor,
                      bool divides) {
  constexpr int last_bit = std::is_same_v<T, double> ? -1074 : -149;
  constexpr std::size_t spare = 3;  // zeros below: a quotient has 72 bits and more
  std::uint32_t words[spare + sum_digits<T> + 3] = {};
  std::size_t count = spare;
  std::int64_t carry = 0;
  for (const std::int64_t digit : digits) {
    const std::int64_t here = digit + carry;
    words[count++] = static_cast<std::uint32_t>(here);
    carry = here >> 32;
  }
  words[count++] = static_cast<std::uint32_t>(carry);  // of at most 32 bits, its sign included
  bool negative = carry < 0;
  std::uint64_t borrow = negative ? 1 : 0;
  for (std::size_t i = spare; i < count && negative; ++i) {
    borrow += static_cast<std::uint32_t>(~words[i]);
    words[i] = static_cast<std::uint32_t>(borrow);
    borrow >>= 32;
  }
  const std::uint32_t factor_bits = bits_of_float(factor);
  const binary by = binary_of(factor_bits & 0x7fffffffu);
  int exponent = last_bit + 32 * (static_cast<int>(first) - static_cast<int>(spare));
  std::uint64_t rest = 0;
  if (divides) {
    for (std::size_t i = count; i-- > 0;) {
      rest = (rest << 32) | words[i];
      words[i] = static_cast<std::uint32_t>(rest / by.significand);
      rest %= by.significand;
    }
    exponent -= by.exponent;
  } else {
    std::uint64_t over = 0;
    for (std::size_t i = 0; i < count; ++i) {
      over += words[i] * by.significand;
      words[i] = static_cast<std::uint32_t>(over);
      over >>= 32;
    }
    words[count++] = static_cast<std::uint32_t>(over);
    exponent += by.exponent;
  }
  while (count > 0 && words[count - 1] == 0) --count;
  if (count == 0) return exact::zero(false);
  negative = negative != (factor_bits >> 31 != 0);
  // three words hold the leading 64 bits; the others only decide whether something is lost
  std::uint64_t leading = 0;
  std::size_t at = count;
  for (int i = 0; i < 2; ++i) leading = (leading << 32) | (at > 0 ? words[--at] : 0);
  const int up = leading_zeros(leading);
  std::uint64_t below = at > 0 ? words[at - 1] : 0;
  leading = (leading << up) | ((below << up) >> 32);
  below = (below << up) & 0xffffffff;
  for (std::size_t i = 0; i + 1 < at; ++i) below |= words[i];
  const int top = 32 * (static_cast<int>(count) - 2) - up;
  return exact::finite(negative, leading | ((below | rest) != 0 ? 1u : 0u), exponent + top);
}

/// The same of a sum with `specials`.
template <class T>
exact value_of_sum(std::span<const std::int64_t> digits, std::size_t first, std::int64_t specials,
                   float factor, bool divides) {
  if (specials == 0) return value_of_digits<T>(digits, first, factor, divides);
  const bool has_positive = (specials & 0xffffffff) != 0, has_negative = (specials >> 32) != 0;
  if (has_positive && has_negative) return exact::nan();
  return exact::infinity(has_negative != (bits_of_float(factor) >> 31 != 0));
}

/// Adds a double to a sum.
inline void add_number(double x, number_digits& digits) {
  const std::uint64_t code = __builtin_bit_cast(std::uint64_t, x);
  const std::uint64_t magnitude = code & ~wide<std::uint64_t>::sign_mask;
  if (magnitude >= wide<std::uint64_t>::infinity) {
    digits.back() += special_summand(magnitude > wide<std::uint64_t>::infinity, code != magnitude);
    return;
  }
  const summand found = summand_of<double>(code);
  for (std::size_t k = 0; k < 3; ++k) digits[found.digit + k] += found.parts[k];
}
inline double value_of_number_sum(const number_digits& digits, float factor, bool divides) {
  return nearest_double(value_of_sum<double>(std::span(digits).first(sum_digits<double>), 0,
                                             digits.back(), factor, divides));
}

/// What is wrong with a factor or divisor of a sum; empty: nothing.
inline std::string factor_problem(float factor) {
  if (is_finite(factor) && !is_zero(factor)) return {};
  return "the factor is " + std::to_string(factor) + ", which must be finite and not 0";
}
constexpr float factor_of(const auto& factor) {
  if constexpr (requires { factor.divisor; })
    return factor.divisor;
  else
    return factor.factor;
}
/// Throws if more numbers were added than digits hold.
inline void require_summands(const char* call, std::uint64_t count) {
  if (count > most_summands) {
    throw_invalid(call,
                  std::to_string(count) + " summands, more than " + std::to_string(most_summands));
  }
}

/// The digits of the sum over the ranks, unless one of them has a problem.
template <class Ranks>
void all_sum_numbers(const char* call, Ranks& ranks, number_digits& digits, std::uint64_t count,
                     const std::string& problem) {
  std::array<std::uint64_t, std::tuple_size_v<number_digits> + 2> all{};
  for (std::size_t i = 0; i < digits.size(); ++i) all[i] = static_cast<std::uint64_t>(digits[i]);
  all[digits.size()] = count;
  all.back() = problem.empty() ? 0 : 1;
  ranks.all_sum(all);
  require_no_problem(call, problem, all.back());
  require_summands(call, all[digits.size()]);
  for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = static_cast<std::int64_t>(all[i]);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
