// SPDX-License-Identifier: MIT
// Encoding: the bits of a float (W = uint32_t) or a double (uint64_t) to the code of a format.
#pragma once

#include "layout.hpp"
#include "round_float.hpp"
#include "word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What a saturation policy decides: whether a finite overflow, and whether an infinite source,
/// becomes the largest finite value.
struct saturates {
  bool overflow, infinity;
};

/// The magnitude codes that out-of-range inputs get. They are run-time values of the formulas, so
/// one kernel serves every saturation policy.
struct outcomes {
  std::uint32_t positive_overflow = 0, negative_overflow = 0, infinity = 0;
  std::uint32_t negative = 0;  ///< a nonzero negative value, in an unsigned format
  bool zero_is_nan = false;    ///< zero, in a format without it; else it is code 0
};

/// The outcomes in Layout under a rounding rule with N random bits. As in IEEE 754, clause 7.4, a
/// finite overflow rounded toward zero in its direction gives the largest finite value; so does
/// round to odd.
template <class Layout, rule Rule, int N>
constexpr NF_FN outcomes outcomes_of(saturates policy) {
  constexpr std::uint32_t largest = Layout::max_code;
  constexpr std::uint32_t beyond = Layout::has_infinity || Layout::has_nan ? largest + 1 : largest;
  constexpr bool inward = N == 0 && (Rule == rule::floor || Rule == rule::odd);
  const std::uint32_t overflow = policy.overflow || inward ? largest : beyond;
  return {.positive_overflow = Rule == rule::up_if_negative ? largest : overflow,
          .negative_overflow = Rule == rule::up_if_positive ? largest : overflow,
          .infinity = policy.infinity ? largest : beyond,
          .negative = policy.overflow || !Layout::has_nan ? 0 : Layout::nan_code,
          .zero_is_nan = !policy.overflow};
}

/// The outcomes as words, the form in which the formulas take them: so that a loop makes its vectors once.
template <class W>
struct bounds {
  /// The bits from which a positive, or a negative, value overflows; the overflow's code where round_code
  /// serves.
  W positive, negative;
  W infinity;     ///< the code of Inf; its bits, where the target is float or double
  W last_number;  ///< the largest bits that are no NaN, where Inf is NaN too or an overflow
  W below_zero;
  bool zero_is_nan;
};

/// Splits the magnitude bits of a float or double. Where Layout reaches below the source's normal
/// range, subnormal sources are normalized.
template <class Layout, class W>
struct unpack {
  using source = wide<lane<W>>;
  static constexpr int mantissa_bits = source::mantissa_bits;
  static constexpr bool normalizes = Layout::min_exponent < 1 - source::bias;
  // The smallest subnormal's exponent stays positive: 32 > 23, 64 > 52.
  static constexpr int offset = source::bias + (normalizes ? source::bits : 0);
  static constexpr int max_exponent = source::bias + 1 + offset;

  static constexpr NF_FN magnitude<W> apply(const W& bits) {
    constexpr lane<W> leading = lane<W>{1} << mantissa_bits;
    const W field = bits >> mantissa_bits;
    const W fraction = bits & W(leading - 1);
    const W normal = smaller(field, W(1));
    const W significand = fraction + (normal << mantissa_bits);
    if constexpr (!normalizes) return {significand, larger(field, W(1))};
    // A subnormal is bits * 2^(1 - bias - mantissa_bits); as an integer, its float is normalized.
    const W integer = float_bits(fraction);
    const W subnormal_exponent =
        (integer >> mantissa_bits) +
        W(static_cast<lane<W>>(source::bits + 1 - source::bias - mantissa_bits));
    const W zero_exponent = W(static_cast<lane<W>>(Layout::min_exponent + offset));
    return {
        select_equal(normal, W(0),
                     select_equal(fraction, W(0), W(0), (integer & W(leading - 1)) + W(leading)),
                     significand),
        select_equal(normal, W(0), select_equal(fraction, W(0), zero_exponent, subnormal_exponent),
                     field + W(source::bits))};
  }
};

/// Joins the top bit of `sign` to a magnitude code in a lane of any width; the other bits of `sign` may be
/// anything.
template <class Layout, class W>
constexpr NF_FN W join_sign(const W& code, const W& sign) {
  if constexpr (!Layout::is_signed) return code;
  constexpr int bits = 8 * static_cast<int>(sizeof(lane<W>));
  constexpr auto top = static_cast<lane<W>>(lane<W>{1} << (bits - 1));
  const W placed = (sign & W(top)) >> (bits - Layout::width);
  if constexpr (Layout::has_signed_zero) return code | placed;
  return code | select_equal(code, W(0), W(0), placed);
}

