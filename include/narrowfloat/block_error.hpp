// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. Exact sums of products, to compare squared errors that no
// double could tell apart.
#pragma once

#include <span>

#include "block_scale.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

__extension__ typedef unsigned __int128 wide_product_bits;

/// A sum of products of doubles between 2^-380 and 2^380, each with at most 53 significant bits: a
/// two's-complement number of 1536 bits whose last one stands for 2^-768.
class exact_sum {
 public:
  /// Adds the product a * b of two magnitudes times 2^power, or subtracts it.
  void add(const binary& a, const binary& b, int power, bool negative) {
    const wide_product_bits product = wide_product_bits{a.significand} * b.significand;
    const auto place = static_cast<unsigned>(a.exponent + b.exponent + power + lowest_);
    const unsigned shift = place % 64;
    const auto low = static_cast<std::uint64_t>(product),
               high = static_cast<std::uint64_t>(product >> 64);
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

  /// The sum, cut below its first 61 bits with what is lost in the last one.
  exact value() const {
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
  bool negative() const { return (word_[words_ - 1] >> 63) != 0; }
  std::uint64_t word_[words_] = {};
};

/// A finite nonzero double's magnitude, without trailing zeros.
constexpr NF_FN binary odd_binary(double x) {
  const std::uint64_t bits = __builtin_bit_cast(std::uint64_t, x) & ~wide<std::uint64_t>::sign_mask;
  const std::uint64_t significand =
      (bits & ((std::uint64_t{1} << 52) - 1)) | (std::uint64_t{1} << 52);
  const int zeros = __builtin_ctzll(significand);
  return {significand >> zeros, static_cast<int>(bits >> 52) - 1075 + zeros};
}

/// The squared error of a block less the sum of the squared values, which all candidates share: the
/// sum of y * y - 2 * x * y over its finite values x and their images y.
inline exact_sum squared_error(std::span<const float> values, std::span<const double> images) {
  exact_sum sum;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t x = bits_of_float(values[i]) & 0x7fffffffu;
    const std::uint64_t y = __builtin_bit_cast(std::uint64_t, images[i]) << 1;
    if (x >= float_infinity || x == 0 || y == 0) continue;  // x = 0 gives y = 0
    const binary image = odd_binary(images[i]);
    sum.add(image, image, 0, false);
    sum.add(binary_of(x), image, 1, true);  // y has the sign of x
  }
  return sum;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
