// SPDX-License-Identifier: MIT
// One direct path from any format to any format: decode exactly, then round once.
#pragma once

#include <type_traits>

#include "decode.hpp"
#include "encode.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// float as a layout like any other.
using binary32 = layout<8, 23, 127, Specials::ieee, Signedness::is_signed>;
/// The formats that processors convert to float and back.
using binary16 = layout<5, 10, 15, Specials::ieee, Signedness::is_signed>;
using bfloat = layout<8, 7, 127, Specials::ieee, Signedness::is_signed>;
/// double, whose codes fit no layout: it is only ever the wide layout of a 64-bit word.
struct binary64 {
  static constexpr int width = 64, mantissa_bits = 52, significant_bits = 52;
  static constexpr int max_exponent = 1023, quantum = -1074;
  static constexpr bool has_infinity = true;
  static constexpr std::uint64_t sign_mask = wide<std::uint64_t>::sign_mask;
  static constexpr bool is_signed = true, has_signed_zero = true, has_subnormals = true;
};

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
    return {0, 0, static_cast<L>(wide<L>::infinity - (policy.infinity ? 1 : 0)), 0, 0, false};
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

/// Converts a code of From to a code of To, both right-aligned in words of type W (word_for).
///
/// Result    the code and the sign that join_sign joins; where To is float or double, or From is To, the
///           code has its sign already, and the sign word is 0.
template <class From, class To, rule Rule, int N, class W>
constexpr NF_FN unsigned_code<W> transcode(const W& code, const W& random, const bounds<W>& bound,
                                           bool flush) {
  W source = code;
  if (flush) source = flush_subnormals<From>(code);
  if constexpr (is_wide<To, lane<W>>) {
    W bits = source;
    if constexpr (!is_wide<From, lane<W>>) bits = decode<From>(source);
    if constexpr (From::has_infinity) bits = settle(bits, bound.infinity);
    return {flush ? flush_subnormals<To>(bits) : bits, W(0)};
  } else if constexpr (std::is_same_v<From, To>) {
    const W same = recode<To>(source, bound);
    return {flush ? flush_subnormals<To>(same) : same, W(0)};
  } else {
    W bits = source;
    if constexpr (!is_wide<From, lane<W>>) bits = decode<From>(source);
    unsigned_code<W> result = encode<To, Rule, N>(bits, random, bound);
    if constexpr (To::has_subnormals) {
      const W normal = W(lane<W>{1} << To::mantissa_bits);
      if (flush) result.magnitude = select_less(result.magnitude, normal, W(0), result.magnitude);
    }
    return result;
  }
}

/// The same for one number: the code with its sign.
template <class From, class To, rule Rule, int N, class W>
constexpr NF_FN W transcode_joined(W code, W random, const bounds<W>& bound, bool flush) {
  const unsigned_code<W> result = transcode<From, To, Rule, N>(code, random, bound, flush);
  if constexpr (is_wide<To, W>) {
    return result.magnitude;
  } else {
    return join_sign<To>(result.magnitude, result.sign);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
