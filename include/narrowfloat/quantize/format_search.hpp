// SPDX-License-Identifier: MIT
// Which format of run time, and which range, loses least of a tensor: the search of "FP8
// Quantization: The Power of the Exponent" (Kuzmin et al., arXiv 2208.09225).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <vector>

#include "../detail/array/sources.hpp"
#include "../matrix.hpp"
#include "fake_quantize.hpp"

namespace narrowfloat {

/// Which formats search_format() tries.
struct FormatSearchOptions {
  int width = 8;  ///< bits of a code, the sign included
  /// Whether a code has a sign bit.
  bool is_signed = true;
  int mantissa_bits =
      0;  ///< 0: all that leave an exponent bit; width - 1 (without a sign width): integers, as
          ///< INT8, which have the values of one exponent bit
};

/// A format, and the sum of its squared errors.
struct FoundFormat {
  /// The format.
  RuntimeFormat format;
  /// The sum of squared errors.
  double squared_error = 0;
};

/// A format for all channels, and the largest value and the sum of squared errors of each.
struct FoundChannelFormats {
  RuntimeFormat format;  ///< its max_value is the largest one of the channels
  /// The largest value of each channel.
  std::vector<float> max_values;
  /// The sum of squared errors of each channel.
  std::vector<double> squared_errors;
};

namespace detail {
inline namespace NF_BASELINE {

inline constexpr int most_mantissa_bits = 11;
inline constexpr int range_candidates = 111;

/// The formats of a search, by their mantissa bits.
struct mantissa_range {
  int first, last, below_sign;
  bool is_signed;

  RuntimeFormat format(int mantissa_bits, float max_value) const {
    return {below_sign - mantissa_bits, mantissa_bits, max_value, is_signed};
  }
};

inline mantissa_range mantissas_of(const char* call, const FormatSearchOptions& options) {
  const int below_sign = options.width - (options.is_signed ? 1 : 0);
  const int fixed = options.mantissa_bits;
  const mantissa_range range{fixed != 0 ? fixed : std::max(1, below_sign - 8),
                             fixed != 0 ? fixed : std::min(most_mantissa_bits - 1, below_sign - 1),
                             below_sign, options.is_signed};
  if (options.width < 1 || options.width > 32 || range.first > range.last)
    throw_invalid(call, "no format of run time has " + std::to_string(options.width) + " bits");
  for (const int bits : {range.first, range.last}) require_fields(call, below_sign - bits, bits);
  return range;
}

/// (10 + k) / 100 of a largest magnitude, rounded to a positive finite float.
constexpr float range_candidate(float largest, int k) {
  const auto hundredths = static_cast<std::uint64_t>(k) + 10;
  const float c = nearest_ratio(largest, hundredths, 100, 0, false);
  return number_traits<float>::from_code(
      std::max<std::uint32_t>(number_traits<float>::to_code(c), 1));
}

/// The best range for each number of mantissa bits, from a search.
struct best_ranges {
  float largest = 0;  ///< of the finite numbers
  std::array<float, most_mantissa_bits + 1> max_value{};
  std::array<double, most_mantissa_bits + 1> error{};

  /// Of equals the fewest mantissa bits.
  int best(const mantissa_range& mantissas) const {
    int best = mantissas.first;
    for (int bits = best + 1; bits <= mantissas.last; ++bits) {
      if (error[static_cast<std::size_t>(bits)] < error[static_cast<std::size_t>(best)])
        best = bits;
    }
    return best;
  }
};

/// The sum of the squared errors of n floats; sums of tasks, in order.
inline double error_of_array(const float* in, std::size_t n, const float_grid& grid,
                             const executor_ref& executor) {
  const auto measure = [&](std::size_t begin, std::size_t size) {
    double error = 0;
    for (std::size_t done = 0; done < size; done += part_elements)
      add_grid_error(place_of<true>(), active_isa(), in + begin + done,
                     std::min(part_elements, size - done), grid, error);
    return error;
  };
  const auto join = [](double& all, double each) { all = double_total(all, each); };
  return joined_in_order<double>(executor, n, measure, join);
}

inline std::uint32_t largest_finite_of(const float* in, std::size_t n,
                                       const executor_ref& executor) {
  const auto measure = [&](std::size_t first, std::size_t count) {
    return largest_finite_magnitude(in + first, count);
  };
  const auto join = [](std::uint32_t& all, std::uint32_t each) { all = std::max(all, each); };
  return joined_in_order<std::uint32_t>(executor, n, measure, join);
}

/// Every task has some of the ranges, with all elements.
inline best_ranges search_ranges(const float* in, std::size_t n, const mantissa_range& mantissas,
                                 const executor_ref& executor) {
  best_ranges best;
  best.largest = float_of_bits(largest_finite_of(in, n, executor));
  best.max_value.fill(1);
  if (__builtin_bit_cast(std::uint32_t, best.largest) == 0) return best;
  // a pass over the elements is one of so many ranges
  constexpr std::size_t ranges = range_candidates, group = 14;
  const auto first_bits = static_cast<std::size_t>(mantissas.first),
             all = (static_cast<std::size_t>(mantissas.last) - first_bits + 1) * ranges;
  std::array<std::array<double, ranges>, most_mantissa_bits + 1> errors;
  const task_cuts cuts{all, std::max(group, ceil_divided(task_elements, n))},
      pieces = sum_cuts(n);  // as error_of_array() adds up
  run_cuts(executor, cuts, [&](std::size_t begin, std::size_t size) {
    for (std::size_t first = begin, count = 0; first < begin + size; first += count) {
      count = std::min(group, begin + size - first);
      std::array<float_grid, group> grids;
      std::array<double, group> sums;
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t range = first + k;
        const float c = range_candidate(best.largest, static_cast<int>(range % ranges));
        grids[k] =
            grid_of_format(mantissas.format(static_cast<int>(first_bits + range / ranges), c), c);
      }
      for (std::size_t piece = 0; piece < pieces.count(); ++piece) {
        const std::size_t end = pieces.end(piece);
        std::array<double, group> each{};
        for (std::size_t done = pieces.begin(piece); done < end; done += part_elements)
          for (std::size_t k = 0; k < count; ++k)
            add_grid_error(place_of<true>(), active_isa(), in + done,
                           std::min(part_elements, end - done), grids[k], each[k]);
        for (std::size_t k = 0; k < count; ++k)
          sums[k] = piece == 0 ? each[k] : double_total(sums[k], each[k]);
      }
      for (std::size_t k = 0; k < count; ++k)
        errors[first_bits + (first + k) / ranges][(first + k) % ranges] = sums[k];
    }
  });
  for (std::size_t bits = first_bits; bits < first_bits + all / ranges; ++bits) {
    const auto least = std::min_element(errors[bits].begin(), errors[bits].end());
    best.error[bits] = *least;
    best.max_value[bits] =
        range_candidate(best.largest, static_cast<int>(least - errors[bits].begin()));
  }
  return best;
}

/// Every task has a row, or some of the ranges where a row is as much as a task.
inline std::vector<best_ranges> search_rows(const MatrixView<const float>& in,
                                            const mantissa_range& mantissas,
                                            const executor_ref& executor) {
  std::vector<best_ranges> channels(in.rows());
  const auto search = [&](std::size_t row, const executor_ref& by) {
    channels[row] = search_ranges(in.row(row).data(), in.cols(), mantissas, by);
  };
  if (in.cols() >= task_elements) {
    for (std::size_t row = 0; row < in.rows(); ++row) search(row, executor);
  } else {
    run_tasks(executor, in.rows(), [&](std::size_t row) { search(row, executor_ref::serial()); });
  }
  return channels;
}

inline FoundFormat format_of_ranges(const best_ranges& ranges, const mantissa_range& mantissas) {
  const int bits = ranges.best(mantissas);
  const auto at = static_cast<std::size_t>(bits);
  return {mantissas.format(bits, ranges.max_value[at]), ranges.error[at]};
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The sum of the squared errors that fake_quantize() makes.
///
/// Result    differences are floats, their squares and sums doubles, in an order that the place of
///           an element fixes.
/// Special   Inf and NaN do not count. A format that RuntimeFormat does not allow throws
///           std::invalid_argument.
/// Promises  no allocation; the same bits on every instruction set, for every executor and in every
///           floating-point environment.
/// Cost      one pass.
///
/// Example   const std::vector<float> in{1, 0.25f, 9};
///           const RuntimeFormat f{.exponent_bits = 1, .mantissa_bits = 2, .max_value = 7};
///           assert(fake_quantize_error(in, f) == 0.0625 + 4);
template <float_range In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE double fake_quantize_error(const In& in, const RuntimeFormat& format,
                                                   E&& executor = {}) {
  const detail::float_grid grid = detail::checked_grid("fake_quantize_error", format);
  return detail::error_of_array(std::ranges::data(in), std::ranges::size(in), grid,
                                detail::executor_ref::of(executor));
}

/// Searches the format and the range with the smallest fake_quantize_error() of a tensor.
///
/// Result    tries 1 to width - 2 mantissa bits (width - 1 without a sign), with all other bits for
///           the exponent; one exponent bit has the values of integers. For each it tries, as in
///           the paper, 111 largest values: (10 + k) / 100 of the largest magnitude, from 0.1 to
///           1.2 of it, rounded to a float. On a tie the fewest mantissa bits win, then the
///           smallest range.
/// Special   Inf and NaN do not count. Without a number other than 0 the largest value is 1. A
///           width and mantissa bits without a format throw std::invalid_argument.
/// Promises  no allocation; the same on every instruction set, for every executor and in every
///           floating-point environment.
/// Cost      111 fake_quantize_error() for each number of mantissa bits, 14 in one pass.
///
/// Example   const FoundFormat found = search_format(x);  // uniform: the most mantissa bits
///           assert(found.format.mantissa_bits == 6 && found.format.exponent_bits == 1);
///           assert(found.squared_error == fake_quantize_error(x, found.format));
///           assert(std::abs(found.format.max_value - 3) < 0.1f);
///           const FoundFormat int8 = search_format(x, {.mantissa_bits = 7});  // 127 steps a side
///           assert(int8.format.exponent_bits == 0 && int8.squared_error == found.squared_error);
template <float_range In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE FoundFormat search_format(const In& in,
                                                  const FormatSearchOptions& options = {},
                                                  E&& executor = {}) {
  const detail::mantissa_range mantissas = detail::mantissas_of("search_format", options);
  return detail::format_of_ranges(
      detail::search_ranges(std::ranges::data(in), std::ranges::size(in), mantissas,
                            detail::executor_ref::of(executor)),
      mantissas);
}

/// The same for the rows of a matrix, its channels: one number of mantissa bits for all, a range
/// for each.
///
/// Result    as in the paper: every channel votes for the mantissa bits that search_format() finds
///           for it, most votes win, on a tie the fewest bits; then each channel has its best range
///           for these.
/// Special   a channel without a number other than 0 does not vote, and has the largest value 1. A
///           size that does not fit throws std::invalid_argument with the numbers.
/// Cost      as search_format(); memory for the best ranges of each channel.
///
/// Example   const FoundChannelFormats found = search_channel_formats(x, rows, cols);
///           assert(found.format.mantissa_bits == 6 && found.max_values.size() == rows);
template <class T, task_executor E = SerialExecutor>
requires(std::same_as<std::remove_const_t<T>, float>)  //
    [[nodiscard]] NF_INLINE FoundChannelFormats
    search_channel_formats(const MatrixView<T>& in, const FormatSearchOptions& options = {},
                           E&& executor = {}) {
  const detail::mantissa_range mantissas = detail::mantissas_of("search_channel_formats", options);
  const std::size_t rows = in.rows();
  const std::vector<detail::best_ranges> channels =
      detail::search_rows(in, mantissas, detail::executor_ref::of(executor));
  std::array<std::size_t, detail::most_mantissa_bits + 1> votes{};
  for (const detail::best_ranges& channel : channels) {
    if (__builtin_bit_cast(std::uint32_t, channel.largest) != 0)
      ++votes[static_cast<std::size_t>(channel.best(mantissas))];
  }
  const auto elected = static_cast<std::size_t>(
      std::max_element(votes.begin() + mantissas.first, votes.begin() + mantissas.last + 1) -
      votes.begin());
  FoundChannelFormats found{mantissas.format(static_cast<int>(elected), 1), {}, {}};
  for (const detail::best_ranges& channel : channels) {
    found.max_values.push_back(channel.max_value[elected]);
    found.squared_errors.push_back(channel.error[elected]);
  }
  if (rows != 0) found.format.max_value = *std::ranges::max_element(found.max_values);
  return found;
}
template <float_range In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE FoundChannelFormats
search_channel_formats(const In& in, std::size_t rows, std::size_t cols,
                       const FormatSearchOptions& options = {}, E&& executor = {}) {
  return search_channel_formats(
      detail::matrix_of("search_channel_formats", "the input", in, rows, cols), options, executor);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "../detail/array/magnitude.hpp"
#endif
