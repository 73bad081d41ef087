// SPDX-License-Identifier: MIT
// Encoding: the bits of a float (W = uint32_t) or a double (uint64_t) to the code of a format.
#pragma once

#include "layout.hpp"
#include "round.hpp"
#include "word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What a saturation policy decides: whether a finite overflow, and whether an infinite source,
/// becomes the largest finite value.
struct saturates {
  bool overflow, infinity;
};

/// The magnitude codes that out-of-range inputs get. They are run-time values of the formula, so
/// one kernel serves every saturation policy.
struct outcomes {
  std::uint32_t positive_overflow = 0, negative_overflow = 0, infinity = 0;
  std::uint32_t negative = 0;       ///< a nonzero negative value, in an unsigned format
  std::uint32_t zero = 0;           ///< zero, in a format without it
  bool infinity_saturates = false;  ///< for a float or double target that holds every source value
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
  const std::uint32_t invalid = policy.overflow || !Layout::has_nan ? 0 : Layout::nan_code;
  return {.positive_overflow = Rule == rule::up_if_negative ? largest : overflow,
          .negative_overflow = Rule == rule::up_if_positive ? largest : overflow,
          .infinity = policy.infinity ? largest : beyond,
          .negative = invalid,
          .zero = invalid,
          .infinity_saturates = policy.infinity};
}

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

/// Replaces an overflowing code; the top bit of `sign` is the sign.
template <class Layout, rule Rule, class W>
constexpr NF_FN W limit(const W& code, const W& sign, const outcomes& out) {
  if constexpr (Rule == rule::up_if_positive || Rule == rule::up_if_negative) {
    return smaller(code,
                   select_equal(sign, W(0), W(out.positive_overflow), W(out.negative_overflow)));
  }
  return smaller(code, W(out.positive_overflow));
}

/// Joins the sign, the top bit of `sign`, to a code that is not a NaN of a format without signed
/// NaNs.
template <class Layout, class W>
constexpr NF_FN W join_sign(const W& code, const W& sign) {
  if constexpr (!Layout::is_signed) return code;
  const W placed = sign >> (wide<lane<W>>::bits - Layout::width);
  if constexpr (Layout::has_signed_zero) return code | placed;
  return code | select_equal(code, W(0), W(0), placed);
}

/// Encodes the bits of a float or double in Layout.
///
/// Result    the code, sign joined, right-aligned in the word.
/// Special   a NaN keeps its sign where the format has signed NaNs, else it is the one NaN, else
///           the positive largest finite value; -0 is +0 where the format has no -0.
template <class Layout, rule Rule, int N, class W>
constexpr NF_FN W encode(const W& bits, const W& random, const outcomes& out) {
  using source = wide<lane<W>>;
  using unpacked = unpack<Layout, W>;
  const W sign = bits & W(source::sign_mask);
  const W value = bits - sign;

  W code =
      round_code<Layout, Rule, N, source::mantissa_bits, unpacked::offset, unpacked::max_exponent>(
          unpacked::apply(value), sign, random);
  code = limit<Layout, Rule>(code, sign, out);
  code = select_less(value, W(source::infinity), code, W(out.infinity));
  if constexpr (Layout::is_scale) code = select_equal(value, W(0), W(out.zero), code);
  if constexpr (!Layout::is_signed) {
    code = select_equal(sign, W(0), code, select_equal(value, W(0), code, W(out.negative)));
  }
  const W nan = W(Layout::has_nan ? Layout::nan_code : Layout::max_code);
  code = select_less(W(source::infinity), value, nan, code);

  constexpr bool nan_drops_sign = Layout::has_signed_zero && !Layout::has_signed_nan;
  return join_sign<Layout>(
      code, nan_drops_sign ? select_less(W(source::infinity), value, W(0), sign) : sign);
}

/// A same-format conversion: copies the code; only Inf may change.
template <class Layout, class W>
constexpr NF_FN W recode(const W& code, const outcomes& out) {
  if constexpr (!Layout::has_infinity) return code;
  const W sign = code & W(Layout::sign_mask);
  return sign + select_equal(code - sign, W(Layout::infinity_code), W(out.infinity), code - sign);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
