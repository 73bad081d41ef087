// SPDX-License-Identifier: MIT
// convert(): one number or an array of numbers, from any format to any format.
#pragma once

#include <cstddef>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

#include "convert/detail/calls.hpp"
#include "convert/detail/long_double.hpp"
#include "convert/detail/misuse.hpp"
#include "convert/detail/tasked.hpp"
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
/// Example   assert(convert<float8_e4m3fn>(0.3f) == 0.3125f);  // to nearest even
///           assert(convert<float8_e4m3fn>(0.3f, toward_zero) == 0.28125f);
///           // the largest value, or as IEEE 754 has it:
///           assert(convert<float8_e5m2>(1e6f) == 57344.0f);
///           assert(convert<float8_e5m2>(1e6f, nearest_even, Saturation::none) == INFINITY);
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
/// Converts a long double, x87's 80 bits or binary128, by all its bits: rounded once.
template <number To, std::same_as<long double> From, rounding_policy R = NearestEven>
constexpr NF_INLINE To convert(From x, R rounding = {},
                               Saturation saturation = default_saturation<To>,
                               Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::round_long_double<To>(x, rounding, saturation, subnormals);
}
/// Converts to a long double, which holds every number: exact.
template <std::same_as<long double> To, number From, rounding_policy R = NearestEven>
constexpr NF_INLINE To convert(From x, R = {}, Saturation saturation = Saturation::none,
                               Subnormals subnormals = Subnormals::keep) noexcept {
  return detail::to_long_double(x, saturation, subnormals);
}

/// The factor that a conversion multiplies by before it rounds.
struct Scale {
  /// The factor.
  float factor = 1;
};
/// The divisor that a conversion divides by before it rounds.
struct Divide {
  /// The divisor.
  float divisor = 1;
};

/// Converts x * scale.factor, or x / divide.divisor, to the type To.
///
/// Result    x / divisor is rounded once, as by ONNX's QuantizeLinear; so is x * factor where x is
///           a Float, as in decoding: convert<float>(code, Scale{s}). Of a float, x * factor is a
///           float first, rounded to nearest, ties to even, whatever `rounding` says.
/// Special   a NaN x keeps its sign; Inf * 0, 0 / 0, Inf / Inf and a NaN factor give the positive
///           NaN, x / 0 gives Inf. Subnormals::flush acts on x, on a product of floats and on the
///           result.
/// Requires  x is a float or a Float: a double does not compile, since Scale would round its
///           product to float. To double, no random bits.
/// Promises  noexcept, constexpr; the same bits in every floating-point environment.
template <number To, detail::scalable From, detail::factor Factor, rounding_policy R = NearestEven>
constexpr NF_FN To convert(From x, Factor factor, R rounding = {},
                           Saturation saturation = default_saturation<To>,
                           Subnormals subnormals = Subnormals::keep) noexcept {
  if constexpr (std::same_as<Factor, Divide>) {
    return detail::convert_by<true, To>(x, factor.divisor, rounding, saturation, subnormals);
  } else if constexpr (std::same_as<From, float>) {
    return detail::convert_number<To>(detail::scaled(x, factor.factor, subnormals), rounding,
                                      saturation, subnormals);
  } else {
    return detail::convert_by<false, To>(x, factor.factor, rounding, saturation, subnormals);
  }
}

/// A contiguous range of numbers: std::vector, std::array, std::span, a C array ...
template <class T>
concept number_range = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    number<std::remove_cv_t<std::ranges::range_value_t<T>>>;

