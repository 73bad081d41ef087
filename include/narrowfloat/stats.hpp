// SPDX-License-Identifier: MIT
// What training code watches: the largest magnitude of an array, and what a conversion did to it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "convert.hpp"
#include "detail/array/sources.hpp"
#include "detail/exact/arithmetic.hpp"
#include "stats/add.hpp"
#include "stats/detail/calls.hpp"

namespace narrowfloat {

/// The health counters of one or more conversions. Every element is looked at as the float that is
/// rounded: the source, or its product with a Scale.
///
/// Example   ConversionStats stats;
///           std::vector<float8_e5m2> codes(gradients.size());
///           convert(gradients, codes, Scale{1024}, stats);
///           assert(stats.nan + stats.infinite == 0);  // else the step is skipped
///           assert(stats.count == gradients.size() && stats.saturated == 0);
struct ConversionStats {
  std::uint64_t count = 0;      ///< elements
  std::uint64_t saturated = 0;  ///< finite and beyond the largest finite value of the target
  std::uint64_t attained = 0;   ///< finite, and the largest finite value, Inf or NaN in the target
  std::uint64_t flushed = 0;    ///< finite, not zero, and zero in the target
  /// How many elements are NaN, and how many Inf.
  std::uint64_t nan = 0;
  std::uint64_t infinite = 0;
  float amax = 0;  ///< the largest magnitude, as amax() gives it
  double squared_error =
      0;  ///< sum over finite pairs of (source - result)^2, each difference a float

