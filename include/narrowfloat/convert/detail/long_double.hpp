// SPDX-License-Identifier: MIT
// Conversions of which one side is a long double.
#pragma once

#include <concepts>
#include <cstdint>
#include <ranges>
#include <type_traits>

#include "../../float.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A conversion between a number and a long double.
template <class To, class From>
concept has_long_double = (std::same_as<To, long double> && number<From>) ||
                          (number<To> && std::same_as<From, long double>);

/// Contiguous ranges of two such types, of which the second can be written.
template <class In, class Out>
concept long_double_arrays = std::ranges::contiguous_range<In> && std::ranges::sized_range<In> &&
    std::ranges::contiguous_range<Out> && std::ranges::sized_range<Out> &&
    std::ranges::borrowed_range<Out> &&
    has_long_double<std::ranges::range_value_t<Out>, std::ranges::range_value_t<In>> &&
    !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<Out>>>;

/// default_saturation, of long double too.
template <class T>
inline constexpr Saturation saturation_to = Saturation::none;
template <number T>
inline constexpr Saturation saturation_to<T> = default_saturation<T>;

template <class From>
constexpr long double to_long_double(From x, Saturation saturation, Subnormals subnormals) {
  using wide64 = wide<std::uint64_t>;
  const auto kept = convert_number<From>(x, NearestEven{}, Saturation::none, subnormals);
  const auto value = real_number<double>(kept);
  std::uint64_t code = number_traits<double>::to_code(value);
  if (saturation == Saturation::finite && (code & ~wide64::sign_mask) == wide64::infinity)
    return code == wide64::infinity ? __LDBL_MAX__ : -__LDBL_MAX__;
  // -ffast-math must not see a constant -0, which GCC 12 turns into 0
  if (!std::is_constant_evaluated()) __asm__("" : "+r"(code));
  return static_cast<long double>(number_traits<double>::from_code(code));
}

/// Element i of a call.
template <class To, class From, class R>
constexpr To convert_element(From x, const R& rounding, Saturation saturation,
                             Subnormals subnormals, std::uint64_t i) {
  if constexpr (std::same_as<To, long double>)
    return to_long_double(x, saturation, subnormals);
  else
    return round_long_double<To>(x, rounding, saturation, subnormals, i);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
