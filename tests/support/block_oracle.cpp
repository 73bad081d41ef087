// SPDX-License-Identifier: MIT
// The oracle for block formats.
#include "support/block_oracle.hpp"

#include <stdexcept>

namespace oracle {
namespace {

// Sign-magnitude fixed point with this many bits below the sign: steps of 2^-fraction_bits.
Format fixed_format(int bits, int fraction_bits) {
  return {0, bits, 1 - bits + fraction_bits, Special::finite, true};
}

Exact odd(Exact x) {
  for (; x.significand != 0 && x.significand % 2 == 0; ++x.exponent) x.significand /= 2;
  return x;
}

}  // namespace

Exact power_of_two(int exponent) { return {.significand = 1, .exponent = exponent}; }

int compare_magnitudes(const Exact& a, const Exact& b) {
  if (a.is_zero() || b.is_zero())
    return static_cast<int>(b.is_zero()) - static_cast<int>(a.is_zero());
  const int a_top = bit_length(a.significand) + a.exponent;
  const int b_top = bit_length(b.significand) + b.exponent;
  if (a_top != b_top) return a_top < b_top ? -1 : 1;
  const Wide x = a.significand << (127 - bit_length(a.significand));
  const Wide y = b.significand << (127 - bit_length(b.significand));
  return x < y ? -1 : x > y ? 1 : 0;
}

Exact value(const Element& element, std::uint32_t code) {
  if (element.fixed_width == 0) return decode(element.format, code);
  const std::uint32_t sign = 1u << (element.fixed_width - 1);
  const bool negative = (code & sign) != 0;
  const std::uint32_t magnitude = negative ? 2 * sign - code : code;
  return {.negative = negative, .significand = magnitude, .exponent = -element.fraction_bits};
}

Exact largest(const Element& element) {
  if (element.fixed_width != 0) return value(element, (1u << (element.fixed_width - 1)) - 1);
  return decode(element.format, largest_finite_code(element.format, false));
}

int scale_exponent(const Element& element, const Exact& amax, Rule rule) {
  const auto binade = [](const Exact& x) { return bit_length(x.significand) + x.exponent - 1; };
  const Exact top = largest(element);
  switch (rule) {
    case Rule::floor:
      return binade(amax) - binade(top);
    case Rule::ceil:
    case Rule::rceil: {  // the least scale under which amax is not beyond the bound
      const Exact bound = rule == Rule::ceil ? power_of_two(binade(top)) : top;
      int e = -400;
      while (compare_magnitudes(amax, product(bound, power_of_two(e))) > 0) ++e;
      return e;
    }
    case Rule::even: {  // amax to the element's mantissa bits, ties up
      const int bits =
          element.fixed_width != 0 ? element.fixed_width - 2 : element.format.mantissa_bits;
      const int quantum = binade(amax) - bits;
      const Wide doubled = scaled_floor(amax, 1 - quantum).whole;
      return binade({.significand = (doubled + 1) / 2, .exponent = quantum}) - binade(top);
    }
  }
  throw std::logic_error("oracle: no such rule");
}

Exact long_quotient(const Exact& dividend_of, const Exact& divisor_of) {
  const Exact a = odd(dividend_of);
  const Exact b = odd(divisor_of);
  if (bit_length(a.significand) > 40 || bit_length(b.significand) > 40 || b.is_zero())
    throw std::logic_error("oracle: no such quotient");
  const Wide dividend = a.significand << 87;
  return {.negative = a.negative != b.negative,
          .significand = dividend / b.significand,
          .exponent = a.exponent - b.exponent - 87,
          .tail = dividend % b.significand != 0};
}

std::uint32_t divide(const Element& element, const Exact& x, const Exact& divisor,
                     const Rounding& rounding, Saturation saturation) {
  Exact quotient = x;
  if (x.kind == Exact::Kind::finite) {
    quotient = divisor.is_zero() || x.is_zero() ? Exact{.negative = x.negative}
                                                : long_quotient(x, divisor);
  }
  if (element.fixed_width == 0) return round(element.format, quotient, rounding, saturation);
  const int bits = element.fixed_width - (element.full_range ? 0 : 1);
  const std::uint32_t sign = 1u << bits;
  const std::uint32_t code =
      round(fixed_format(bits, element.fraction_bits), quotient, rounding, saturation);
  std::uint32_t magnitude = code % sign;
  const std::uint32_t limit = 1u << (element.fixed_width - 1);
  if (code < sign) return magnitude < limit ? magnitude : limit - 1;
  if (magnitude > limit) magnitude = limit;
  return (2 * limit - magnitude) % (2 * limit);
}

Wide squared_error(const std::vector<Exact>& x, const std::vector<Exact>& y, int unit) {
  const auto in_units = [&](const Exact& a) {
    const Floor floor = scaled_floor(a, -unit);
    if (floor.rest || bit_length(floor.whole) > 60)
      throw std::logic_error("oracle: not a small number of units");
    const auto whole = static_cast<std::int64_t>(floor.whole);
    return a.negative ? -whole : whole;
  };
  Wide sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::int64_t difference = in_units(x[i]) - in_units(y[i]);
    const Wide magnitude = static_cast<std::uint64_t>(difference < 0 ? -difference : difference);
    if (bit_length(magnitude) > 59) throw std::logic_error("oracle: too large an error");
    sum += magnitude * magnitude;
  }
  return sum;
}

}  // namespace oracle
