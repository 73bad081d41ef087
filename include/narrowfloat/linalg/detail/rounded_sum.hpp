// SPDX-License-Identifier: MIT
// What every accumulator is made of: the exact value of an operand, an exact result rounded to the
// type of a sum, and the state that a policy keeps along a sum.
#pragma once

#include <string>

#include "../../detail/exact/arithmetic.hpp"
#include "../operand.hpp"

namespace narrowfloat {

namespace detail {
inline namespace NF_BASELINE {

/// The value of an operand; zero for a subnormal number where those are flushed.
template <multiplicand T>
constexpr NF_HD exact operand_value(T x, Subnormals subnormals) {
  if constexpr (std::integral<T>) {
    return exact_integer(x);
  } else if constexpr (is_fixed_point<T>) {
    return exact_float(static_cast<float>(x));
  } else {
    auto code = static_cast<std::uint32_t>(number_traits<T>::to_code(x));
    if (subnormals == Subnormals::flush) code = flush_subnormals<layout_of<T>>(code);
    return exact_value<layout_of<T>>(code);
  }
}

/// Rounds an exact result to A as element `i` of a call.
template <number A, class R>
constexpr NF_HD A rounded_to(const exact& x, const R& rounding, std::uint64_t i,
                             Saturation saturation, Subnormals subnormals) {
  const bool flush = subnormals == Subnormals::flush;
  if constexpr (std::same_as<A, double>) {
    static_assert(
        R::random_bits == 0,
        "a sum in double is rounded without random bits: exact sums have not enough for more");
    std::uint64_t bits = rounded_double<R::rule>(x, saturates_in(saturation));
    constexpr std::uint64_t fields = wide<std::uint64_t>::infinity | wide<std::uint64_t>::sign_mask;
    if (flush && (bits & wide<std::uint64_t>::infinity) == 0) bits &= fields;
    return __builtin_bit_cast(double, bits);
  } else {
    using to = layout_of<A>;
    const outcomes out = outcomes_of<to, R::rule, R::random_bits>(saturates_in(saturation));
    std::uint32_t code = rounded<to, R::rule, R::random_bits>(x, rounding.word(i), out);
    if (flush) code = flush_subnormals<to>(code);
    return number_traits<A>::from_code(static_cast<typename number_traits<A>::code>(code));
  }
}

/// The exact sum of two numbers, to be rounded; an exact zero is +0.
constexpr NF_HD exact sum_from_zero(const exact& a, const exact& b) {
  exact total = sum(a, b);
  if (total.what == exact::kind::zero) total.negative = false;
  return total;
}

/// +0 in A.
template <number A>
constexpr NF_HD A zero_of() {
  return number_traits<A>::from_code(0);
}

/// The value that a sum is carried on with in another accumulator.
template <number A>
constexpr NF_HD exact sum_value(A x, Subnormals subnormals) {
  if constexpr (std::same_as<A, double>) {
    const exact value = exact_of(x);
    const bool below = value.what == exact::kind::finite && value.exponent + exact::leading < -1022;
    return below && subnormals == Subnormals::flush ? exact::zero(value.negative) : value;
  } else {
    return operand_value(x, subnormals);
  }
}

/// A rounding for what shares a key with other roundings: keyed, it draws from another stream.
template <class R>
constexpr NF_HD R in_stream(R rounding, std::uint64_t further) {
  if constexpr (is_keyed<R>) rounding.stream += further;
  return rounding;
}

/// Throws where a rounding with words of random bits has fewer than the sums take.
template <class R>
constexpr void require_sum_words(const char* call, const R& rounding, std::size_t steps) {
  if constexpr (requires { rounding.size(); }) {
    if (rounding.size() < steps)
      throw_invalid(call, "the rounding has " + std::to_string(rounding.size()) +
                              " words of random bits, the sums take " + std::to_string(steps));
  }
}

/// The state of one sum under a policy Acc, made anew for each: running_sum(policy, first) starts
/// at +0, its first step is element `first` of the call's random bits; add(a, b) adds a product,
/// add(x) a number; value() is the sum so far. Beside them: subnormals(policy), what becomes of
/// subnormal operands, and require(call, policy, sums, length), which throws where the policy does
/// not fit so many sums of so many products.
template <class Acc>
class running_sum;

/// The sum of k products by a policy, whose first step is element `first`.
template <class Acc, class A, class B>
constexpr typename Acc::type sum_of_products(const Acc& policy, std::uint64_t first, std::size_t k,
                                             const A& a, const B& b) {
  running_sum<Acc> sum(policy, first);
  for (std::size_t l = 0; l < k; ++l) sum.add(a(l), b(l));
  return sum.value();
}

}  // namespace NF_BASELINE
}  // namespace detail

}  // namespace narrowfloat
