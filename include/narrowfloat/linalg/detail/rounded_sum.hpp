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

/// Whether a magnitude between `low` and the next one up is rounded up: `rest` is what is left, in
/// steps of which `step` make one.
template <rule Rule>
constexpr NF_HD bool rounds_up(std::uint64_t low, std::uint64_t rest, std::uint64_t step,
                               bool negative) {
  switch (Rule) {
    case rule::floor:
      return false;
    case rule::half_up:
      return rest >= step - rest;
    case rule::half_even:
      return rest > step - rest || (rest == step - rest && (low & 1) != 0);
    case rule::up_if_positive:
      return rest != 0 && !negative;
    case rule::up_if_negative:
      return rest != 0 && negative;
    case rule::odd:
      return rest != 0 && (low & 1) == 0;
  }
  return false;
}

/// The bits of the double nearest to an exact result by a rule without random bits.
template <rule Rule>
constexpr NF_HD std::uint64_t double_bits(const exact& x, saturates policy) {
  using kind = exact::kind;
  constexpr std::uint64_t infinity = wide<std::uint64_t>::infinity;
  const std::uint64_t sign = x.negative ? wide<std::uint64_t>::sign_mask : 0;
  if (x.what == kind::nan) return infinity | (std::uint64_t{1} << 51);
  if (x.what == kind::zero) return sign;
  if (x.what == kind::infinity) return sign | (policy.infinity ? infinity - 1 : infinity);
  const int exponent = x.exponent + exact::leading;
  const int below = exponent < -1022 ? -1022 - exponent : 0;
  const int shift = exact::leading - 52 + below < 63 ? exact::leading - 52 + below : 63;
  const std::uint64_t step = std::uint64_t{1} << shift, low = x.significand >> shift;
  const auto binade = exponent < -1022 ? 0 : static_cast<std::uint64_t>(exponent + 1022) << 52;
  const bool up = rounds_up<Rule>(low, x.significand - (low << shift), step, x.negative);
  if (exponent <= 1023 && binade + low + (up ? 1 : 0) < infinity)
    return sign | (binade + low + (up ? 1 : 0));
  const bool inward = Rule == rule::floor || Rule == rule::odd ||
                      (Rule == rule::up_if_positive && x.negative) ||
                      (Rule == rule::up_if_negative && !x.negative);
  return sign | (policy.overflow || inward ? infinity - 1 : infinity);
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
    std::uint64_t bits = double_bits<R::rule>(x, saturates_in(saturation));
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
