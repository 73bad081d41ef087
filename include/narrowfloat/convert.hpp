// SPDX-License-Identifier: MIT
// convert(): one number or an array of numbers, from any format to any format.
#pragma once

#include <cstddef>
#include <iterator>
#include <ranges>
#include <type_traits>

#include "convert/detail/calls.hpp"
#include "detail/array/checks.hpp"
#include "formats.hpp"
#include "isa.hpp"
#include "random.hpp"

namespace narrowfloat {

/// Converts one number to the type To.
///
/// Result    the value rounded once by `rounding`; exact where To holds the value. A conversion
///           within one format copies the bits unless a policy changes the value.
/// Special   NaN is the canonical quiet NaN, with its sign where To has signed NaNs; the positive
///           largest finite value where To has no NaN. Overflow and Inf by `saturation`. A nonzero
///           negative value in an unsigned To, and zero in a To without zero, is code 0, or NaN
///           under Saturation::none.
/// Promises  noexcept, constexpr; the same bits in every floating-point environment.
template <number To, number From, rounding_policy R = NearestEven>
constexpr NF_FN To convert(From x, R rounding = {}, Saturation saturation = default_saturation<To>,
                           Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::convert_number<To>(x, rounding, saturation, subnormals);
}
/// Converts an integer, rounded once.
template <narrow_float To, std::integral From, rounding_policy R = NearestEven>
constexpr NF_FN To convert(From x, R rounding = {},
                           Saturation saturation = default_saturation<To>) noexcept {
  return detail::round_to<To>(detail::exact_of(x), rounding, saturation);
}

/// A factor that a conversion from float multiplies by first: the product is a float, rounded to nearest.
struct Scale {
  float factor = 1;
};

/// Converts the float x * scale.factor to the type To.
///
/// Result    convert<To>() of the product, which is rounded to nearest, ties to even, whatever `rounding` says.
/// Special   a NaN x keeps its sign; Inf * 0, and a NaN factor, give the positive NaN. Subnormals::flush acts on
///           x, on the product and on the result.
/// Requires  x is a float: other types do not compile, since their product would be rounded too.
/// Promises  noexcept, constexpr; the same bits in every floating-point environment.
template <number To, std::same_as<float> From, rounding_policy R = NearestEven>
constexpr NF_FN To convert(From x, Scale scale, R rounding = {},
                           Saturation saturation = default_saturation<To>,
                           Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::convert_number<To>(detail::scaled(x, scale.factor, subnormals), rounding,
                                    saturation, subnormals);
}

/// A contiguous range of numbers: std::vector, std::array, std::span, a C array ...
template <class T>
concept number_range = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    number<std::remove_cv_t<std::ranges::range_value_t<T>>>;

namespace detail {
inline namespace NF_BASELINE {

template <class Range>
using number_of = std::remove_cv_t<std::ranges::range_value_t<Range>>;

template <class In, class Out, class R>
constexpr void check_arrays(const In& in, const Out& out, const R& rounding) {
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  require_equal_sizes(n, static_cast<std::size_t>(std::ranges::size(out)));
  if constexpr (requires { rounding.size(); }) require_words(rounding.size(), n);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// A contiguous range of floats.
template <class T>
concept float_range = number_range<T> && std::is_same_v < detail::number_of<T>,
float > ;
/// A contiguous range of numbers of which each is a float: float, or a Float that float holds.
template <class T>
concept float_source = number_range<T> && lossless_to < detail::number_of<T>,
float > ;

/// Converts each number of `in` to the element type of `out`, as the scalar convert() does. With a
/// keyed Stochastic policy element i draws the random bits of index offset + i; explicit bits are a range of
/// words, one for each element: StochasticA<8>{words}.
///
/// Requires  the two ranges are apart, or the same memory with elements of the same size.
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
/// Promises  no allocation; the same bits on every instruction set, in constant expressions and in every
///           floating-point environment, which is left as it was.
/// Cost      one pass over both; one dispatch a call. See bench/README.md.
template <number_range In, number_range Out, rounding_policy R = NearestEven>
constexpr NF_FN void convert(In&& in, Out&& out, R rounding = {},
                             Saturation saturation = default_saturation<detail::number_of<Out>>,
                             Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays(in, out, rounding);
  const auto* const source = std::ranges::data(in);
  auto* const target = std::ranges::data(out);
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < n; ++i) {
      target[i] = detail::convert_number<detail::number_of<Out>>(source[i], rounding, saturation,
                                                                 subnormals, i);
    }
    return;
  }
  detail::convert_by_kernel(active_isa(), source, target, n, rounding, saturation, subnormals);
}

/// As above, on a named instruction set.
///
/// Special   an instruction set that is not available here throws std::invalid_argument with its
///           name.
template <number_range In, number_range Out, rounding_policy R = NearestEven>
NF_INLINE void convert(Isa isa, In&& in, Out&& out, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::require_isa("convert", isa);
  detail::check_arrays(in, out, rounding);
  detail::convert_by_kernel(isa, std::ranges::data(in), std::ranges::data(out),
                            static_cast<std::size_t>(std::ranges::size(in)), rounding, saturation,
                            subnormals);
}

/// Converts each float of `in` times a factor, as the scalar convert() with a Scale does, in one read of `in`.
template <float_range In, number_range Out, rounding_policy R = NearestEven>
NF_INLINE void convert(In&& in, Out&& out, Scale scale, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays(in, out, rounding);
  detail::convert_scaled(active_isa(), std::ranges::data(in), std::ranges::data(out),
                         static_cast<std::size_t>(std::ranges::size(in)), scale.factor, rounding,
                         saturation, subnormals);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "convert/detail/arrays.hpp"
#endif
