// SPDX-License-Identifier: MIT
// What a product is made of: the numbers that can be multiplied, and ranges of them.
#pragma once

#include <concepts>
#include <ranges>

#include "../block/number_types.hpp"
#include "../convert.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// Whether exact_sum holds the products of a format: its values lie between 2^-350 and 2^350, as
/// all do in practice.
template <class T>
inline constexpr bool is_within_sums = true;
template <narrow_float T>
inline constexpr bool is_within_sums<T> =
    layout_of<T>::quantum >= -350 && layout_of<T>::max_exponent < 350;

}  // namespace NF_BASELINE
}  // namespace detail

/// A number that can be multiplied: float, a Float whose values lie between 2^-350 and 2^350, a
/// fixed-point element of a block format, or an integer of 8 or 16 bits. All have at most 24
/// significant bits.
template <class T>
concept multiplicand = std::same_as<T, float> ||(narrow_float<T>&& detail::is_within_sums<T>) ||
                       detail::is_fixed_point<T> || (std::integral<T> && sizeof(T) <= 2);

/// A random-access range of such numbers: std::vector, std::span, packed codes, codes of a block
/// tensor ...
///
/// Example   PackedVector<float4_e2m1fn> a(x.size());
///           convert(x, a);
///           const std::vector<std::int8_t> b(x.size(), 3);
///           const float sum = dot(a, b, ExactAccumulator{});  // 3 times the sum of the codes
///           assert(sum == dot(b, a, ExactAccumulator{}));
template <class T>
concept multiplicand_range = std::ranges::random_access_range<T> && std::ranges::sized_range<T> &&
    multiplicand<std::ranges::range_value_t<T>>;

}  // namespace narrowfloat