  /// The counters of both; amax is NaN if one of them is.
  NF_INLINE ConversionStats& operator+=(const ConversionStats& other) noexcept {
    count += other.count;
    saturated += other.saturated;
    attained += other.attained;
    flushed += other.flushed;
    nan += other.nan;
    infinite += other.infinite;
    // as integers, so that a NaN is the larger one
    const auto a = detail::number_traits<float>::to_code(amax);
    const auto b = detail::number_traits<float>::to_code(other.amax);
    if (b > a) amax = other.amax;
    squared_error = detail::double_total(squared_error, other.squared_error);
    return *this;
  }
};

/// What amax() makes of a NaN.
enum class NanAmax {
  keep,  ///< the result is NaN
  /// it is ignored: the result is the largest magnitude of the others, as C's fmax() and
  /// Transformer Engine's kernels find it
  drop
};

namespace detail {
inline namespace NF_BASELINE {

/// The largest magnitude of n floats or doubles, as bits; a NaN is larger than Inf, or counts for
/// nothing.
template <class Real>
auto largest_of_reals(Isa isa, const Real* in, std::size_t n, NanAmax nan) {
  using bits = typename number_traits<Real>::code;
  const bits largest = largest_bits(place_of<true>(), isa, in, n);
  if (largest <= wide<bits>::infinity || nan == NanAmax::keep) return largest;
  bits most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<bits>(number_traits<Real>::to_code(in[i]) & ~wide<bits>::sign_mask);
    if (x <= wide<bits>::infinity) most = larger<bits>(most, x);
  }
  return most;
}

/// The largest magnitude of n codes of a format: magnitudes are in the order of their codes, NaN
/// above Inf. -1 if NaN counts for nothing and all are.
template <class F>
std::int64_t largest_of_codes(Isa isa, const F* in, std::size_t n, NanAmax nan) {
  using layout = layout_of<F>;
  using code = typename number_traits<F>::code;
  constexpr auto mask = static_cast<code>(layout::magnitude_mask);
  const code found =
      largest_code<code>(place_of<true>(), isa, in, n, mask, layout::nan_is_negative_zero);
  if (nan == NanAmax::keep || !is_nan_code<layout>(found)) return found;
  std::int64_t most = -1;
  for (std::size_t i = 0; i < n; ++i) {
    const code x = number_traits<F>::to_code(in[i]);
    if (!is_nan_code<layout>(x)) most = std::max<std::int64_t>(most, x & mask);
  }
  return most;
}

/// The largest magnitude of n numbers in the float, or the double, that holds them all.
template <class T>
auto largest_magnitude(Isa isa, const T* in, std::size_t n, NanAmax nan = NanAmax::keep) {
  constexpr bool exact_in_float = exact_in<layout_of<T>, std::uint32_t>;
  using real = std::conditional_t<exact_in_float, float, double>;
  using bits = typename number_traits<real>::code;
  if (n == 0) return real{0};
  if constexpr (std::is_same_v<T, real>) {
    const bits largest = largest_of_reals(isa, in, n, nan);
    return number_traits<real>::from_code(largest > wide<bits>::infinity ? wide<bits>::quiet_nan
                                                                         : largest);
  } else {
    const std::int64_t most = largest_of_codes(isa, in, n, nan);
    if (most < 0) return real{0};
    using traits = number_traits<T>;
    const auto code = static_cast<typename traits::code>(most);
    return is_nan_code<layout_of<T>>(code) ? number_traits<real>::from_code(wide<bits>::quiet_nan)
                                           : real_number<real>(traits::from_code(code));
  }
}

/// The same of a whole array, by the tasks of an executor.
template <class E, class T>
auto largest_by_tasks(const E& executor, Isa isa, const T* in, std::size_t n, NanAmax nan) {
  if constexpr (std::is_same_v<E, SerialExecutor>) {
    return largest_magnitude(isa, in, n, nan);
  } else {
    using traits = number_traits<decltype(largest_magnitude(isa, in, n, nan))>;
    typename traits::code largest = 0;  // of magnitudes and NaN in their order
    run_cuts(executor, task_cuts{n}, [&](std::size_t first, std::size_t count) {
      raise_to(largest, traits::to_code(largest_magnitude(isa, in + first, count, nan)));
    });
    return traits::from_code(largest);
  }
}

/// Converts n elements of an array of `all`, and says what came of them: in one loop, or in parts
/// that are read again only while they lie in the first-level cache.
template <class From, class To, class R>
ConversionStats count_piece(Isa isa, const From* in, To* out, std::size_t n, const float* factor,
                            const R& rounding, Saturation saturation, Subnormals subnormals,
                            std::size_t all) {
  using to = layout_of<To>;
  constexpr std::uint32_t largest = value_bits<to, std::uint32_t>(to::max_code);
  error_counts counts{};
  bool is_counted = false;
  if constexpr (has_counting_loop<From, To, R>()) {
    const bool stream = leave_caches<From, To>(n, all);
    const float by = factor == nullptr ? 1 : *factor;
    is_counted = multiplies_in_loop<To, R>(isa, by, subnormals);
    if (is_counted)
      count_conversion(place_of<is_compiled_conversion<From, To, R>, From, To, R>(), isa, in, out,
                       n, rounding, saturation, stream, by, counts);
  }
  float sources[part_elements], results[part_elements];
  // Parts of one length, wherever `out` lies: the order of the sums is the same then. Not past the
  // caches: they are read again.
  for (std::size_t done = is_counted ? n : 0, count = 0; done < n; done += count) {
    count = n - done < part_elements ? n - done : part_elements;
    const float* source = sources;
    if constexpr (std::is_same_v<From, float>) {
      source = in + done;
      if (factor != nullptr) {
        scale_floats(place_of<true>(), isa, in + done, sources, count, *factor,
                     subnormals == Subnormals::flush);
        source = sources;
      }
      convert_part(isa, source, out + done, count, rounding_from(rounding, done), saturation,
                   subnormals, false);
    } else {
      convert_part(isa, in + done, sources, count, NearestEven{}, Saturation::none,
                   Subnormals::keep, false);
      convert_part(isa, in + done, out + done, count, rounding_from(rounding, done), saturation,
                   subnormals, false);
    }
    const float* result = results;
    if constexpr (std::is_same_v<To, float>) {
      result = out + done;
    } else {
      convert_part(isa, out + done, results, count, NearestEven{}, Saturation::none,
                   Subnormals::keep, false);
    }
    count_errors(place_of<true>(), isa, source, result, count, largest, counts);
  }
  ConversionStats found{n,          counts.saturated, counts.attained, counts.flushed,
                        counts.nan, counts.infinite};
  found.amax = number_traits<float>::from_code(
      counts.amax > wide<std::uint32_t>::infinity ? wide<std::uint32_t>::quiet_nan : counts.amax);
  for (const double square : counts.squares)
    found.squared_error = double_total(found.squared_error, square);
  return found;
}

/// The same of a whole array, by the tasks of an executor. They begin at multiples of their length,
/// wherever `out` lies, and are added up in their order: so the order of the sums is always the
/// same.
template <class E, class From, class To, class R>
ConversionStats convert_counted(const E& executor, Isa isa, const From* in, To* out, std::size_t n,
                                const float* factor, const R& rounding, Saturation saturation,
                                Subnormals subnormals) {
  const task_cuts cuts{n};
  const auto piece = [&](std::size_t first, std::size_t count) {
    return count_piece(isa, in + first, out + first, count, factor, rounding_from(rounding, first),
                       saturation, subnormals, n);
  };
  if (cuts.count() < 2) return piece(0, n);
  ConversionStats total;
  if constexpr (std::is_same_v<E, SerialExecutor>) {  // allocates nothing
    run_cuts(executor, cuts,
             [&](std::size_t first, std::size_t count) { total += piece(first, count); });
  } else {
    std::vector<ConversionStats> found(cuts.count());
    run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
      found[first / task_elements] = piece(first, count);
    });
    for (const ConversionStats& each : found) total += each;
  }
  return total;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The largest magnitude of a range, exact.
///
/// Result    a float, or a double where some value of the element type is not exact in float; 0 for
///           an empty range.
/// Special   Inf counts as a number; one NaN makes the result NaN (positive and quiet), unless
///           `nan` drops it.
/// Promises  no allocation; the same on every instruction set and in every floating-point
///           environment, and for every executor.
/// Cost      one read.
template <number_range In, task_executor E = SerialExecutor>
NF_INLINE auto amax(const In& in, NanAmax nan = NanAmax::keep, E&& executor = {}) {
  return detail::largest_by_tasks(detail::executor_of(executor), active_isa(),
                                  std::ranges::data(in),
                                  static_cast<std::size_t>(std::ranges::size(in)), nan);
}

/// Converts as convert() without `stats` does, and adds to `stats` what became of the elements.
///
/// Special   sizes that differ throw std::invalid_argument before anything is written or counted.
/// Promises  the counters depend on the arguments alone, squared_error too, and on no executor: its
///           order of summation is fixed by the place of an element in `in`. That of an array is
///           the sum of those of pieces of 64 Ki elements. No allocation, but by an executor, which
///           keeps the counters of each piece.
/// Cost      one read of `in` and one write of `out` in memory. In the caches three times a plain
///           conversion on AVX-512, from float to most signed codes of a byte (with
///           narrowfloat::compiled to nearest even and by Stochastic<>) and to nearest even to
///           float16 and bfloat16, else up to eight times. See bench/README.md.
template <float_source In, float_source Out, rounding_policy R = NearestEven>
NF_INLINE void convert(In&& in, Out&& out, ConversionStats& stats, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
  stats += detail::convert_counted(
      detail::executor_of_output(out), active_isa(), std::ranges::data(in), std::ranges::data(out),
      static_cast<std::size_t>(std::ranges::size(in)), nullptr, rounding, saturation, subnormals);
}
/// The same, with a factor.
template <float_range In, float_source Out, rounding_policy R = NearestEven>
NF_INLINE void convert(In&& in, Out&& out, Scale scale, ConversionStats& stats, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
  stats += detail::convert_counted(detail::executor_of_output(out), active_isa(),
                                   std::ranges::data(in), std::ranges::data(out),
                                   static_cast<std::size_t>(std::ranges::size(in)), &scale.factor,
                                   rounding, saturation, subnormals);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/array/magnitude.hpp"
#include "stats/detail/count.hpp"
#include "stats/detail/count_conversion.hpp"
#endif
