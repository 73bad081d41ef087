// SPDX-License-Identifier: MIT
// The rounding formulas: a magnitude m * 2^e, or the bits of a float or double, to the code of a
// neighbour in a format, in every mode; and what becomes of those out of its range.
#pragma once

#include <bit>

#include "layout.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// How an exact quotient becomes an integer. With N random bits r, the magnitude is scaled by 2^N,
/// made an integer by the rule, and (integer + r) >> N is the rounded magnitude: so rounding to
/// nearest even is StochasticC with N = 0, and so on (IEEE P3109 interim report 3.2, section
/// 4.7.4).
enum class rule {
  floor,           ///< toward zero; StochasticA
  half_up,         ///< to nearest, ties away from zero; StochasticB
  half_even,       ///< to nearest, ties to the even code; StochasticC
  up_if_positive,  ///< toward +infinity
  up_if_negative,  ///< toward -infinity
  odd              ///< an inexact magnitude to the neighbour with the odd code
};

/// The magnitude as the formulas see it: `significand` * 2^(exponent - offset - P), where a
/// normalized significand has its leading one at bit P. A magnitude below the normal range of its
/// source may have a smaller significand; its exponent is then the smallest one of the source.
template <class W>
struct magnitude {
  W significand, exponent;
};

/// Whether every intermediate value of round_code for a significand of P + 1 bits stays below half
/// of a word of type W, as select_less needs.
template <class Layout, class W, int P, int N>
inline constexpr bool word_suffices =
    P + 4 + (N > P - Layout::mantissa_bits ? N - P + Layout::mantissa_bits : 0) <=
    wide<lane<W>>::bits&& Layout::exponent_bits + Layout::mantissa_bits + 2 < wide<lane<W>>::bits;

/// Whether a code that is `Binades` binades above the smallest normal one needs more than half a
/// word.
template <int M, int Binades, int Bits>
inline constexpr bool code_leaves_word =
    Binades > 0 && static_cast<int>(std::bit_width(static_cast<unsigned>(Binades + 1))) + M >= Bits;

/// Rounds `x` to the code of one of its two neighbours in Layout, as if the codes went on above the
/// largest finite one.
///
/// Result    the magnitude code; zero gives code 0; below the smallest `scale` value gives code 0.
/// Requires  x.exponent <= MaxExponent; the low N bits of `random` are the random bits, others are
///           0; the top bit of `sign` is the sign of the value, the others are 0.
template <class Layout, rule Rule, int N, int P, int Offset, int MaxExponent, class W>
constexpr NF_FN W round_code(const magnitude<W>& x, const W& sign, const W& random) {
  static_assert(word_suffices<Layout, W, P, N>);
  constexpr int M = Layout::mantissa_bits, bits = wide<lane<W>>::bits;
  constexpr int lowest = Layout::min_exponent + Offset;
  constexpr int discarded = P - M;  // bits below the target's last, normal range
  constexpr int spare =
      N > discarded ? N - discarded : 0;  // makes room for N bits below the target's last

  // The step between neighbours is fixed below the normal range of the target.
  const W exponent = lowest > 0 ? larger(x.exponent, W(static_cast<lane<W>>(lowest))) : x.exponent;
  // A shift by bits - 2 leaves less than half of the first step, whatever the significand.
  const W shift = smaller(exponent - x.exponent, W(bits - 2 - (discarded + spare - N))) +
                  W(discarded + spare - N);
  const W scaled = spare == 0 ? x.significand : x.significand << spare;
  const W down = scaled >> shift;
  const W rest = scaled - (down << shift);
  const W one = W(1) << shift;

  // Binades above the smallest normal one; clamped, still too large, where the code might leave the
  // word.
  W binade = exponent - W(static_cast<lane<W>>(lowest));
  if constexpr (code_leaves_word<M, MaxExponent - lowest, bits>) {
    binade = smaller(binade, W(lane<W>{1} << Layout::exponent_bits));
  }
  // The last bit of the code when rounding down: with no mantissa bits the exponent decides it.
  const W odd = (M > 0 || N > 0 ? down : down + binade - W(Layout::is_scale ? 1 : 0)) & W(1);

  W up = W(0);
  if constexpr (Rule == rule::half_up) up = select_less(rest + rest, one, W(0), W(1));
  if constexpr (Rule == rule::half_even) up = select_less(one, rest + rest + odd, W(1), W(0));
  if constexpr (Rule == rule::odd) up = select_equal(rest, W(0), W(0), W(1) - odd);
  if constexpr (Rule == rule::up_if_positive || Rule == rule::up_if_negative) {
    const W away = Rule == rule::up_if_negative ? sign >> (bits - 1) : W(1) - (sign >> (bits - 1));
    up = select_equal(rest, W(0), W(0), away);
  }

  const W rounded = N > 0 ? (down + up + random) >> N : down + up;
  if constexpr (Layout::is_scale) return larger(rounded, W(1)) + binade - W(1);
  return rounded + (binade << M);
}

