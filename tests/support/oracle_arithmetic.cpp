// SPDX-License-Identifier: MIT
// The oracle's arithmetic: operations on exact numbers, each rounded once at the end.
#include <utility>

#include "support/oracle.hpp"

namespace oracle {
namespace {

// Wide enough that a tail stays far below every bit a rounding can ask for; a carry still fits.
constexpr int working_bits = 125;

Exact invalid() { return {.kind = Exact::Kind::nan}; }
Exact infinity(bool negative) { return {.kind = Exact::Kind::infinity, .negative = negative}; }
Exact zero(bool negative) { return {.negative = negative}; }

Exact number(const Exact& x) {
  return {.negative = x.negative, .significand = x.significand, .exponent = x.exponent};
}

int top(const Exact& x) { return bit_length(x.significand) + x.exponent; }

// The same number with exactly `bits` significant bits.
Exact stretched(Exact x, int bits) {
  const int exponent = top(x) - bits;
  x.significand = scaled_floor(x, -exponent).whole;
  x.exponent = exponent;
  return x;
}

Exact sum_of_nonzero(Exact a, Exact b, Mode mode) {
  if (top(a) < top(b)) std::swap(a, b);
  a = stretched(a, working_bits);
  const Floor small = scaled_floor(b, -a.exponent);
  const Wide tail = small.rest ? 1 : 0;
  Exact result{.negative = a.negative, .exponent = a.exponent, .tail = small.rest};
  if (a.negative == b.negative) {
    result.significand = a.significand + small.whole;
  } else if (a.significand >= small.whole + tail) {
    result.significand = a.significand - small.whole - tail;
  } else {
    result.significand = small.whole - a.significand;
    result.negative = b.negative;
  }
  return result.significand == 0 ? zero(mode == Mode::toward_negative) : result;
}

Wide floor_of_root(Wide value) {
  Wide root = 0;
  for (Wide bit = Wide{1} << 63; bit != 0; bit >>= 1) {
    const Wide trial = root + bit;
    if (trial * trial <= value) root = trial;
  }
  return root;
}

Exact negated(Exact x) {
  x.negative = !x.negative;
  return x;
}

}  // namespace

Exact sum(const Exact& a, const Exact& b, Mode mode) {
  if (a.is_nan() || b.is_nan()) return invalid();
  if (a.is_infinity() && b.is_infinity())
    return a.negative == b.negative ? infinity(a.negative) : invalid();
  if (a.is_infinity() || b.is_infinity())
    return infinity(a.is_infinity() ? a.negative : b.negative);
  if (a.is_zero() && b.is_zero())
    return zero(a.negative == b.negative ? a.negative : mode == Mode::toward_negative);
  if (a.is_zero()) return number(b);
  if (b.is_zero()) return number(a);
  return sum_of_nonzero(number(a), number(b), mode);
}

Exact product(const Exact& a, const Exact& b) {
  if (a.is_nan() || b.is_nan()) return invalid();
  const bool negative = a.negative != b.negative;
  if (a.is_infinity() || b.is_infinity())
    return a.is_zero() || b.is_zero() ? invalid() : infinity(negative);
  return {.negative = negative,
          .significand = a.significand * b.significand,
          .exponent = a.exponent + b.exponent};
}

Exact quotient(const Exact& a, const Exact& b) {
  if (a.is_nan() || b.is_nan()) return invalid();
  const bool negative = a.negative != b.negative;
  if (a.is_infinity()) return b.is_infinity() ? invalid() : infinity(negative);
  if (b.is_infinity()) return zero(negative);
  if (b.is_zero()) return a.is_zero() ? invalid() : infinity(negative);
  if (a.is_zero()) return zero(negative);
  const Exact long_a = stretched(number(a), working_bits);
  return {.negative = negative,
          .significand = long_a.significand / b.significand,
          .exponent = long_a.exponent - b.exponent,
          .tail = long_a.significand % b.significand != 0};
}

Exact square_root(const Exact& a) {
  if (a.is_nan()) return invalid();
  if (a.is_zero()) return zero(a.negative);
  if (a.negative) return invalid();
  if (a.is_infinity()) return infinity(false);
  // An even exponent keeps the root a whole power of two away; 126 or 127 bits give 63 or 64.
  const Exact long_a = stretched(number(a), 126 + (top(a) % 2 != 0 ? 1 : 0));
  const Wide root = floor_of_root(long_a.significand);
  return {.significand = root,
          .exponent = long_a.exponent / 2,
          .tail = root * root != long_a.significand};
}

std::uint32_t add(const Format& f, std::uint32_t a, std::uint32_t b, const Rounding& rounding,
                  Saturation saturation) {
  return round(f, sum(decode(f, a), decode(f, b), rounding.mode), rounding, saturation);
}

std::uint32_t sub(const Format& f, std::uint32_t a, std::uint32_t b, const Rounding& rounding,
                  Saturation saturation) {
  return round(f, sum(decode(f, a), negated(decode(f, b)), rounding.mode), rounding, saturation);
}

std::uint32_t mul(const Format& f, std::uint32_t a, std::uint32_t b, const Rounding& rounding,
                  Saturation saturation) {
  return round(f, product(decode(f, a), decode(f, b)), rounding, saturation);
}

std::uint32_t div(const Format& f, std::uint32_t a, std::uint32_t b, const Rounding& rounding,
                  Saturation saturation) {
  return round(f, quotient(decode(f, a), decode(f, b)), rounding, saturation);
}

std::uint32_t fma(const Format& f, std::uint32_t a, std::uint32_t b, std::uint32_t c,
                  const Rounding& rounding, Saturation saturation) {
  const Exact exact = sum(product(decode(f, a), decode(f, b)), decode(f, c), rounding.mode);
  return round(f, exact, rounding, saturation);
}

std::uint32_t sqrt(const Format& f, std::uint32_t a, const Rounding& rounding,
                   Saturation saturation) {
  return round(f, square_root(decode(f, a)), rounding, saturation);
}

}  // namespace oracle
