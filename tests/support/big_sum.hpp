// SPDX-License-Identifier: MIT
// Exact sums as big integers, and the oracle of the policy that makes them.
#pragma once

#include "support/policy_oracle.hpp"

namespace test {

/// A sum in digits of 32 bits, of which the lowest stands for 2^-320; each digit carries only in
/// the end.
class BigSum {
 public:
  void add(const oracle::Exact& x) {
    const int place = x.exponent + 320;
    for (int bit = 0; bit < 128; ++bit) {
      if ((x.significand >> bit & 1) == 0) continue;
      const auto at = static_cast<std::size_t>(place + bit);
      const std::int64_t unit = std::int64_t{1} << (at % 32);
      digits_[at / 32] += x.negative ? -unit : unit;
    }
  }
  /// The nearest float.
  std::uint32_t value() const {
    return oracle::round(oracle::binary32, exact(), {}, oracle::Saturation::none);
  }
  /// Its leading 64 bits and more, and whether there is a tail; zero is positive.
  oracle::Exact exact() const {
    auto digits = digits_;
    const bool negative = carried(digits) < 0;
    if (negative) {
      digits = digits_;
      for (std::int64_t& digit : digits) digit = -digit;
      carried(digits);
    }
    std::size_t top = digits.size();
    while (top > 0 && digits[top - 1] == 0) --top;
    oracle::Exact x{.negative = negative, .exponent = -320};
    for (std::size_t i = top; i-- > 0;) {
      if (i + 3 >= top) {  // three digits are enough for the leading 64 bits and more
        x.significand = x.significand << 32 | static_cast<oracle::Wide>(digits[i]);
        x.exponent = static_cast<int>(i) * 32 - 320;
      } else {
        x.tail = x.tail || digits[i] != 0;
      }
    }
    if (x.significand == 0) x.negative = false;
    return x;
  }

 private:
  using Digits = std::array<std::int64_t, 26>;
  /// Makes every digit but the last one of 32 bits; the sign of the sum is that of the last.
  static std::int64_t carried(Digits& digits) {
    for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
      const std::int64_t carry = digits[i] >> 32;
      digits[i] -= carry * (std::int64_t{1} << 32);
      digits[i + 1] += carry;
    }
    return digits.back();
  }
  Digits digits_{};
};

inline PolicyOracle exact_oracle() {
  return {oracle::binary32, [](Terms terms, std::uint64_t) {
            BigSum sum;
            oracle::Exact special;
            for (const Term& x : terms) {
              if (is_finite(x.value))
                sum.add(x.value);
              else
                special = oracle::sum(special, x.value);
            }
            return is_finite(special)
                       ? sum.value()
                       : oracle::round(oracle::binary32, special, {}, oracle::Saturation::none);
          }};
}

}  // namespace test
