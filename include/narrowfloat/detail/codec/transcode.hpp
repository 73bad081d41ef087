// SPDX-License-Identifier: MIT
// From the bits of a float (W = uint32_t) or a double (uint64_t) to the code of a format, and one
// direct path from any format to any format: decode exactly, then round once.
#pragma once

#include <type_traits>

#include "decode.hpp"
#include "round.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The bits of the value that `code` has, or would have if the codes went on.
template <class Layout, class L>
constexpr NF_FN L value_bits(std::uint32_t code) {
  return decode_magnitude<Layout>(static_cast<L>(code));
}

/// The outcomes as words, the form in which the formulas take them: so that a loop makes its
/// vectors once.
template <class W>
struct bounds {
  /// The bits from which a positive, or a negative, value overflows; the overflow's code where
  /// round_code serves.
  W positive, negative;
  W infinity;     ///< the code of Inf; its bits, where the target is float or double
  W last_number;  ///< the largest bits that are no NaN, where Inf is NaN too or an overflow
  W below_zero;
  bool infinity_is_apart;  ///< Inf does not end as a finite overflow of its sign does
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

/// A code whose sign is still apart: the top bit of `sign`, whose other bits may be anything.
template <class W>
struct unsigned_code {
  W magnitude, sign;
};

/// The bits of the value at which an overflow to `code` begins: the largest finite one, or the
/// first beyond.
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
  return {positive,      negative,
          of.infinity,   of.infinity == Layout::max_code ? infinity : infinity - 1,
          of.negative,   of.infinity != of.positive_overflow || of.infinity != of.negative_overflow,
          of.zero_is_nan};
}

/// Rounds the bits of a float or double to a magnitude code. For Inf and NaN the code is one of a
/// finite value, or the first beyond.
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

/// Whether a code is the upper half of a float.
template <class Layout>
inline constexpr bool is_upper_half = std::is_same_v<Layout, bfloat>;

/// Whether a code, moved to the top of a binary16, has its value but for a power of two.
template <class Layout>
constexpr NF_FN bool is_in_half() {
  if constexpr (std::is_same_v<Layout, binary16>) {
    return true;
  } else if constexpr (Layout::width > 8) {
    return false;
  } else {
    constexpr int up = binary16::mantissa_bits - Layout::mantissa_bits,
                  rebias = binary16::bias - Layout::bias;
    return !Layout::is_scale && up >= 0 && Layout::max_code << up < binary16::infinity_code &&
           -126 <= rebias && rebias <= 126 && Layout::quantum >= -126 &&
           Layout::max_exponent <= 127;
  }
}

/// Whether `Layout` is the wide layout of a word of type W itself.
template <class Layout, class W>
inline constexpr bool is_wide =
    std::is_same_v<Layout, std::conditional_t<wide<W>::bits == 32, binary32, binary64>>;

/// Whether words of 32 bits serve From -> To with N random bits: every source value is exact in
/// float and no intermediate value leaves the word.
template <class From, class To, int N>
constexpr NF_FN bool fits_32_bits() {
  if constexpr (std::is_same_v<From, binary64> || std::is_same_v<To, binary64>) {
    return false;
  } else {
    return exact_in<From, std::uint32_t> &&
           (is_wide<To, std::uint32_t> || std::is_same_v<From, To> ||
            word_suffices<To, std::uint32_t, 23, N>);
  }
}

/// The scalar word that a conversion is done in.
template <class From, class To, int N>
using word_for = std::conditional_t<fits_32_bits<From, To, N>(), std::uint32_t, std::uint64_t>;

/// The outcomes of a conversion to To for words whose lanes are of type L.
template <class To, rule Rule, int N, class L>
constexpr NF_FN bounds<L> bounds_for(saturates policy) {
  if constexpr (is_wide<To, L>) {  // holds every value of every source
    return {0, 0, static_cast<L>(wide<L>::infinity - (policy.infinity ? 1 : 0)), 0, 0, true, false};
  } else {
    return bounds_of<To, Rule, N, L>(outcomes_of<To, Rule, N>(policy));
  }
}

/// A subnormal code becomes zero; other codes stay.
template <class Layout, class W>
constexpr NF_FN W flush_subnormals(const W& code) {
  if constexpr (!Layout::has_subnormals) return code;
  const W sign = code & W(Layout::sign_mask);
  const W zero = W(0);
  const W value =
      select_less(code - sign, W(lane<W>{1} << Layout::mantissa_bits), zero, code - sign);
  if constexpr (Layout::has_signed_zero || !Layout::is_signed) return sign + value;
  // The code of -0 is NaN here: it stays, and a negative subnormal becomes the one zero.
  return select_equal(value, zero, select_equal(code, sign, code, zero), sign + value);
}

/// Whether transcode() leaves the sign in the code.
template <class From, class To, class L>
inline constexpr bool keeps_sign = is_wide<To, L> || std::is_same_v<From, To>;

/// Converts a code of From to a code of To, both right-aligned in words of type W (word_for).
///
/// Result    the code and the sign that join_sign joins; where transcode() keeps_sign, the code has
///           it already and the sign word is 0.
template <class From, class To, rule Rule, int N, class W>
constexpr NF_FN unsigned_code<W> transcode(const W& code, const W& random, const bounds<W>& bound) {
  if constexpr (std::is_same_v<From, To> && !is_wide<To, lane<W>>) {
    return {recode<To>(code, bound), W(0)};
  } else {
    W bits = code;
    if constexpr (!is_wide<From, lane<W>>) bits = decode<From>(code);
    if constexpr (!is_wide<To, lane<W>>) {
      return encode<To, Rule, N>(bits, random, bound);
    } else if constexpr (From::has_infinity) {
      return {settle(bits, bound.infinity), W(0)};
    } else {
      return {bits, W(0)};
    }
  }
}

/// A subnormal result of transcode() becomes zero.
template <class From, class To, class W>
constexpr NF_FN unsigned_code<W> flush_result(const unsigned_code<W>& result) {
  if constexpr (keeps_sign<From, To, lane<W>>) {
    return {flush_subnormals<To>(result.magnitude), result.sign};
  } else if constexpr (To::has_subnormals) {
    const W normal = W(lane<W>{1} << To::mantissa_bits);
    return {select_less(result.magnitude, normal, W(0), result.magnitude), result.sign};
  } else {
    return result;
  }
}

/// The same for one number: the code with its sign.
template <class From, class To, rule Rule, int N, class W>
constexpr NF_FN W transcode_joined(W code, W random, const bounds<W>& bound, bool flush) {
  if (flush) code = flush_subnormals<From>(code);
  unsigned_code<W> result = transcode<From, To, Rule, N>(code, random, bound);
  if (flush) result = flush_result<From, To>(result);
  if constexpr (is_wide<To, W>) {
    return result.magnitude;
  } else {
    return join_sign<To>(result.magnitude, result.sign);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
