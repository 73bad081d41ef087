// SPDX-License-Identifier: MIT
// The codes of NaN: as processors move them from one IEEE 754 type to another, and as stacks that
// drop the payload write them.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../../formats.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class T>
using code_of = typename number_traits<T>::code;

template <class T, class... Ts>
inline constexpr bool is_one_of = (std::is_same_v<T, Ts> || ...);

template <class T>
constexpr NF_FN code_of<T> to_code(T x) {
  return number_traits<T>::to_code(x);
}

template <class T>
constexpr NF_FN bool is_nan(T x) {
  const code_of<T> code = to_code(x);
  if constexpr (std::is_same_v<T, double>) {
    return (code & ~binary64::sign_mask) > wide<std::uint64_t>::infinity;
  } else {
    return is_nan_code<layout_of<T>>(code);
  }
}

/// Whether the sign bit is set; of the one NaN of a fnuz format too.
template <class T>
constexpr NF_FN bool has_sign(T x) {
  return (to_code(x) & layout_of<T>::sign_mask) != 0;
}

/// The NaN with a set upper fraction bit and no other, of a sign; the one NaN; 0 where there is
/// none.
template <class T>
constexpr NF_FN code_of<T> canonical_nan(bool negative) {
  using layout = layout_of<T>;
  if constexpr (std::is_same_v<T, double>) {
    return std::uint64_t{negative ? 0xfff8u : 0x7ff8u} << 48;
  } else if constexpr (!layout::has_nan) {
    return 0;
  } else {
    return static_cast<code_of<T>>(layout::nan_code |
                                   (negative && layout::has_signed_nan ? layout::sign_mask : 0));
  }
}

/// The positive NaN with the smallest fraction.
template <class T>
constexpr NF_FN code_of<T> least_nan() {
  if constexpr (std::is_same_v<T, double>)
    return wide<std::uint64_t>::infinity + 1;
  else
    return static_cast<code_of<T>>(layout_of<T>::infinity_code + 1);
}

/// The NaN of which every magnitude bit is set.
template <class T>
constexpr NF_FN code_of<T> all_ones_nan(bool negative) {
  using layout = layout_of<T>;
  return static_cast<code_of<T>>(layout::magnitude_mask | (negative ? layout::sign_mask : 0));
}

/// A NaN in another IEEE 754 type: its sign, and the upper bits of its fraction. Where they are all
/// 0, so would be Inf.
template <class To, class From>
constexpr NF_FN code_of<To> moved_nan(From x) {
  constexpr int from = layout_of<From>::mantissa_bits, to = layout_of<To>::mantissa_bits;
  const std::uint64_t fraction = to_code(x) & ((std::uint64_t{1} << from) - 1);
  constexpr int up = from < to ? to - from : 0, down = from > to ? from - to : 0;
  const std::uint64_t moved = fraction << up >> down;
  const code_of<To> quiet = canonical_nan<To>(has_sign(x));
  return static_cast<code_of<To>>((quiet & ~(code_of<To>{1} << (to - 1))) | moved);
}
/// As processors do it: with the upper fraction bit set.
template <class To, class From>
constexpr NF_FN code_of<To> quiet_nan(From x) {
  return static_cast<code_of<To>>(moved_nan<To>(x) | canonical_nan<To>(false));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
