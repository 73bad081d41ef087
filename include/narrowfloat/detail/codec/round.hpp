// SPDX-License-Identifier: MIT
// The rounding formula: a magnitude m * 2^e to the code of a neighbour in a format, in every mode.
#pragma once

#include "layout.hpp"
#include "word.hpp"

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

/// Whether a code that is `Binades` binades above the smallest normal one needs more than half a word.
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

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
