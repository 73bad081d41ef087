// SPDX-License-Identifier: MIT
// The executor of a conversion stands last in the call, behind as many arguments as there are. It
// goes down to the loops with the output.
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../../detail/array/tasks.hpp"
#include "calls.hpp"
#include "ranges.hpp"

namespace narrowfloat::detail {

/// An output that an executor's tasks write to. The second type is of the namespace in which
/// convert() is looked for.
template <class View, class = Saturation>
struct tasked_output : View {
  executor_ref executor;
};
template <class T>
inline constexpr bool is_tasked = false;
template <class View>
inline constexpr bool is_tasked<tasked_output<View>> = true;

/// Whether the last of some arguments is an executor, and no other is.
template <class... Rest>
inline constexpr bool ends_in_executor = false;
template <class Last>
inline constexpr bool ends_in_executor<Last> = task_executor<Last>;
template <class First, class... Rest>
requires(sizeof...(Rest) != 0)  //
    inline constexpr bool ends_in_executor<First, Rest...> =
        !task_executor<First> && ends_in_executor<Rest...>;

inline namespace NF_BASELINE {

/// No factor.
struct plainly {};

template <class From, class To, class Factor, class R>
NF_INLINE void convert_with(Isa isa, const From* in, To* out, std::size_t n, Factor factor,
                            const R& rounding, Saturation saturation, Subnormals subnormals,
                            std::size_t all = 0) {
  if constexpr (std::same_as<Factor, plainly>) {
    convert_by_kernel(isa, in, out, n, rounding, saturation, subnormals, all);
  } else if constexpr (std::same_as<Factor, Divide>) {
    convert_all_by<true>(isa, in, out, n, factor.divisor, rounding, saturation, subnormals, all);
  } else if constexpr (std::same_as<From, float>) {
    convert_scaled(isa, in, out, n, factor.factor, rounding, saturation, subnormals, all);
  } else {
    convert_all_by<false>(isa, in, out, n, factor.factor, rounding, saturation, subnormals, all);
  }
}

/// A whole array, by the tasks of an executor.
template <class E, class From, class To, class Factor, class R>
NF_INLINE void convert_array(const E& executor, Isa isa, const From* in, To* out, std::size_t n,
                             Factor factor, const R& rounding, Saturation saturation,
                             Subnormals subnormals) {
  const auto piece = [&](std::size_t first, std::size_t count) NF_INLINED {
    convert_with(isa, in + first, out + first, count, factor, rounding_from(rounding, first),
                 saturation, subnormals, n);
  };
  run_pieces(executor, out, n, piece);
}

/// Who runs the tasks of a call with this output.
template <class Out>
constexpr NF_INLINE auto executor_of_output([[maybe_unused]] const Out& out) {
  if constexpr (is_tasked<Out>) {
    return out.executor;
  } else {
    return SerialExecutor{};
  }
}

template <class F, class Out, class Arguments, std::size_t... I>
NF_INLINE void call_split(const F& f, Out&& out, const Arguments& rest, std::index_sequence<I...>) {
  using last = std::remove_cvref_t<std::tuple_element_t<sizeof...(I), Arguments>>;
  if constexpr (std::is_same_v<last, SerialExecutor> ||
                !(plain_target<Out> || packed_target<Out>)) {
    f(std::forward<Out>(out), std::get<I>(rest)...);
  } else if constexpr (plain_target<Out>) {
    using view = decltype(std::span(std::ranges::data(out), std::ranges::size(out)));
    tasked_output<view> to{{std::ranges::data(out), std::ranges::size(out)},
                           executor_ref::of(std::get<sizeof...(I)>(rest))};
    f(to, std::get<I>(rest)...);
  } else if constexpr (is_owner<Out>) {
    tasked_output<typename std::remove_cvref_t<Out>::span> to{
        out, executor_ref::of(std::get<sizeof...(I)>(rest))};
    f(to, std::get<I>(rest)...);
  } else {
    tasked_output<std::remove_cvref_t<Out>> to{out, executor_ref::of(std::get<sizeof...(I)>(rest))};
    f(to, std::get<I>(rest)...);
  }
}
/// Calls f(the output with the executor that is the last argument, the others). One thread alone
/// has the output as it is; an output that nothing can be written to too, for f to say so.
template <class F, class Out, class... Rest>
NF_INLINE void call_tasked(const F& f, Out&& out, Rest&... rest) {
  call_split(f, std::forward<Out>(out), std::tie(rest...),
             std::make_index_sequence<sizeof...(Rest) - 1>{});
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
