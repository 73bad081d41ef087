// SPDX-License-Identifier: MIT
// The oracle's decode and round: neighbours are found by searching the ordered list of magnitudes.
#include "support/oracle.hpp"

#include <bit>
#include <stdexcept>

namespace oracle {
namespace {

// The magnitudes of a format, counted from 0 upwards and continued past its last code, are
// steps * 2^quantum; the next magnitude is always one step further.
struct Magnitude {
  std::uint64_t steps;
  int quantum;
};

std::uint64_t power_of_two(int exponent) { return std::uint64_t{1} << exponent; }

std::uint64_t sign_code(const Format& f) { return power_of_two(f.exponent_bits + f.mantissa_bits); }
std::uint64_t all_ones(const Format& f) { return sign_code(f) - 1; }

Magnitude magnitude_at(const Format& f, std::uint64_t index) {
  if (f.special == Special::scale) return {1, static_cast<int>(index) - f.bias};
  const auto field = static_cast<int>(index >> f.mantissa_bits);
  if (f.exponent_bits == 0 || field == 0) return {index, 1 - f.bias - f.mantissa_bits};
  const std::uint64_t one = power_of_two(f.mantissa_bits);
  return {one + index % one, field - f.bias - f.mantissa_bits};
}

std::uint64_t largest_index(const Format& f) {
  switch (f.special) {
    case Special::ieee:
      return sign_code(f) - power_of_two(f.mantissa_bits) - 1;
    case Special::fn:
    case Special::scale:
      return all_ones(f) - 1;
    case Special::fnuz:
    case Special::finite:
      return all_ones(f);
    case Special::p3109:
      return all_ones(f) - (f.is_signed ? 1 : 2);
  }
  throw std::logic_error("oracle: no such format");
}

// A format without a normal number (E = 0; E = 1 with ieee) is a fixed-point format.
bool has_subnormals(const Format& f) {
  const bool has_normals = largest_index(f) >= power_of_two(f.mantissa_bits);
  return has_normals && f.mantissa_bits > 0;
}

bool is_subnormal_index(const Format& f, std::uint64_t index) {
  return has_subnormals(f) && index > 0 && index < power_of_two(f.mantissa_bits);
}

std::uint64_t code_at(const Format& f, bool negative, std::uint64_t index) {
  if (index == 0 && !has_negative_zero(f)) return 0;
  return (negative && f.is_signed ? sign_code(f) : 0) + index;
}

bool at_least(const Exact& x, const Magnitude& m) {
  if (m.steps == 0) return true;
  const int x_top = bit_length(x.significand) + x.exponent;
  const int m_top = bit_length(m.steps) + m.quantum;
  if (x_top != m_top) return x_top > m_top;
  return scaled_floor(x, -m.quantum).whole >= m.steps;
}

// The last index whose magnitude is not above |x|, for x below the magnitude after the largest.
std::uint64_t index_below(const Format& f, const Exact& x) {
  std::uint64_t below = 0;
  std::uint64_t above = largest_index(f) + 1;
  while (above - below > 1) {
    const std::uint64_t middle = below + (above - below) / 2;
    (at_least(x, magnitude_at(f, middle)) ? below : above) = middle;
  }
  return below;
}

bool rounds_away(const Format& f, const Exact& x, std::uint64_t index, const Rounding& rounding) {
  const Magnitude lower = magnitude_at(f, index);
  // floor(nu * 2^bits), where nu is how far |x| stands between its neighbours.
  const auto fraction = [&](int bits) {
    const Floor scaled = scaled_floor(x, bits - lower.quantum);
    return Floor{scaled.whole - (Wide{lower.steps} << bits), scaled.rest};
  };
  const bool odd = index % 2 == 1;
  const int n = rounding.n;
  const Wide r = rounding.r % (Wide{1} << n);
  switch (rounding.mode) {
    case Mode::toward_zero:
      return false;
    case Mode::toward_positive:
      return !x.negative && fraction(0).rest;
    case Mode::toward_negative:
      return x.negative && fraction(0).rest;
    case Mode::to_odd:
      return !odd && fraction(0).rest;
    case Mode::nearest_away:
      return fraction(1).whole == 1;
    case Mode::nearest_even: {
      const Floor halves = fraction(1);
      return halves.whole == 1 && (halves.rest || odd);
    }
    case Mode::stochastic_a:
      return fraction(n).whole + r >= Wide{1} << n;
    case Mode::stochastic_b:
      return fraction(n + 1).whole + 2 * r + 1 >= Wide{1} << (n + 1);
    case Mode::stochastic_c: {
      const Floor halves = fraction(n + 1);
      const Wide whole = halves.whole / 2;
      const bool up = halves.whole % 2 == 1 && (halves.rest || whole % 2 == 1);
      return whole + (up ? 1 : 0) + r >= Wide{1} << n;
    }
  }
  throw std::logic_error("oracle: no such rounding");
}

// The code of what is too large: an infinity, else a NaN, else the largest finite.
std::uint64_t beyond(const Format& f, bool negative) {
  if (has_infinity(f)) return code_at(f, negative, largest_index(f) + 1);
  return has_nan(f) ? nan_code(f, negative) : largest_finite_code(f, negative);
}

std::uint64_t overflow(const Format& f, bool negative, Mode mode, Saturation saturation) {
  // IEEE P3109 sends the overflow of a rounding to odd to Inf.
  const bool inward = mode == Mode::toward_zero ||
                      (mode == Mode::to_odd && f.special != Special::p3109) ||
                      mode == (negative ? Mode::toward_positive : Mode::toward_negative);
  if (inward || saturation != Saturation::none) return largest_finite_code(f, negative);
  return beyond(f, negative);
}

std::uint64_t encode(const Format& f, Exact x, const Rounding& rounding, Saturation saturation,
                     bool flush) {
  if (x.is_nan()) return nan_code(f, x.negative);
  if (flush && x.subnormal) x = Exact{.negative = x.negative};
  const bool below_range = !f.is_signed && x.negative && !x.is_zero();
  if (below_range || (x.is_zero() && f.special == Special::scale))
    return saturation == Saturation::none && has_nan(f) ? nan_code(f, false) : 0;
  if (x.is_zero()) return code_at(f, x.negative, 0);
  if (x.is_infinity())
    return saturation == Saturation::finite ? largest_finite_code(f, x.negative)
                                            : beyond(f, x.negative);
  const std::uint64_t largest = largest_index(f);
  if (at_least(x, magnitude_at(f, largest + 1)))
    return overflow(f, x.negative, rounding.mode, saturation);
  if (!at_least(x, magnitude_at(f, 0))) return 0;  // only a scale format starts above zero
  const std::uint64_t below = index_below(f, x);
  const std::uint64_t index = below + (rounds_away(f, x, below, rounding) ? 1 : 0);
  if (index > largest) return overflow(f, x.negative, rounding.mode, saturation);
  return code_at(f, x.negative, flush && is_subnormal_index(f, index) ? 0 : index);
}

}  // namespace

int bit_length(Wide value) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  return static_cast<int>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
}

