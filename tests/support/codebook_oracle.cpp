// SPDX-License-Identifier: MIT
// The oracle for code-books.
#include "support/codebook_oracle.hpp"

#include <array>
#include <stdexcept>

namespace oracle {
namespace {

/// A signed integer of 640 bits in units of 2^-298: it holds every product of two floats.
class Fixed {
 public:
  static constexpr int unit = -298;

  /// magnitude * 2^exponent
  Fixed(std::uint64_t magnitude, int exponent, bool negative) {
    const auto shift = static_cast<unsigned>(exponent - unit);
    word_[shift / 32] = static_cast<std::uint32_t>(magnitude << (shift % 32));
    const std::uint64_t rest = shift % 32 == 0 ? magnitude >> 32 : magnitude >> (32 - shift % 32);
    word_[shift / 32 + 1] = static_cast<std::uint32_t>(rest);
    word_[shift / 32 + 2] = static_cast<std::uint32_t>(rest >> 32);
    if (negative) negate();
  }
  bool negative() const { return word_.back() >> 31 != 0; }
  void negate() {
    std::uint64_t carry = 1;
    for (std::uint32_t& word : word_) {
      carry += static_cast<std::uint32_t>(~word);
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  Fixed minus(Fixed other) const {
    other.negate();
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < word_.size(); ++i) {
      carry += std::uint64_t{word_[i]} + other.word_[i];
      other.word_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    return other;
  }
  bool less(const Fixed& other) const { return minus(other).negative(); }

 private:
  std::array<std::uint32_t, 20> word_{};
};

struct Parts {
  bool negative;
  std::uint64_t significand;
  int exponent;
};

Parts parts_of(std::uint32_t bits) {
  const std::uint32_t field = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
  if (field == 255) throw std::logic_error("oracle: not a finite float");
  return {bits >> 31 != 0, field == 0 ? fraction : fraction | 0x800000,
          static_cast<int>(field == 0 ? 1 : field) - 150};
}

}  // namespace

unsigned nearest_code(const std::vector<std::uint32_t>& values, std::uint32_t x_bits,
                      std::uint32_t absmax_bits) {
  const Parts x = parts_of(x_bits), absmax = parts_of(absmax_bits);
  const Fixed point(x.significand, x.exponent, x.negative);
  const auto image = [&](std::size_t code) {
    const Parts v = parts_of(values[code]);
    return Fixed(v.significand * absmax.significand, v.exponent + absmax.exponent, v.negative);
  };
  const auto distance = [&](std::size_t code) {
    Fixed difference = point.minus(image(code));
    if (difference.negative()) difference.negate();
    return difference;
  };
  std::size_t best = 0;
  Fixed least = distance(0);
  for (std::size_t code = 1; code < values.size(); ++code) {
    const Fixed here = distance(code);
    const bool tie = !here.less(least) && !least.less(here);
    if (here.less(least) || (tie && image(code).less(image(best)))) {
      best = code;
      least = here;
    }
  }
  return static_cast<unsigned>(best);
}

unsigned chosen_code(const std::vector<std::uint32_t>& values, std::uint32_t x_bits,
                     std::uint32_t absmax_bits, char variant, int bits, std::uint32_t random) {
  const Parts x = parts_of(x_bits), absmax = parts_of(absmax_bits);
  const Fixed point(x.significand, x.exponent, x.negative);
  const auto image = [&](std::size_t code) {
    const Parts v = parts_of(values[code]);
    return Fixed(v.significand * absmax.significand, v.exponent + absmax.exponent, v.negative);
  };
  // of the greatest value that is not above the point, and the least that is above, the least codes
  constexpr std::size_t none = 256;
  std::size_t lower = none, upper = none;
  for (std::size_t code = 0; code < values.size(); ++code) {
    if (point.less(image(code))) {
      if (upper == none || image(code).less(image(upper))) upper = code;
    } else {
      if (lower == none || image(lower).less(image(code))) lower = code;
    }
  }
  if (lower == none) return static_cast<unsigned>(upper);
  if (upper == none) return static_cast<unsigned>(lower);
  Fixed rest = point.minus(image(lower));
  const Fixed whole = image(upper).minus(image(lower));
  std::uint64_t steps = 0;  // floor(v 2^(bits + 1)), digit by digit
  for (int i = 0; i <= bits; ++i) {
    Fixed negative = rest;
    negative.negate();
    rest = rest.minus(negative);
    steps *= 2;
    if (rest.less(whole)) continue;
    rest = rest.minus(whole);
    ++steps;
  }
  const bool half = steps % 2 != 0, more = Fixed(0, 0, false).less(rest);
  std::uint64_t rounded = steps / 2;
  if (variant == 'B' && half) ++rounded;
  if (variant == 'C' && half && (more || rounded % 2 != 0)) ++rounded;
  return static_cast<unsigned>(rounded + random >= std::uint64_t{1} << bits ? upper : lower);
}

std::uint32_t nearest_float(std::uint64_t numerator, std::uint64_t denominator) {
  int exponent = 0;
  Wide a = numerator, b = denominator;
  if (a == 0) return 0;
  for (; a < b << 23; a <<= 1) --exponent;  // a / b in [2^23, 2^24)
  for (; a >= b << 24; b <<= 1) ++exponent;
  Wide whole = a / b;
  const Wide rest = a % b;
  if (2 * rest > b || (2 * rest == b && whole % 2 != 0)) ++whole;
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(exponent + 149) << 23) +
         static_cast<std::uint32_t>(whole);
}

std::uint32_t mean_of_floats(const std::vector<std::uint32_t>& values) {
  int least = 200;
  for (const std::uint32_t bits : values)
    if (bits != 0 && parts_of(bits).exponent < least) least = parts_of(bits).exponent;
  if (values.empty() || least == 200) return 0;
  Wide total = 0;
  for (const std::uint32_t bits : values) {
    const Parts x = parts_of(bits);
    if (x.significand == 0) continue;
    if (x.exponent - least > 70) throw std::logic_error("oracle: values too far apart");
    total += Wide{x.significand} << (x.exponent - least);
  }
  int exponent = least;
  Wide b = values.size();
  for (; total < b << 23; total <<= 1) --exponent;
  bool tail = false;
  for (; total / b >= Wide{1} << 25; total >>= 1, ++exponent) tail = tail || total % 2 != 0;
  Wide whole = total / b;
  tail = tail || total % b != 0;  // 24 or 25 bits and whether there is more
  if (whole >> 24 != 0) {
    const bool half = whole % 2 != 0;
    whole /= 2;
    ++exponent;
    if (half && (tail || whole % 2 != 0)) ++whole;
  } else if (tail) {
    const Wide rest = total % b;
    if (2 * rest > b || (2 * rest == b && whole % 2 != 0)) ++whole;
  }
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(exponent + 149) << 23) +
         static_cast<std::uint32_t>(whole);
}

}  // namespace oracle