// Rounding the bits of a float or double in few operations: by one float addition, or by a constant
// shift where both formats have the same exponents. round_code() serves whatever is left.

/// The rounding of the float addition from which a rule's result follows.
constexpr NF_FN direction direction_of(rule r) {
  switch (r) {
    case rule::half_even:
      return direction::nearest;
    case rule::floor:
    case rule::half_up:
      return direction::to_zero;
    case rule::up_if_positive:
      return direction::to_positive;
    case rule::up_if_negative:
    case rule::odd:
      return direction::to_negative;
  }
  return direction::nearest;
}

/// Bits below the last one of the target that the sum must show: the N of stochastic rounding, and
/// the half of half_up.
template <rule Rule, int N>
inline constexpr int bits_below = N + (Rule == rule::half_up ? 1 : 0);
/// A sum that ends in a code above bits_below<Rule, N> others, with the random bits, and the half
/// of half_up, added to these.
template <rule Rule, int N, class W>
constexpr NF_FN W with_random(const W& sum, const W& random) {
  W result = sum;
  if constexpr (N > 0) result = result + random;
  if constexpr (N > 0 && Rule == rule::half_up) result = result + random;
  return Rule == rule::half_up ? result + W(1) : result;
}

/// Whether round_by_shift serves: the target's exponents are those of the source, or it is a scale,
/// which has no subnormals; and the N random bits lie inside the source's mantissa.
template <class Layout, int N, class L>
inline constexpr bool shift_suffices =
    N <= wide<L>::mantissa_bits - Layout::mantissa_bits&& Layout::max_exponent <= wide<L>::bias &&
    (Layout::is_scale ? Layout::min_exponent >= -wide<L>::bias
                      : Layout::min_exponent == 1 - wide<L>::bias &&
                            Layout::exponent_bits == wide<L>::exponent_bits);

/// Whether round_by_sum serves: no source below its normal range needs a finer step than the
/// target's smallest, no sum overflows, and the steps below the smallest code fit under the sum's
/// leading one.
template <class Layout, rule Rule, int N, class L>
inline constexpr bool sum_suffices =
    !Layout::is_scale && Layout::min_exponent >= 1 - wide<L>::bias &&
    Layout::max_exponent + 1 + wide<L>::mantissa_bits - Layout::mantissa_bits <= wide<L>::bias &&
    Layout::mantissa_bits + bits_below<Rule, N> + 2 <= wide<L>::mantissa_bits;

/// Whether either serves. Otherwise round_code does.
template <class Layout, rule Rule, int N, class L>
inline constexpr bool shift_or_sum =
    shift_suffices<Layout, N, L> || sum_suffices<Layout, Rule, N, L>;

template <rule Rule>
inline constexpr bool is_directed = Rule == rule::up_if_positive || Rule == rule::up_if_negative;