Floor scaled_floor(const Exact& x, int power) {
  const int shift = x.exponent + power;
  if (shift > 0) {
    if (x.tail || bit_length(x.significand) + shift > 128)
      throw std::logic_error("oracle: significand too short or too long");
    return {x.significand << shift, false};
  }
  if (shift <= -128) return {0, x.tail || x.significand != 0};
  const Wide whole = x.significand >> -shift;
  return {whole, x.tail || (whole << -shift) != x.significand};
}

bool has_infinity(const Format& f) {
  return f.special == Special::ieee || f.special == Special::p3109;
}

bool has_nan(const Format& f) {
  return f.special != Special::finite && !(f.special == Special::ieee && f.mantissa_bits == 0);
}

bool has_negative_zero(const Format& f) {
  return f.is_signed && f.special != Special::fnuz && f.special != Special::p3109;
}

std::uint64_t largest_finite_code(const Format& f, bool negative) {
  return code_at(f, negative, largest_index(f));
}

std::uint64_t nan_code(const Format& f, bool negative) {
  if (!has_nan(f)) return largest_finite_code(f, false);
  const std::uint64_t sign = negative && f.is_signed ? sign_code(f) : 0;
  if (f.special == Special::ieee)
    return sign + largest_index(f) + 1 + power_of_two(f.mantissa_bits - 1);
  const bool at_negative_zero = f.is_signed && !has_negative_zero(f);
  return at_negative_zero ? sign_code(f) : sign + all_ones(f);
}

bool is_nan(const Format& f, std::uint64_t code) { return decode(f, code).is_nan(); }

Exact decode(const Format& f, std::uint64_t code) {
  const bool negative = f.is_signed && (code & sign_code(f)) != 0;
  const std::uint64_t index = code & all_ones(f);
  if (negative && index == 0 && !has_negative_zero(f)) return {.kind = Exact::Kind::nan};
  if (index > largest_index(f)) {
    const bool infinite = has_infinity(f) && index == largest_index(f) + 1;
    return {.kind = infinite ? Exact::Kind::infinity : Exact::Kind::nan, .negative = negative};
  }
  const Magnitude m = magnitude_at(f, index);
  return {.negative = negative,
          .significand = m.steps,
          .exponent = m.quantum,
          .subnormal = is_subnormal_index(f, index) && f.special != Special::scale};
}

Exact from_f32_bits(std::uint32_t bits) { return decode(binary32, bits); }
Exact from_f64_bits(std::uint64_t bits) { return decode(binary64, bits); }

bool same(const Exact& a, const Exact& b) {
  if (a.kind != b.kind || a.is_nan()) return a.kind == b.kind;
  if (a.negative != b.negative || a.is_infinity()) return a.negative == b.negative;
  const auto plain = [](Exact x) {
    for (; x.significand != 0 && x.significand % 2 == 0; ++x.exponent) x.significand /= 2;
    return x;
  };
  const Exact p = plain(a);
  const Exact q = plain(b);
  if (p.significand != q.significand || p.tail != q.tail) return false;
  return p.significand == 0 || p.exponent == q.exponent;
}

std::uint32_t round(const Format& f, const Exact& x, const Rounding& rounding,
                    Saturation saturation, bool flush) {
  return static_cast<std::uint32_t>(encode(f, x, rounding, saturation, flush));
}

std::uint64_t round_to_f64(const Exact& x, const Rounding& rounding, Saturation saturation,
                           bool flush) {
  return encode(binary64, x, rounding, saturation, flush);
}

}  // namespace oracle
