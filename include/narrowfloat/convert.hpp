// SPDX-License-Identifier: MIT
// convert(): one number or an array of numbers, from any format to any format.
#pragma once

#include <cstddef>
#include <iterator>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "detail/simd/dispatch.hpp"
#include "formats.hpp"
#include "isa.hpp"

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

/// A contiguous range of numbers: std::vector, std::array, std::span, a C array ...
template <class T>
concept number_range = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    number<std::remove_cv_t<std::ranges::range_value_t<T>>>;

/// A rounding policy that serves a whole array: it has no random bits, or draws them from a key.
template <class R>
concept array_rounding_policy = rounding_policy<R> &&
    (R::random_bits == 0 || requires(R r) { r.seed; });

namespace detail {
inline namespace NF_BASELINE {

template <class Range>
using number_of = std::remove_cv_t<std::ranges::range_value_t<Range>>;

template <class In, class Out>
constexpr void require_equal_sizes(const In& in, const Out& out) {
  if (std::ranges::size(in) != std::ranges::size(out)) {
    throw std::invalid_argument("narrowfloat::convert: the input has " +
                                std::to_string(std::ranges::size(in)) + " elements, the output " +
                                std::to_string(std::ranges::size(out)));
  }
}

template <class From, class To, class R>
void convert_by_kernel(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                       Saturation saturation, Subnormals subnormals) {
  using from = layout_of<From>;
  using to = layout_of<To>;
  const outcomes outcome = outcomes_for<to, R::rule, R::random_bits>(saturates_in(saturation));
  const auto index = static_cast<std::size_t>(isa);
  const auto kernel = subnormals == Subnormals::flush ? convert_kernels<from, to, R, true>[index]
                                                      : convert_kernels<from, to, R, false>[index];
  kernel(in, out, n, rounding, outcome);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Converts each number of `in` to the element type of `out`, as the scalar convert() does; with a
/// keyed Stochastic policy element i draws the random bits of index offset + i.
///
/// Requires  the two ranges are apart, or the same memory with elements of the same size.
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
/// Promises  no allocation; the same bits on every instruction set and in constant expressions.
/// Cost      one pass over both; one dispatch a call. See bench/README.md.
template <number_range In, number_range Out, array_rounding_policy R = NearestEven>
constexpr NF_FN void convert(In&& in, Out&& out, R rounding = {},
                             Saturation saturation = default_saturation<detail::number_of<Out>>,
                             Subnormals subnormals = Subnormals::keep) {
  detail::require_equal_sizes(in, out);
  const auto* const source = std::ranges::data(in);
  auto* const target = std::ranges::data(out);
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < n; ++i) {
      target[i] = convert<detail::number_of<Out>>(source[i], rounding, saturation, subnormals);
      if constexpr (R::random_bits != 0) ++rounding.offset;
    }
    return;
  }
  detail::convert_by_kernel(active_isa(), source, target, n, rounding, saturation, subnormals);
}

/// As above, on a named instruction set.
///
/// Special   an instruction set that is not available here throws std::invalid_argument with its
///           name.
template <number_range In, number_range Out, array_rounding_policy R = NearestEven>
NF_INLINE void convert(Isa isa, In&& in, Out&& out, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  if (!isa_available(isa)) {
    throw std::invalid_argument("narrowfloat::convert: the instruction set " +
                                std::string(isa_name(isa)) + " is not available on this machine");
  }
  detail::require_equal_sizes(in, out);
  detail::convert_by_kernel(isa, std::ranges::data(in), std::ranges::data(out),
                            static_cast<std::size_t>(std::ranges::size(in)), rounding, saturation,
                            subnormals);
}

}  // namespace narrowfloat
