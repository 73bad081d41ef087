// SPDX-License-Identifier: MIT
// The test oracle: what every conversion and operation must give, by integers alone and without
// any header under test.
#pragma once

#include <cstdint>

namespace oracle {

__extension__ typedef unsigned __int128 Wide;

/// What the top codes of a format mean.
enum class Special { ieee, fn, fnuz, finite, scale, p3109 };

/// A number format: code = sign | exponent field | mantissa field, right-aligned.
struct Format {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  Special special;
  bool is_signed;
};

inline constexpr Format binary32{8, 23, 127, Special::ieee, true};
inline constexpr Format binary64{11, 52, 1023, Special::ieee, true};

/// A real number, an infinity or a NaN.
/// Result  The magnitude is significand * 2^exponent; with `tail` it lies strictly between that and
///         (significand + 1) * 2^exponent. `subnormal` speaks of the code it was decoded from.
struct Exact {
  enum class Kind { finite, infinity, nan };
  Kind kind = Kind::finite;
  bool negative = false;
  Wide significand = 0;
  int exponent = 0;
  bool tail = false;
  bool subnormal = false;

  bool is_nan() const { return kind == Kind::nan; }
  bool is_infinity() const { return kind == Kind::infinity; }
  bool is_zero() const { return kind == Kind::finite && significand == 0; }
};

enum class Mode {
  nearest_even,
  nearest_away,
  toward_zero,
  toward_positive,
  toward_negative,
  to_odd,
  stochastic_a,
  stochastic_b,
  stochastic_c
};

/// A rounding: `n` (1 to 32) and the low n bits of `r` matter to the stochastic modes only.
struct Rounding {
  Mode mode = Mode::nearest_even;
  int n = 0;
  std::uint32_t r = 0;
};

enum class Saturation { finite, propagate, none };

/// Result  The value of one code of any format, binary32 and binary64 included.
Exact decode(const Format& format, std::uint64_t code);
Exact from_f32_bits(std::uint32_t bits);
Exact from_f64_bits(std::uint64_t bits);

/// Result   The code of `x` rounded once.
/// Special  A NaN gives the canonical quiet NaN of its sign, or the positive largest finite.
/// Requires With `tail`, a significand long enough for the question; otherwise std::logic_error.
std::uint32_t round(const Format& format, const Exact& x, const Rounding& rounding,
                    Saturation saturation, bool flush = false);
std::uint64_t round_to_f64(const Exact& x, const Rounding& rounding = {},
                           Saturation saturation = Saturation::none, bool flush = false);

struct Floor {
  Wide whole;
  bool rest;
};

/// Result   floor(|x| * 2^power), and whether anything was left over.
/// Requires A finite x whose tail does not hide the answer, and an answer of 128 bits; otherwise
///          std::logic_error.
Floor scaled_floor(const Exact& x, int power);
int bit_length(Wide value);

/// Result  True where both are NaN, the same infinity, or the same number and sign (of zero too).
bool same(const Exact& a, const Exact& b);

bool is_nan(const Format& format, std::uint64_t code);
bool has_nan(const Format& format);
bool has_infinity(const Format& format);
bool has_negative_zero(const Format& format);

/// Result  The canonical quiet NaN, or the positive largest finite where the format has no NaN.
std::uint64_t nan_code(const Format& format, bool negative);
std::uint64_t largest_finite_code(const Format& format, bool negative);

/// Result   The operation on reals, exact or with a tail that decides every rounding to 24 bits.
/// Special  As IEEE 754; an invalid operation and a NaN operand give the positive NaN. `mode`
///          only decides the sign of an exact zero sum of opposite signs.
/// Requires Operands without a tail and with at most 24 significant bits (products: any).
Exact sum(const Exact& a, const Exact& b, Mode mode = Mode::nearest_even);
Exact product(const Exact& a, const Exact& b);
Exact quotient(const Exact& a, const Exact& b);
Exact square_root(const Exact& a);

/// Result  The same on codes of one format, rounded once.
std::uint32_t add(const Format& format, std::uint32_t a, std::uint32_t b,
                  const Rounding& rounding = {}, Saturation saturation = Saturation::none);
std::uint32_t sub(const Format& format, std::uint32_t a, std::uint32_t b,
                  const Rounding& rounding = {}, Saturation saturation = Saturation::none);
std::uint32_t mul(const Format& format, std::uint32_t a, std::uint32_t b,
                  const Rounding& rounding = {}, Saturation saturation = Saturation::none);
std::uint32_t div(const Format& format, std::uint32_t a, std::uint32_t b,
                  const Rounding& rounding = {}, Saturation saturation = Saturation::none);
std::uint32_t fma(const Format& format, std::uint32_t a, std::uint32_t b, std::uint32_t c,
                  const Rounding& rounding = {}, Saturation saturation = Saturation::none);
std::uint32_t sqrt(const Format& format, std::uint32_t a, const Rounding& rounding = {},
                   Saturation saturation = Saturation::none);

}  // namespace oracle