/// A code whose sign is still apart: the top bit of `sign`, whose other bits may be anything.
template <class W>
struct unsigned_code {
  W magnitude, sign;
};

/// The bits of the value at which an overflow to `code` begins: the largest finite one, or the first beyond.
template <class Layout, class L>
constexpr NF_FN L overflow_bits(std::uint32_t code) {
  return code == Layout::max_code ? value_bits<Layout, L>(Layout::max_code)
                                  : value_bits<Layout, L>(Layout::max_code + 1);
}

/// The outcomes in Layout for words whose lanes are of type L.
template <class Layout, rule Rule, int N, class L>
constexpr NF_FN bounds<L> bounds_of(const outcomes& of) {
  constexpr L infinity = wide<L>::infinity;
  L positive = of.positive_overflow, negative = of.negative_overflow;
  if constexpr (shift_or_sum<Layout, Rule, N, L>) {
    positive = overflow_bits<Layout, L>(of.positive_overflow);
    negative = overflow_bits<Layout, L>(of.negative_overflow);
  }
  return {positive,    negative,
          of.infinity, of.infinity == Layout::max_code ? infinity : infinity - 1,
          of.negative, of.zero_is_nan};
}

/// Rounds the bits of a float or double to a magnitude code. For Inf and NaN the code is one of a finite
/// value, or the first beyond.
template <class Layout, rule Rule, int N, class W>
constexpr NF_FN W round_magnitude(const W& bits, const W& value, const W& random,
                                  const bounds<W>& bound) {
  if constexpr (shift_or_sum<Layout, Rule, N, lane<W>>) {
    W bounded(0);
    if constexpr (is_directed<Rule>) {
      bounded = limited(bits, bound.positive, bound.negative);
    } else {
      bounded = smaller(value, bound.positive);
    }
    if constexpr (shift_suffices<Layout, N, lane<W>>) {
      return round_by_shift<Layout, Rule, N>(bounded, random);
    } else {
      return round_by_sum<Layout, Rule, N>(bounded, random);
    }
  } else {
    using unpacked = unpack<Layout, W>;
    const W sign = bits & W(wide<lane<W>>::sign_mask);
    const W code = round_code<Layout, Rule, N, wide<lane<W>>::mantissa_bits, unpacked::offset,
                              unpacked::max_exponent>(unpacked::apply(value), sign, random);
    if constexpr (is_directed<Rule>) {
      return smaller(code, select_equal(sign, W(0), bound.positive, bound.negative));
    } else {
      return smaller(code, bound.positive);
    }
  }
}

/// Encodes the bits of a float or double in Layout.
///
/// Result    the code, right-aligned in the word, and the sign that join_sign joins.
/// Special   a NaN keeps its sign where the format has signed NaNs, else it is the one NaN, else
///           the positive largest finite value; -0 is +0 where the format has no -0.
template <class Layout, rule Rule, int N, class W>
constexpr NF_FN unsigned_code<W> encode(const W& bits, const W& random, const bounds<W>& bound) {
  using source = wide<lane<W>>;
  const W infinity = W(source::infinity);
  const W value = bits & W(source::sign_mask - 1);

  W code = round_magnitude<Layout, Rule, N>(bits, value, random, bound);
  if constexpr (Layout::is_scale) {
    if (bound.zero_is_nan) code = select_equal(value, W(0), W(Layout::nan_code), code);
  }
  if constexpr (Layout::has_infinity || !shift_or_sum<Layout, Rule, N, lane<W>>) {
    code = select_less(value, infinity, code, bound.infinity);
    const W nan = W(Layout::has_nan ? Layout::nan_code : Layout::max_code);
    code = select_less(infinity, value, nan, code);
  } else if constexpr (Layout::has_nan) {
    // Inf is NaN, or an overflow like any other: then the bound has served it.
    code = select_less(bound.last_number, value, W(Layout::nan_code), code);
  }  // else the bound has made the largest finite value of Inf and NaN
  if constexpr (!Layout::is_signed) {
    code = select_below(bits - W(source::sign_mask + 1), infinity, bound.below_zero, code);
  }
  constexpr bool nan_drops_sign = Layout::has_signed_zero && !Layout::has_signed_nan;
  return {code, nan_drops_sign ? select_less(infinity, value, W(0), bits) : bits};
}

/// A same-format conversion: copies the code, sign included; only Inf may change.
template <class Layout, class W>
constexpr NF_FN W recode(const W& code, const bounds<W>& bound) {
  if constexpr (!Layout::has_infinity) return code;
  const W sign = code & W(Layout::sign_mask);
  return sign + select_equal(code - sign, W(Layout::infinity_code), bound.infinity, code - sign);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
