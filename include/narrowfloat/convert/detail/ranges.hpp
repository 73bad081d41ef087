// SPDX-License-Identifier: MIT
// The ranges that convert() reads and writes, and those of which it says what is wrong with them.
#pragma once

#include <concepts>
#include <ranges>
#include <type_traits>

#include "../../float.hpp"

namespace narrowfloat {
struct Scale;
struct Divide;
}  // namespace narrowfloat

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A factor of convert(), and what has one.
template <class T>
concept factor = std::same_as<T, Scale> || std::same_as<T, Divide>;
template <class T>
concept scalable = number<T> && !std::same_as<T, double>;

/// Whether values of a range are numbers, as far as convert() asks.
template <class Range>
concept has_numbers = std::ranges::random_access_range<Range> &&
    number<std::remove_cv_t<std::ranges::range_value_t<Range>>>;

/// The same of long doubles.
template <class Range>
concept has_long_doubles = std::ranges::contiguous_range<Range> &&
                           std::same_as < std::remove_cv_t<std::ranges::range_value_t<Range>>,
long double > ;

/// Ranges of which convert() says what is wrong with a call: of numbers, and of integers, which are
/// no codes. Headers above have a convert() of their own for others, whose bytes do not lie in
/// memory as they are.
template <class Range>
concept has_explained = std::ranges::range<Range> &&
    (number<std::remove_cv_t<std::ranges::range_value_t<Range>>> ||
     (std::is_arithmetic_v<std::ranges::range_value_t<Range>> &&
      (sizeof(std::ranges::range_value_t<Range>) > 1 || std::ranges::contiguous_range<Range>)));

/// Whether nothing can be written to a range, whose references are such, or packed codes, which are
/// numbers if they are constant.
template <class Range, class Reference = std::ranges::range_reference_t<Range>>
inline constexpr bool is_const_range =
    std::is_reference_v<Reference> ? std::is_const_v<std::remove_reference_t<Reference>>
                                   : std::is_const_v<std::remove_reference_t<Range>> ||
                                         std::same_as<Reference, std::ranges::range_value_t<Range>>;

/// Whether elements are packed: read, and written, through a stand-in.
template <class Range>
inline constexpr bool is_packed_range = !std::is_reference_v<std::ranges::range_reference_t<Range>>;
template <class Range>
inline constexpr bool is_owner = requires(std::remove_cvref_t<Range>& range) {
  range.resize(std::size_t{0});
};

/// Packed elements that can be written, in memory that outlives the call.
template <class Out>
concept packed_target = has_numbers<Out> && is_packed_range<Out> && !is_const_range<Out> &&
                        (std::is_lvalue_reference_v<Out> || !is_owner<Out>);
/// Numbers that can be written, in memory that outlives the call.
template <class Out>
concept plain_target = std::ranges::contiguous_range<Out> && std::ranges::borrowed_range<Out> &&
    (has_numbers<Out> || has_long_doubles<Out>)&&!is_const_range<Out>;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