/// Rounds by a constant shift.
///
/// Result    the magnitude code, as if the codes went on above the largest finite one.
/// Requires  shift_suffices; the magnitude of `bits` is at most the first value above the largest
///           finite one, and its sign 0 unless the rule is directed; random as for round_code.
template <class Layout, rule Rule, int N, class W>
constexpr NF_FN W round_by_shift(const W& bits, const W& random) {
  using source = wide<lane<W>>;
  constexpr int P = source::mantissa_bits, M = Layout::mantissa_bits, discarded = P - M - N;
  constexpr lane<W> leading = lane<W>{1} << P, one = lane<W>{1} << discarded;
  // The exponent field that code 0 of a scale stands for; 0 where the exponents are the source's.
  constexpr int lowest_field = Layout::is_scale ? Layout::min_exponent + source::bias : 0;
  constexpr auto lowest = static_cast<lane<W>>(lowest_field);

  W value = bits;
  if constexpr (is_directed<Rule>) value = bits & W(source::sign_mask - 1);
  if constexpr (Layout::is_scale && lowest == 0) {
    // Subnormal sources reach one binade down: 2^-bias has the leading one in the next bit.
    value = least(value, greatest(value + value, W(leading)) - W(leading));
  } else if constexpr (Layout::is_scale) {
    value = larger(value, W(lowest << P));
  }

  W rounded = value;
  if constexpr (discarded > 0) {
    if constexpr (Rule == rule::half_up) rounded = value + W(one / 2);
    if constexpr (Rule == rule::half_even) {
      const W last = M == 0 && N == 0 && lowest % 2 == 1 ? value + W(one) : value;
      rounded = value + W(one / 2 - 1) + ((last >> discarded) & W(1));
    }
    if constexpr (is_directed<Rule>) {
      const W negative = bits >> (source::bits - 1);
      const W away = Rule == rule::up_if_negative ? W(0) - negative : negative - W(1);
      rounded = value + (away & W(one - 1));
    }
    rounded = rounded >> discarded;
    if constexpr (Rule == rule::odd) {
      const W inexact = smaller(value & W(one - 1), W(1));
      // with no mantissa bits and an odd lowest field, the field is odd where the code is even
      rounded = M == 0 && lowest % 2 == 1 ? rounded + (inexact & rounded) : rounded | inexact;
    }
  }
  if constexpr (N > 0) rounded = (rounded + random) >> N;
  return lowest == 0 ? rounded : rounded - W(lowest);
}

/// Rounds by a float addition: with t the value's power of two, or the smallest normal one if that
/// is larger, the sum of the value and t * 2^up has as its last place the last place of the target,
/// or the bits_below of it, in normal and subnormal binades alike.
///
/// Result, Requires  as round_by_shift; sum_suffices.
template <class Layout, rule Rule, int N, class W>
constexpr NF_FN W round_by_sum(const W& bits, const W& random) {
  using source = wide<lane<W>>;
  constexpr int P = source::mantissa_bits, M = Layout::mantissa_bits;
  constexpr int below = bits_below<Rule, N>, up = P - M - below;
  constexpr int lowest_field = Layout::min_exponent + source::bias;
  constexpr auto lowest = static_cast<lane<W>>(lowest_field);

  const W power = larger(bits & W(source::infinity), W(lowest << P));
  W t = power;
  if constexpr (M == 0 && N == 0 && Rule == rule::half_even) {
    // The sum must be even where the code is: with no mantissa bits the exponent has its share in
    // that.
    t = t + (((power >> P) + W(lowest % 2)) & W(1));
  }
  if constexpr (is_directed<Rule>) t = t | (bits & W(source::sign_mask));
  const W sum = float_sum<direction_of(Rule)>(bits, t, up);

  // sum - t is up << P and the steps below the value in its binade; binades of t are 2^M codes
  // each.
  constexpr lane<W> offset = (static_cast<lane<W>>(up) << P) + (lowest << (M + below));
  W steps = sum - t + (power >> up);
  if constexpr (below == 0) steps = steps - W(offset);
  if constexpr (below > 0) {
    if constexpr (N > 0) steps = steps + random;
    if constexpr (N > 0 && Rule == rule::half_up) steps = steps + random;
    steps = (steps - W(offset - (Rule == rule::half_up ? 1 : 0))) >> below;
  }
  if constexpr (Rule == rule::odd) {
    // Rounded to negative, the negative of the sum goes away from zero: where the value is inexact,
    // one of the two sums is odd. The signs are set as bits: a negation of floats might leave the
    // sum under -ffast-math.
    const W sign_bit = W(source::sign_mask);
    const W away = float_sum<direction_of(Rule)>(bits | sign_bit, t | sign_bit, up);
    steps = M > 0 ? steps | (away & W(1)) : steps + ((away ^ sum) & W(1) & (steps ^ W(1)));
  }
  return steps;
}