namespace detail {
inline namespace NF_BASELINE {

template <class Range>
using number_of = std::remove_cv_t<std::ranges::range_value_t<Range>>;

/// Whether every number of a type is a float, and whether it is float itself: names that no
/// formatter breaks.
template <class T>
inline constexpr bool float_holds_all = lossless<layout_of<T>, binary32>();
template <class T>
inline constexpr bool is_binary32 = std::is_same_v<T, float>;

template <class In, class Out, class R>
constexpr void check_arrays(const char* call, const In& in, const Out& out, const R& rounding) {
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  require_equal_sizes(call, n, static_cast<std::size_t>(std::ranges::size(out)));
  if constexpr (requires { rounding.size(); }) require_words(call, rounding.size(), n);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// A contiguous range of floats.
template <class T>
concept float_range = number_range<T> && detail::is_binary32<detail::number_of<T>>;
/// A contiguous range of numbers of which each is a float: float, or a Float that float holds.
template <class T>
concept float_source = number_range<T> && detail::float_holds_all<detail::number_of<T>>;

namespace detail {
/// An element of such a range.
template <class T>
concept float_element =
    number<std::remove_const_t<T>> && detail::float_holds_all<std::remove_const_t<T>>;
}  // namespace detail

/// A contiguous range of numbers to write to: neither const nor a temporary that dies with the
/// call.
template <class T>
concept number_output = number_range<T> && std::ranges::borrowed_range<T> &&
    !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<T>>>;

namespace detail {
/// Whether a call has nothing but an array, packed or not, and another one to write to.
template <class In, class Out, class... Rest>
inline constexpr bool are_arrays = false;
template <class In, class Out>
requires(has_numbers<In>&& has_numbers<Out>) inline constexpr bool are_arrays<In, Out> =
    (number_range<In> || is_packed_range<In>)&&(number_output<Out> || packed_target<Out>);
}  // namespace detail

/// Converts each number of `in` to the element type of `out`, as the scalar convert() does. With a
/// keyed Stochastic policy element i draws the random bits of index offset + i; explicit bits are a
/// range of words, one for each element: StochasticA<8>{words}.
///
/// Requires  the two ranges are apart, or the same memory with elements of the same size.
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
/// Promises  no allocation; the same bits on every instruction set, in constant expressions and in
///           every floating-point environment, which is left as it was.
/// Cost      one pass over both; one dispatch a call. See bench/README.md.
/// Example   std::vector<float8_e5m2> codes(gradients.size());
///           convert(gradients, codes);                                        // to nearest even
///           // at random, the same on every machine
///           convert(gradients, codes, Stochastic<>{.seed = 1, .stream = 2});
///           convert(gradients, codes, Scale{4096.0f});  // the products, in one read
///           std::vector<float> back(codes.size());
///           convert(codes, back, Scale{1 / 4096.0f});
///           assert(std::abs(back[0] - gradients[0]) <= 0.125f * std::abs(gradients[0]));
template <number_range In, number_output Out, rounding_policy R = NearestEven>
constexpr NF_INLINE void convert(In&& in, Out&& out, R rounding = {},
                                 Saturation saturation = default_saturation<detail::number_of<Out>>,
                                 Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
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
  detail::convert_array(detail::executor_of_output(out), active_isa(), source, target, n,
                        detail::plainly{}, rounding, saturation, subnormals);
}

/// Converts arrays of which one is of long double, element by element, as the scalar convert()
/// does.
///
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
template <class In, class Out, rounding_policy R = NearestEven>
requires detail::long_double_arrays<In, Out>
constexpr NF_INLINE void convert(
    In&& in, Out&& out, R rounding = {},
    Saturation saturation = detail::saturation_to<detail::number_of<Out>>,
    Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
  const auto* const source = std::ranges::data(in);
  auto* const target = std::ranges::data(out);
  const auto piece = [&](std::size_t first, std::size_t count) NF_INLINED {
    for (std::size_t i = first; i < first + count; ++i) {
      target[i] = detail::convert_element<detail::number_of<Out>>(source[i], rounding, saturation,
                                                                  subnormals, i);
    }
  };
  detail::run_pieces(detail::executor_of_output(out), target, std::ranges::size(in), piece);
}

/// As above, on a named instruction set.
///
/// Special   an instruction set that is not available here throws std::invalid_argument with its
///           name.
template <number_range In, number_output Out, rounding_policy R = NearestEven>
NF_INLINE void convert(Isa isa, In&& in, Out&& out, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::require_isa("convert", isa);
  detail::check_arrays("convert", in, out, rounding);
  detail::convert_array(detail::executor_of_output(out), isa, std::ranges::data(in),
                        std::ranges::data(out), static_cast<std::size_t>(std::ranges::size(in)),
                        detail::plainly{}, rounding, saturation, subnormals);
}

/// Converts each number of `in` times a factor, or divided by a divisor, as the scalar convert()
/// with a Scale or a Divide does, in one read of `in`: floats to codes, and codes to numbers of any
/// type.
///
/// Special, Promises  as for convert() without a factor.
template <number_range In, number_output Out, detail::factor Factor,
          rounding_policy R = NearestEven>
requires detail::scalable<detail::number_of<In>> NF_INLINE void convert(
    In&& in, Out&& out, Factor factor, R rounding = {},
    Saturation saturation = default_saturation<detail::number_of<Out>>,
    Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
  detail::convert_array(detail::executor_of_output(out), active_isa(), std::ranges::data(in),
                        std::ranges::data(out), static_cast<std::size_t>(std::ranges::size(in)),
                        factor, rounding, saturation, subnormals);
}

/// Any conversion of arrays, packed and counted ones and those by a preset too, with an executor as
/// its last argument: the same by its tasks, of 64 Ki elements each.
///
/// Promises  the bits, the counters and the errors of the call without it; no allocation, but of
///           counters. What is written is cut on whole bytes, and without counters on cache lines
///           where it can be. StridedPlanes that are written from a BitStream are one task unless
///           their slices begin on its bytes.
/// Example   const auto threads = [](std::size_t tasks, auto f) {  // better ones wait for work
///             std::vector<std::jthread> each;
///             for (std::size_t i = 0; i < tasks; ++i) each.emplace_back(f, i);
///           };
///           std::vector<float8_e5m2> codes(gradients.size()), same(gradients.size());
///           convert(gradients, codes, Stochastic<>{.seed = 1});
///           convert(gradients, same, Stochastic<>{.seed = 1}, threads);
///           assert(same == codes);
template <class In, class Out, class... Rest>
requires(std::ranges::range<In>&& detail::ends_in_executor<Rest...>)  //
    NF_INLINE void convert(In&& in, Out&& out, Rest&&... rest) {
  detail::call_tasked([&](auto&& to, auto&... most)
                          NF_INLINED { convert(in, std::forward<decltype(to)>(to), most...); },
                      std::forward<Out>(out), rest...);
}
template <class In, class Out, class... Rest>
requires detail::ends_in_executor<Rest...> NF_INLINE void convert(Isa isa, In&& in, Out&& out,
                                                                  Rest&&... rest) {
  detail::call_tasked([&](auto&& to, auto&... most)
                          NF_INLINED { convert(isa, in, std::forward<decltype(to)>(to), most...); },
                      std::forward<Out>(out), rest...);
}

// Not of two arrays or packed arrays that there is a convert() for: Clang 22 does not prefer that
// one, whose other parameters have defaults, to one with a pack.
/// Whatever else is called convert: does not compile, and the message says in one line what is
/// wrong.
template <class In, class Out, class... Rest>
requires((detail::has_explained<In> ||
          std::same_as<std::remove_cvref_t<In>, Isa>)&&!detail::are_arrays<In, Out, Rest...> &&
         !detail::ends_in_executor<Rest...> &&
         !(detail::rounded_at_most<Rest...> &&
           detail::long_double_arrays<In, Out>)) void convert(In&&, Out&&, Rest&&...) {
  detail::explain_arrays<In, Out, Rest...>();
}
template <class To, class From, class... Rest>
requires(sizeof...(Rest) != 0 || !number<To> ||
         !(number<From> || (narrow_float<To> && std::integral<From>))) &&
    (!(detail::rounded_at_most<Rest...> && detail::has_long_double<To, From>)) constexpr To
    convert(const From&, Rest&&...) {
  detail::explain_misuse<
      detail::scalar_misuse<To, From, typename detail::first_of<Rest...>::type>()>();
  return To{};
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "convert/detail/arrays.hpp"
#endif
