// SPDX-License-Identifier: MIT
// What convert() says of a call that it does not take: one line, the first of the compiler's
// message.
#pragma once

#include <concepts>
#include <ranges>
#include <type_traits>

#include "../../executor.hpp"
#include "../../float.hpp"
#include "../../isa.hpp"
#include "long_double.hpp"
#include "ranges.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

enum class misuse {
  other,
  input,
  output,
  const_output,
  temporary_output,
  executor,
  third,
  long_double,
  scaled_double,
  target,
  source
};

/// The first of some types, void of none.
template <class...>
struct first_of {
  using type = void;
};
template <class First, class... Rest>
struct first_of<First, Rest...> {
  using type = std::remove_cvref_t<First>;
};

/// What a first argument after the numbers is guilty of.
template <class Source, class Third>
constexpr misuse third_misuse() {
  if constexpr (std::is_void_v<Third> || rounding_policy<Third>)
    return misuse::other;
  else if constexpr (!factor<Third>)
    return misuse::third;
  else
    return std::same_as<Source, double> ? misuse::scaled_double : misuse::other;
}

template <class In, class Out, class... Rest>
constexpr misuse array_misuse() {
  if constexpr (!has_numbers<In> && !has_long_doubles<In>)
    return misuse::input;
  else if constexpr (!has_numbers<Out> && !has_long_doubles<Out>)
    return misuse::output;
  else if constexpr (is_const_range<Out>)
    return misuse::const_output;
  else if constexpr (!std::ranges::borrowed_range<Out>)
    return misuse::temporary_output;
  else if constexpr ((task_executor<std::remove_cvref_t<Rest>> || ...))
    return misuse::executor;
  else if constexpr (has_long_doubles<In> || has_long_doubles<Out>)
    return misuse::long_double;
  else
    return third_misuse<std::remove_cv_t<std::ranges::range_value_t<In>>,
                        typename first_of<Rest...>::type>();
}

template <class To, class From, class Second = void>
constexpr misuse scalar_misuse() {
  if constexpr (has_long_double<To, From>)
    return misuse::long_double;
  else if constexpr (!number<To>)
    return misuse::target;
  else if constexpr (!number<From> && !std::integral<From>)
    return misuse::source;
  else
    return third_misuse<From, Second>();
}

/// Whether what follows the numbers is nothing, or begins with a rounding.
template <class... Rest>
concept rounded_at_most = sizeof...(Rest) == 0 || rounding_policy<typename first_of<Rest...>::type>;

template <misuse What>
constexpr void explain_misuse() {
  static_assert(
      What != misuse::input,
      "narrowfloat::convert: the input is no contiguous range of float, double, long double, _Float16, __bf16 or Float");
  static_assert(
      What != misuse::output,
      "narrowfloat::convert: the output is no contiguous range of float, double, long double, _Float16, __bf16 or Float");
  static_assert(
      What != misuse::long_double,
      "narrowfloat::convert: a long double becomes a number of another type, or is made of "
      "one, by a rounding, Saturation and Subnormals alone: no Isa, Scale or Divide");
  static_assert(What != misuse::const_output, "narrowfloat::convert: the output is const");
  static_assert(What != misuse::temporary_output,
                "narrowfloat::convert: the output is a temporary; pass a variable or a span");
  static_assert(What != misuse::executor,
                "narrowfloat::convert: an executor is the last argument, one alone, and can be "
                "called as it is given: a const one needs a const operator()");
  static_assert(
      What != misuse::third,
      "narrowfloat::convert: the argument after the numbers is neither a rounding, such as "
      "nearest_even or Stochastic<>{.seed = 1}, nor Scale nor Divide, nor an executor");
  static_assert(What != misuse::scaled_double,
                "narrowfloat::convert: Scale and Divide take floats and Floats, not doubles");
  static_assert(
      What != misuse::target,
      "narrowfloat::convert: the target type is none of float, double, long double, _Float16, __bf16 and Float");
  static_assert(
      What != misuse::source,
      "narrowfloat::convert: the source is no float, double, long double, _Float16, __bf16, Float or integer");
  static_assert(
      What != misuse::other,
      "narrowfloat::convert: the arguments after the numbers are, in this order: Scale or "
      "Divide of floats or Floats, rounding, Saturation, Subnormals, an executor");
}

template <class In, class Out, class... Rest>
constexpr void explain_arrays() {
  if constexpr (!std::same_as<std::remove_cvref_t<In>, Isa>)
    explain_misuse<array_misuse<In, Out, Rest...>()>();
  else if constexpr (sizeof...(Rest) == 0)
    explain_misuse<array_misuse<Out, In>()>();
  else
    explain_arrays<Out, Rest...>();
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
