// SPDX-License-Identifier: MIT
// Exact sums of products, to compare squared errors that no double could tell apart.
#pragma once

#include "binary.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A sum of products of doubles between 2^-380 and 2^380, each with at most 53 significant bits: a
/// two's-complement number of 1536 bits whose last one stands for 2^-768.
class exact_sum {
 public:
  /// Adds the product a * b of two magnitudes times 2^power, or subtracts it.
  constexpr void add(const binary& a, const binary& b, int power, bool negative) {
    const auto place = static_cast<unsigned>(a.exponent + b.exponent + power + lowest_);
    const unsigned shift = place % 64;
    const auto [high, low] = full_product(a.significand, b.significand);
    const std::uint64_t parts[3] = {low << shift,
                                    shift == 0 ? high : (high << shift) | (low >> (64 - shift)),
                                    shift == 0 ? 0 : high >> (64 - shift)};
    std::uint64_t carry = 0;
    for (unsigned i = place / 64, k = 0; i < words_ && (k < 3 || carry != 0); ++i, ++k) {
      const std::uint64_t part = k < 3 ? parts[k] : 0, before = word_[i];
      if (negative) {
        word_[i] = before - part - carry;
        carry = before < part || (before == part && carry != 0) ? 1 : 0;
      } else {
        word_[i] = before + part + carry;
        carry = word_[i] < before || (word_[i] == before && carry != 0) ? 1 : 0;
      }
    }
  }

  /// Adds another sum.
  constexpr exact_sum& operator+=(const exact_sum& other) {
    std::uint64_t carry = 0;
    for (unsigned i = 0; i < words_; ++i) {
      const std::uint64_t before = word_[i], part = before + other.word_[i];
      word_[i] = part + carry;
      carry = part < before || word_[i] < part ? 1 : 0;  // not both
    }
    return *this;
  }

  /// The sum, cut below its first 61 bits with what is lost in the last one.
  constexpr exact value() const {
    exact_sum magnitude = *this;
    std::uint64_t carry = 1;
    for (std::uint64_t& word : magnitude.word_) {
      if (!negative()) break;
      word = ~word + carry;
      carry = carry != 0 && word == 0 ? 1 : 0;
    }
    unsigned top = words_;
    while (top > 0 && magnitude.word_[top - 1] == 0) --top;
    if (top == 0) return exact::zero(false);
    // Two words hold the leading 61 bits; the others only decide whether something is lost.
    const std::uint64_t high = magnitude.word_[top - 1];
    const std::uint64_t low = top > 1 ? magnitude.word_[top - 2] : 0;
    bool rest = false;
    for (unsigned i = 0; i + 2 < top; ++i) rest = rest || magnitude.word_[i] != 0;
    const int up = leading_zeros(high);
    const std::uint64_t leading = up == 0 ? high : (high << up) | (low >> (64 - up));
    rest = rest || (up == 0 ? low : low << up) != 0;
    return exact::finite(negative(), leading | (rest ? 1u : 0u),
                         static_cast<int>(top - 1) * 64 - up - lowest_);
  }

  friend bool operator<(const exact_sum& a, const exact_sum& b) {
    if (a.negative() != b.negative()) return a.negative();
    for (unsigned i = words_; i-- > 0;) {
      if (a.word_[i] != b.word_[i]) return a.word_[i] < b.word_[i];
    }
    return false;
  }

 private:
  static constexpr unsigned words_ = 24;
  static constexpr int lowest_ = 768;
  constexpr bool negative() const { return (word_[words_ - 1] >> 63) != 0; }
  std::uint64_t word_[words_] = {};
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
