// SPDX-License-Identifier: MIT
// Rounding the bits of a float or double to a code in few operations: by one float addition, or by a
// constant shift where both formats have the same exponents. round.hpp serves whatever is left.
#pragma once

#include "decode.hpp"
#include "round.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

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

/// Bits below the last one of the target that the sum must show: the N of stochastic rounding, and the
/// half of half_up.
template <rule Rule, int N>
inline constexpr int bits_below = N + (Rule == rule::half_up ? 1 : 0);

/// Whether round_by_shift serves: the target's exponents are those of the source, or it is a scale,
/// which has no subnormals; and the N random bits lie inside the source's mantissa.
template <class Layout, int N, class L>
inline constexpr bool shift_suffices =
    N <= wide<L>::mantissa_bits - Layout::mantissa_bits&& Layout::max_exponent <= wide<L>::bias &&
    (Layout::is_scale ? Layout::min_exponent >= -wide<L>::bias
                      : Layout::min_exponent == 1 - wide<L>::bias &&
                            Layout::exponent_bits == wide<L>::exponent_bits);

/// Whether round_by_sum serves: no source below its normal range needs a finer step than the target's
/// smallest, no sum overflows, and the steps below the smallest code fit under the sum's leading one.
template <class Layout, rule Rule, int N, class L>
inline constexpr bool sum_suffices =
    !Layout::is_scale && Layout::min_exponent >= 1 - wide<L>::bias &&
    Layout::max_exponent + 1 + wide<L>::mantissa_bits - Layout::mantissa_bits <= wide<L>::bias &&
    Layout::mantissa_bits + bits_below<Rule, N> + 2 <= wide<L>::mantissa_bits;

/// Whether either serves. Otherwise round_code does.
template <class Layout, rule Rule, int N, class L>
inline constexpr bool shift_or_sum =
    shift_suffices<Layout, N, L> || sum_suffices<Layout, Rule, N, L>;

/// The bits of the value that `code` has, or would have if the codes went on.
template <class Layout, class L>
constexpr NF_FN L value_bits(std::uint32_t code) {
  return decode_magnitude<Layout>(static_cast<L>(code));
}

template <rule Rule>
inline constexpr bool is_directed = Rule == rule::up_if_positive || Rule == rule::up_if_negative;

/// Rounds by a constant shift.
///
/// Result    the magnitude code, as if the codes went on above the largest finite one.
/// Requires  shift_suffices; the magnitude of `bits` is at most the first value above the largest finite one,
///           and its sign 0 unless the rule is directed; random as for round_code.
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

/// Rounds by a float addition: with t the value's power of two, or the smallest normal one if that is
/// larger, the sum of the value and t * 2^up has as its last place the last place of the target, or the
/// bits_below of it, in normal and subnormal binades alike.
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
    // The sum must be even where the code is: with no mantissa bits the exponent has its share in that.
    t = t + (((power >> P) + W(lowest % 2)) & W(1));
  }
  if constexpr (is_directed<Rule>) t = t | (bits & W(source::sign_mask));
  const W sum = float_sum<direction_of(Rule)>(bits, t, up);

  // sum - t is up << P and the steps below the value in its binade; binades of t are 2^M codes each.
  constexpr lane<W> offset = (static_cast<lane<W>>(up) << P) + (lowest << (M + below));
  W steps = sum - t + (power >> up);
  if constexpr (below == 0) steps = steps - W(offset);
  if constexpr (below > 0) {
    if constexpr (N > 0) steps = steps + random;
    if constexpr (N > 0 && Rule == rule::half_up) steps = steps + random;
    steps = (steps - W(offset - (Rule == rule::half_up ? 1 : 0))) >> below;
  }
  if constexpr (Rule == rule::odd) {
    // Rounded to negative, the negative of the sum goes away from zero: where the value is inexact, one of the
    // two sums is odd. The signs are set as bits: a negation of floats might leave the sum under -ffast-math.
    const W sign_bit = W(source::sign_mask);
    const W away = float_sum<direction_of(Rule)>(bits | sign_bit, t | sign_bit, up);
    steps = M > 0 ? steps | (away & W(1)) : steps + ((away ^ sum) & W(1) & (steps ^ W(1)));
  }
  return steps;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