/// Binades of a format's values, of which the subnormal ones count for one, and of the first value
/// beyond.
template <class Layout>
inline constexpr int binade_count = Layout::max_exponent - Layout::min_exponent + 2;

/// Whether the sum can end in the code, by an addend that is looked up: a table of 32 floats has
/// every binade, and the codes, with the bits below them, fit in a mantissa, at a place where the
/// loops find them.
template <class Layout, rule Rule, int N>
inline constexpr bool addend_suffices =
    sum_suffices<Layout, Rule, N, std::uint32_t>&& Layout::exponent_bits > 0 &&
    Layout::width <= 8 && binade_count<Layout> <= 32 &&
    (Layout::has_nan || !Layout::has_infinity) &&
    (Layout::max_code + 1) << bits_below<Rule, N> < std::uint32_t{1} << 23 &&
    (bits_below<Rule, N> <= 8 || (bits_below<Rule, N> == 16 && !Layout::nan_is_negative_zero));

/// Whether the low bits of round_by_sum's sum, with the binades below it added, show the code and a
/// constant, which bytes and the bits below them have room for.
template <class Layout, rule Rule, int N>
inline constexpr bool sum_shows_code =
    sum_suffices<Layout, Rule, N, std::uint32_t>&& Layout::is_signed&& Layout::mantissa_bits > 0 &&
    Layout::width <= 8 && !is_directed<Rule> && Rule != rule::odd &&
    (bits_below<Rule, N> <= 8 || (bits_below<Rule, N> == 16 && Layout::max_code < 0x7f));

/// By the last bits of a float's exponent field: the float whose sum with it has its last place
/// where round_by_sum has it, and which has the code of the binade in its mantissa, so that the sum
/// ends in the code of the rounded value.
template <class Layout, int Below>
struct addend_table {
  static constexpr std::uint32_t size = binade_count<Layout> <= 16 ? 16 : 32;
  static constexpr auto lowest_field = static_cast<std::uint32_t>(Layout::min_exponent + 127);
  alignas(64) std::uint32_t of[size];

  constexpr NF_FN addend_table() : of{} {
    constexpr int M = Layout::mantissa_bits;
    for (std::uint32_t k = 0; k < size; ++k)
      of[(lowest_field + k) % size] =
          ((lowest_field + k + (23 - M - Below)) << 23) + (k << (M + Below));
  }
};
template <class Layout, int Below>
inline constexpr addend_table<Layout, Below> addends_of;

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
/// round to odd, but not in P3109.
template <class Layout, rule Rule, int N>
constexpr NF_FN outcomes outcomes_of(saturates policy) {
  constexpr std::uint32_t largest = Layout::max_code;
  constexpr std::uint32_t beyond = Layout::has_infinity || Layout::has_nan ? largest + 1 : largest;
  constexpr bool inward =
      N == 0 && (Rule == rule::floor || (Rule == rule::odd && Layout::specials != Specials::p3109));
  const std::uint32_t overflow = policy.overflow || inward ? largest : beyond;
  return {.positive_overflow = Rule == rule::up_if_negative ? largest : overflow,
          .negative_overflow = Rule == rule::up_if_positive ? largest : overflow,
          .infinity = policy.infinity ? largest : beyond,
          .negative = policy.overflow || !Layout::has_nan ? 0 : Layout::nan_code,
          .zero_is_nan = !policy.overflow};
}

/// Joins the top bit of `sign` to a magnitude code in a lane of any width; the other bits of `sign`
/// may be anything.
template <class Layout, class W>
constexpr NF_FN W join_sign(const W& code, const W& sign) {
  if constexpr (!Layout::is_signed) return code;
  constexpr int bits = 8 * static_cast<int>(sizeof(lane<W>));
  constexpr auto top = static_cast<lane<W>>(lane<W>{1} << (bits - 1));
  const W placed = (sign & W(top)) >> (bits - Layout::width);
  if constexpr (Layout::has_signed_zero) return code | placed;
  return code | select_equal(code, W(0), W(0), placed);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
