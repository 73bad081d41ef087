// SPDX-License-Identifier: MIT
// Decoding: the code of a format to the bits of a float (W = uint32_t) or a double (uint64_t),
// exact.
#pragma once

#include "layout.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The exact finite magnitude of a code, as bits of the wide layout.
template <class Layout, class W>
constexpr NF_FN W decode_magnitude(const W& code) {
  using target = wide<lane<W>>;
  constexpr int M = Layout::mantissa_bits, P = target::mantissa_bits;
  constexpr int rebias = target::bias - Layout::bias;
  constexpr int wide_quantum = 1 - target::bias - P;
  constexpr int wide_normal = 1 - target::bias;
  const W normal = (code << (P - M)) + W(static_cast<lane<W>>(rebias) << P);
  // Same bias: the two layouts are one but for trailing zeros, subnormals included.
  if constexpr (rebias == 0 && !Layout::is_scale) return normal;

  W bits = normal;
  if constexpr (!Layout::is_scale && Layout::quantum >= wide_normal) {
    const W subnormal = scaled_integer<Layout::quantum>(code);
    if constexpr (Layout::exponent_bits == 0) return subnormal;
    bits = select_less(code, W(lane<W>{1} << M), subnormal, normal);
  }
  if constexpr (Layout::quantum < wide_normal) {
    // Some values are subnormal in the wide layout: there the bits are a multiple of its own
    // quantum, and value = significand * 2^(steps + quantum) for subnormal and normal codes alike.
    constexpr int binades = wide_normal - Layout::min_exponent;
    constexpr lane<W> first_normal =
        binades >= 0 ? static_cast<lane<W>>(binades + (Layout::is_scale ? 0 : 1)) << M
                     : lane<W>{1} << (wide_normal - Layout::quantum);
    constexpr int lowest = Layout::quantum - wide_quantum;
    if constexpr (Layout::is_scale && first_normal == 1) {
      return select_equal(code, W(0), W(lane<W>{1} << lowest), normal);
    }
    const W field = code >> M;
    const W steps = Layout::is_scale ? code : larger(field, W(1)) - W(1);
    const W significand = Layout::is_scale ? W(1) : code - (steps << M);
    const W shift = steps + W(static_cast<lane<W>>(lowest));
    if constexpr (!Layout::is_scale) {
      // below first_normal some codes may be normal here and subnormal in their format
      const W subnormal = float_bits(code) + W(static_cast<lane<W>>(Layout::quantum) << P);
      bits =
          select_less(code, W(lane<W>{1} << M), select_equal(code, W(0), W(0), subnormal), normal);
      if constexpr (Layout::exponent_bits == 0) {
        bits = select_equal(code, W(0), W(0), subnormal);
      }
    }
    bits = select_less(code, W(first_normal), significand << (shift & W(target::bits - 1)), bits);
  }
  return bits;
}

/// Decodes a code of Layout.
///
/// Result    the bits of the same value; exact.
/// Special   NaN is the canonical quiet NaN, negative where the format has signed NaNs and this is
///           one.
/// Requires  exact_in<Layout, W>; the code has no bits above the width.
template <class Layout, class W>
constexpr NF_FN W decode(const W& code) {
  using target = wide<lane<W>>;
  static_assert(exact_in<Layout, lane<W>>);
  const W sign = code & W(Layout::sign_mask);
  const W value = code - sign;
  W bits = decode_magnitude<Layout>(value);
  if constexpr (Layout::has_infinity) {
    bits = select_equal(value, W(Layout::infinity_code), W(target::infinity), bits);
  }
  if constexpr (Layout::has_nan && !Layout::nan_is_negative_zero) {
    constexpr std::uint32_t last_number = Layout::max_code + (Layout::has_infinity ? 1 : 0);
    bits = select_less(W(last_number), value, W(target::quiet_nan), bits);
  }
  if constexpr (Layout::is_signed) bits = bits | (sign << (target::bits - Layout::width));
  if constexpr (Layout::nan_is_negative_zero) {
    bits = select_equal(code, W(Layout::sign_mask), W(target::quiet_nan), bits);
  }
  return bits;
}

/// The code i of Width bits, a two's-complement number, to the bits of i * 2^-FractionBits.
template <int Width, int FractionBits, class W>
constexpr NF_FN W decode_fixed(const W& code) {
  const W sign(lane<W>{1} << (Width - 1));
  return scaled_integer<-FractionBits>((code ^ sign) - sign);
}

/// A conversion to a float or double that holds every value: only Inf may still change, to the bits
/// `infinity`.
template <class W>
constexpr NF_FN W settle(const W& bits, const W& infinity) {
  using target = wide<lane<W>>;
  const W sign = bits & W(target::sign_mask);
  return sign + select_equal(bits - sign, W(target::infinity), infinity, bits - sign);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
