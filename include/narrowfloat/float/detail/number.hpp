// SPDX-License-Identifier: MIT
// What the library sees of a number type, its layout and its code, and the scalar conversion and
// rounding of codes that every public operation is made of.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "../../detail/codec/number_traits.hpp"
#include "../../detail/codec/transcode.hpp"
#include "../../detail/exact/value.hpp"
#include "../../rounding.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether To holds every value of From: finite ones, Inf, NaN and -0.
template <class From, class To>
constexpr bool lossless() {
  if constexpr (std::is_same_v<From, To> || std::is_same_v<To, binary64>) {
    return true;
  } else if constexpr (std::is_same_v<From, binary64>) {
    return false;
  } else {
    const exact from = exact_value<From>(From::max_code), to = exact_value<To>(To::max_code);
    const bool range = from.exponent < to.exponent ||
                       (from.exponent == to.exponent && from.significand <= to.significand);
    const bool steps = From::quantum >= To::quantum &&
                       (To::exponent_bits == 0 || From::significant_bits <= To::mantissa_bits);
    return range && steps && (!To::is_scale || From::is_scale) &&
           (!From::is_signed || To::is_signed) && (!From::has_infinity || To::has_infinity) &&
           (!From::has_nan || To::has_nan) && (!From::has_signed_zero || To::has_signed_zero);
  }
}

constexpr NF_HD saturates saturates_in(Saturation saturation) {
  return {saturation != Saturation::none, saturation == Saturation::finite};
}

/// Converts one number, element `i` of a call; the body of every scalar conversion.
template <class To, class From, class R>
constexpr NF_HD To convert_number(From x, const R& rounding, Saturation saturation,
                                  Subnormals subnormals = Subnormals::keep, std::uint64_t i = 0) {
  using from = layout_of<From>;
  using to = layout_of<To>;
  using W = word_for<from, to, R::random_bits>;
  const bounds<W> bound = bounds_for<to, R::rule, R::random_bits, W>(saturates_in(saturation));
  const bool flush = subnormals == Subnormals::flush;
  const W code = transcode_joined<from, to, R::rule, R::random_bits, W>(
      number_traits<From>::to_code(x), rounding.word(i), bound, flush);
  return number_traits<To>::from_code(static_cast<typename number_traits<To>::code>(code));
}

/// A number of a type that float or double holds, or one rounded to float or double as IEEE 754 has
/// it.
template <class To, class From, class R = NearestEven>
constexpr NF_HD To real_number(From x, const R& rounding = {}) {
  return convert_number<To>(x, rounding, Saturation::none);
}

/// The exact value of a number or an integer.
template <class T>
constexpr NF_HD exact exact_of(T x, Subnormals subnormals = Subnormals::keep) {
  if constexpr (std::integral<T>) {
    return exact_integer(x);
  } else {
    using layout = layout_of<T>;
    using W = std::conditional_t<std::is_same_v<T, double>, std::uint64_t, std::uint32_t>;
    W code = number_traits<T>::to_code(x);
    if (subnormals == Subnormals::flush) code = flush_subnormals<layout>(code);
    if constexpr (std::is_same_v<T, double>) {
      return exact_double_value(code);
    } else {
      return exact_value<layout>(code);
    }
  }
}

/// Rounds an exact result to the number type To, element `i` of a call.
template <class To, class R>
constexpr NF_HD To round_to(const exact& x, const R& rounding, Saturation saturation,
                            Subnormals subnormals = Subnormals::keep, std::uint64_t i = 0) {
  using to = layout_of<To>;
  const bool flush = subnormals == Subnormals::flush;
  if constexpr (std::is_same_v<To, double>) {
    static_assert(R::random_bits == 0, "no random bits round to double");
    const std::uint64_t code = rounded_double<R::rule>(x, saturates_in(saturation));
    return number_traits<To>::from_code(flush ? flush_subnormals<to>(code) : code);
  } else {
    const outcomes out = outcomes_of<to, R::rule, R::random_bits>(saturates_in(saturation));
    std::uint32_t code = rounded<to, R::rule, R::random_bits>(x, rounding.word(i), out);
    if (flush) code = flush_subnormals<to>(code);
    return number_traits<To>::from_code(static_cast<typename number_traits<To>::code>(code));
  }
}

/// Rounds a long double by all its bits; a NaN keeps its sign.
template <class To, class R>
constexpr To round_long_double(long double x, const R& rounding, Saturation saturation,
                               Subnormals subnormals = Subnormals::keep, std::uint64_t i = 0) {
  using wide64 = wide<std::uint64_t>;
  const exact value = exact_long_double(x, subnormals == Subnormals::flush);
  if (value.what == exact::kind::nan) {
    const std::uint64_t sign = value.negative ? wide64::sign_mask : 0;
    const double nan = number_traits<double>::from_code(wide64::quiet_nan | sign);
    return convert_number<To>(nan, rounding, saturation, subnormals, i);
  }
  return round_to<To>(value, rounding, saturation, subnormals, i);
}

/// A code's place in the order of values: both zeros are 0. A NaN has none.
template <class Layout>
constexpr NF_HD std::int32_t order(std::uint32_t code) {
  const auto magnitude = static_cast<std::int32_t>(code & ~Layout::sign_mask);
  return (code & Layout::sign_mask) != 0 ? -magnitude : magnitude;
}

template <class Layout>
constexpr NF_HD bool is_nan_code(std::uint32_t code) {
  if (Layout::nan_is_negative_zero) return code == Layout::sign_mask;
  return (code & ~Layout::sign_mask) > Layout::max_code + (Layout::has_infinity ? 1 : 0);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
