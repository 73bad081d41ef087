// SPDX-License-Identifier: MIT
// Sums of arrays of codes, and how many of them the format could not hold: what an all-reduce of
// FP8 gradients does.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "../convert.hpp"
#include "../detail/array/sources.hpp"
#include "../detail/exact/binary.hpp"
#include "../detail/simd/environment.hpp"

namespace narrowfloat {

/// A contiguous range of a Float.
template <class T>
concept narrow_range = number_range<T> && narrow_float<detail::number_of<T>>;

namespace detail {
inline namespace NF_BASELINE {

/// How the loop below makes a sum that is rounded as the exact one is.
enum class sum_path {
  in_float,   ///< the sum of two values is a float
  in_double,  ///< it is a double, and a float to odd holds all that the rounding asks for
  exactly     ///< element by element, in integers
};
template <class F, class R>
constexpr sum_path sum_path_of() {
  using layout = layout_of<F>;
  if constexpr (!float_environment::is_known || !lossless_to<F, float>) {
    return sum_path::exactly;
  } else {
    // bits from the last of the smallest value to the first of the largest sum
    const exact largest = exact_value<layout>(layout::max_code);
    const int span = largest.exponent + exact::leading + 2 - layout::quantum;
    if (largest.exponent + exact::leading + 1 > 127) return sum_path::exactly;
    if (span <= 24) return sum_path::in_float;
    // the bits of the format, those that random ones are added to, and two below them
    const bool held = layout::significant_bits + R::random_bits + 2 <= 24;
    return span <= 53 && held && layout::quantum >= -126 ? sum_path::in_double : sum_path::exactly;
  }
}

/// A double as a float, rounded to odd: the upper bits, the last one set where lower ones are lost.
///
/// Requires  0, Inf, NaN or a magnitude within float's normal range.
constexpr NF_INLINE float odd_float(double x) {
  const auto bits = __builtin_bit_cast(std::uint64_t, x);
  const auto sign = static_cast<std::uint32_t>(bits >> 63) << 31;
  const std::uint64_t magnitude = bits & ~wide<std::uint64_t>::sign_mask;
  constexpr std::uint64_t rebased = std::uint64_t{1023 - 127} << 23;
  std::uint64_t code = magnitude >> 29;
  if (magnitude == 0) {
    code = rebased;
  } else if (magnitude >= wide<std::uint64_t>::infinity) {
    code = rebased + (magnitude == wide<std::uint64_t>::infinity ? 0x7f800000u : 0x7fc00000u);
  } else if ((magnitude & ((1u << 29) - 1)) != 0) {
    code |= 1;
  }
  return float_of_bits(sign | static_cast<std::uint32_t>(code - rebased));
}

/// Writes the sums of two arrays of floats to the first, each exact or rounded to odd; returns how
/// many are finite and beyond `largest`. A NaN is positive, whatever the processor makes of it.
template <sum_path Path>
std::uint64_t add_floats(float* a, const float* b, std::size_t n, float largest) {
  constexpr std::uint32_t infinity = wide<std::uint32_t>::infinity;
  std::uint64_t beyond = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if constexpr (Path == sum_path::in_float) {
      a[i] = a[i] + b[i];
    } else {
      a[i] = odd_float(static_cast<double>(a[i]) + static_cast<double>(b[i]));
    }
    const std::uint32_t magnitude = magnitude_bits(a[i]);
    if (magnitude > infinity) a[i] = float_of_bits(wide<std::uint32_t>::quiet_nan);
    beyond += magnitude > bits_of_float(largest) && magnitude < infinity ? 1 : 0;
  }
  return beyond;
}

template <class F, class R>
std::uint64_t add_elements(const F* a, const F* b, F* out, std::size_t n, const R& rounding,
                           Saturation saturation) {
  constexpr bool down = R::rule == rule::up_if_negative;
  constexpr exact largest = exact_value<layout_of<F>>(layout_of<F>::max_code);
  std::uint64_t beyond = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const exact total = sum(exact_of(a[i]), exact_of(b[i]), down);
    out[i] = round_to<F>(total, rounding_from(rounding, i), saturation);
    beyond += total.what == exact::kind::finite && !at_most(total, largest) ? 1 : 0;
  }
  return beyond;
}

/// Writes the rounded sums of n elements of arrays of `all`, and returns how many were finite and
/// beyond the largest value of F.
template <class F, class R>
std::uint64_t add_piece([[maybe_unused]] Isa isa, const F* a, const F* b, F* out, std::size_t n,
                        const R& rounding, Saturation saturation,
                        [[maybe_unused]] std::size_t all) {
  constexpr sum_path path = sum_path_of<F, R>();
  if constexpr (path == sum_path::exactly) {
    return add_elements(a, b, out, n, rounding, saturation);
  } else {
    constexpr float largest = nearest_float(exact_value<layout_of<F>>(layout_of<F>::max_code));
    const bool stream = leaves_caches(3 * all * sizeof(F));
    float left[part_elements], right[part_elements];
    std::uint64_t beyond = 0;
    for (std::size_t done = 0, count = 0; done < n; done += count) {
      count = next_part(out + done, n - done);
      as_floats(a + done, count, left);
      as_floats(b + done, count, right);
      {
        // the sums are exact: the direction decides on the sign of an exact zero alone
        const float_environment environment(R::rule == rule::up_if_negative ? direction::to_negative
                                                                            : direction::nearest);
        beyond += add_floats<path>(left, right, count, largest);
      }
      convert_part(isa, left, out + done, count, rounding_from(rounding, done), saturation,
                   Subnormals::keep, stream);
    }
    return beyond;
  }
}

/// The same of whole arrays, by the tasks of an executor.
template <class E, class F, class R>
std::uint64_t add_arrays(const E& executor, Isa isa, const F* a, const F* b, F* out, std::size_t n,
                         const R& rounding, Saturation saturation) {
  std::uint64_t beyond = 0;
  run_pieces(executor, out, n, [&](std::size_t first, std::size_t count) {
    const std::uint64_t here = add_piece(isa, a + first, b + first, out + first, count,
                                         rounding_from(rounding, first), saturation, n);
    __atomic_fetch_add(&beyond, here, __ATOMIC_RELAXED);
  });
  return beyond;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Adds arrays of one format element by element: out[i] is the exact a[i] + b[i], rounded once, as
/// the scalar add() has it. With a keyed Stochastic policy element i draws the random bits of index
/// offset + i. Saturating unless told otherwise, so that the sum of an all-reduce stays a number;
/// the operator + overflows to Inf or NaN.
///
/// Result    how many sums were finite and beyond the largest finite value: what AutoScale watches.
/// Special   sizes that differ throw std::invalid_argument, with all of them, before anything is
///           written. Inf - Inf and NaN are the positive NaN, and the largest value in a format
///           without NaN.
/// Requires  `out` is apart from `a` and `b`, or the same memory as one of them.
/// Promises  no allocation; the same bits on every instruction set, for every executor and in every
///           floating-point environment.
/// Cost      one pass, about three conversions, where a float or a double holds the sum of any two
///           values (8 bits and fewer, float16 to nearest or directed); else each element's sum is
///           made in integers.
///
/// Example   std::vector<float8_e4m3fn> mine(x.size()), theirs(x.size()), sum(x.size());
///           convert(x, mine, Scale{100});
///           convert(weights, theirs);
///           const std::uint64_t saturated = add(mine, theirs, sum);
///           assert(saturated < sum.size() / 10);
template <narrow_range A, narrow_range B, narrow_range Out, rounding_policy R = NearestEven,
          task_executor E = SerialExecutor>
requires(std::is_same_v<detail::number_of<A>, detail::number_of<B>>&&
             std::is_same_v<detail::number_of<A>, detail::number_of<Out>>)  //
    NF_INLINE std::uint64_t add(const A& a, const B& b, Out&& out, R rounding = {},
                                Saturation saturation = Saturation::finite, E&& executor = {}) {
  const auto n = static_cast<std::size_t>(std::ranges::size(out));
  const auto left = static_cast<std::size_t>(std::ranges::size(a)),
             right = static_cast<std::size_t>(std::ranges::size(b));
  if (left != n || right != n) {
    detail::throw_invalid("add", "the terms have " + std::to_string(left) + " and " +
                                     std::to_string(right) + " elements, the sum " +
                                     std::to_string(n));
  }
  if constexpr (requires { rounding.size(); }) detail::require_words("add", rounding.size(), n);
  return detail::add_arrays(detail::executor_of(executor), active_isa(), std::ranges::data(a),
                            std::ranges::data(b), std::ranges::data(out), n, rounding, saturation);
}

}  // namespace narrowfloat
