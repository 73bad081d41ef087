// SPDX-License-Identifier: MIT
// The exponents of a tensor: how many there are of each, and the one that every block of a format
// of eXmY needs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../block.hpp"
#include "../detail/array/matrix_cuts.hpp"
#include "../detail/array/sources.hpp"
#include "../executor.hpp"
#include "../matrix.hpp"
#include "../stats.hpp"
#include "detail/task_results.hpp"

namespace narrowfloat {

/// How many values of a tensor have which exponent, floor(log2 |x|), subnormal ones too. Histograms
/// add up: one a step, one a layer.
struct ExponentHistogram {
  /// The exponents of the least and the largest float.
  static constexpr int lowest = -149, highest = 127;
  std::array<std::uint64_t, highest - lowest + 1> counts{};  ///< of lowest, lowest + 1, ...
  /// Values without an exponent.
  std::uint64_t zeros = 0, infinite = 0, nan = 0;

  /// How many values have this exponent; 0 for one that no float has.
  constexpr NF_INLINE std::uint64_t count(int exponent) const noexcept {
    return exponent < lowest || exponent > highest ? 0 : counts[place(exponent)];
  }
  /// The finite values that are not zero.
  constexpr NF_INLINE std::uint64_t nonzero() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : counts) sum += n;
    return sum;
  }
  /// The largest exponent; lowest - 1 where there is none.
  constexpr NF_INLINE int largest() const noexcept {
    int exponent = highest;
    while (exponent >= lowest && counts[place(exponent)] == 0) --exponent;
    return exponent;
  }
  /// Adds up two histograms, or compares them.
  constexpr NF_INLINE ExponentHistogram& operator+=(const ExponentHistogram& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    zeros += other.zeros;
    infinite += other.infinite;
    nan += other.nan;
    return *this;
  }
  friend constexpr bool operator==(const ExponentHistogram&, const ExponentHistogram&) = default;

  /// The place of an exponent in `counts`.
  static constexpr NF_INLINE std::size_t place(int exponent) noexcept {
    return static_cast<std::size_t>(exponent - lowest);
  }
};

/// A format of eXmY (Agrawal, Hedlund and Hechtman, "eXmY: A Data Type and Technique for Arbitrary
/// Bit Precision Quantization", arXiv 2405.13938), chosen at run time: the values of Float<E, M,
/// Bias, Specials::finite>. With E = 0 they are integers times 2^(1 - bias - M).
struct ExmyFormat {
  /// Bits of exponent and mantissa, and the exponent bias.
  int exponent_bits = 0, mantissa_bits = 1, bias = 1;

  /// The bits of a code.
  constexpr NF_INLINE int width() const noexcept { return 1 + exponent_bits + mantissa_bits; }
  /// The exponent of the largest value.
  constexpr NF_INLINE int top() const noexcept { return (1 << exponent_bits) - 1 - bias; }
  friend constexpr bool operator==(const ExmyFormat&, const ExmyFormat&) = default;
};

/// Which exponent a block gets whose largest magnitude rounds up to the next power of two.
enum class BiasGuard {
  carry,  ///< that of the rounded magnitude: nothing saturates
  /// that of the magnitude: the largest ones lose up to half a step, all others keep a bit
  saturate
};

/// The rule by which a BlockTensor chooses the exponents that block_exponent() does.
///
/// The library's container of eXmY with exponents as metadata is a BlockTensor of exmy<E, M, K>,
/// whose scales are the exponents of the blocks: K elements of a row; rows with K = whole; channels
/// with axis = 0; the tensor with exmy<E, M, whole, whole>.
///
/// Special   a block of zeros has the exponent -127, the least one; smaller exponents are raised to
///           it.
///
/// Example   const auto t = BlockTensor<exmy<3, 1, whole>>::quantize(
///               x, rows, cols, {.rule = scale_rule(BiasGuard::carry)});
///           assert(t.scales().size() == rows && t.codes()[0].width == 5);
///           assert(t.scales()[0].exponent() ==
///                  block_exponents(x, rows, cols, {1, whole}, {3, 1})[0]);
constexpr NF_INLINE ScaleRule scale_rule(BiasGuard guard) noexcept {
  return guard == BiasGuard::carry ? ScaleRule::even : ScaleRule::floor;
}

/// eXmY in blocks that share an exponent: the largest element has the exponent 0, so a scale is
/// 2^block_exponent().
template <int E, int M, int K, int Rows = 1>
using exmy = BlockFormat<Float<E, M, (1 << E) - 1, Specials::finite>, ExponentInt8, K, Rows>;

namespace detail {
inline namespace NF_BASELINE {

constexpr void require_split(const char* call, int exponent_bits, int mantissa_bits, int bias = 0) {
  if (exponent_bits < 0 || exponent_bits > 8 || mantissa_bits < 0 || mantissa_bits > 23 ||
      exponent_bits + mantissa_bits == 0 || bias < -1000 || bias > 1000)
    throw_invalid(call, "no format has " + std::to_string(exponent_bits) + " exponent bits, " +
                            std::to_string(mantissa_bits) + " mantissa bits and the bias " +
                            std::to_string(bias));
}

/// The fraction bits of the largest value.
constexpr int top_fraction_bits(int exponent_bits, int mantissa_bits) {
  return mantissa_bits - (exponent_bits == 0 ? 1 : 0);
}
constexpr int exponent_of(const binary& x) { return x.exponent + 23; }

template <class T>
ExponentHistogram count_exponents(const T* values, std::size_t n, const executor_ref& executor) {
  const auto count = [](const float* x, std::size_t m, ExponentHistogram& histogram) {
    for (std::size_t i = 0; i < m; ++i) {
      const std::uint32_t magnitude = bits_of_float(x[i]) & 0x7fffffffu;
      if (magnitude == 0)
        ++histogram.zeros;
      else if (magnitude >= float_infinity)
        ++(magnitude > float_infinity ? histogram.nan : histogram.infinite);
      else
        ++histogram.counts[ExponentHistogram::place(exponent_of(binary_of(magnitude)))];
    }
  };
  return counted<ExponentHistogram>(
      executor, n, [&](std::size_t first, std::size_t size, ExponentHistogram& histogram) {
        for_each_part(values, first, first + size,
                      [&](const float* x, std::size_t m, std::size_t) { count(x, m, histogram); });
      });
}

/// The largest finite magnitudes, as bits, of the blocks of a matrix.
template <class T>
std::vector<std::uint32_t> magnitudes_of_blocks(const MatrixView<T>& values, const block_grid& grid,
                                                const executor_ref& executor) {
  const std::size_t rows = values.rows(), cols = values.cols(), height = grid.height,
                    width = grid.width;
  // Tiles are whole blocks, or blocks are several tiles.
  const std::size_t tile_rows = units_of_task(cols),
                    tile_height = height < tile_rows ? tile_rows / height * height : tile_rows,
                    tile_width =
                        width < task_elements ? task_elements / width * width : task_elements;
  const bool is_shared = height > tile_height || (width > tile_width && cols > tile_width);
  std::vector<std::uint32_t> amax(grid.down() * grid.across());
  bool is_busy = false;
  const matrix_cuts cuts{{rows, tile_height}, {cols, tile_width}};
  run_cuts(executor, cuts, [&](const matrix_part& part) {
    const std::size_t bottom = part.top + part.rows, right = part.left + part.cols;
    for (std::size_t row = part.top, end = 0; row < bottom; row = end) {
      end = std::min(bottom, (row / height + 1) * height);
      std::size_t block = row / height * grid.across() + part.left / width,
                  stop = std::min(right, (part.left / width + 1) * width);
      for (std::size_t col = part.left; col < right;
           col = stop, stop = std::min(right, stop + width), ++block) {
        std::uint32_t most = 0;
        for (std::size_t r = row; r < end; ++r)
          most = std::max(most, largest_finite_magnitude(values.row(r).data() + col, stop - col));
        std::uint32_t& to = amax[block];
        if (!is_shared) {
          to = most;
        } else {
          const short_lock lock(is_busy);
          to = std::max(to, most);
        }
      }
    }
  });
  return amax;
}

/// The exponent of a block by the bits of its largest magnitude.
constexpr int guarded_exponent(std::uint32_t amax, int fraction_bits, BiasGuard guard) {
  if (amax == 0) return ExponentHistogram::lowest;
  const auto [significand, exponent] = binary_of(std::min(amax, float_infinity - 1));
  const bool carries = guard == BiasGuard::carry && fraction_bits < 23 &&
                       significand >= 0x1000000u - (0x400000u >> fraction_bits);
  return exponent + 23 + (carries ? 1 : 0);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Counts the exponents of a range.
///
/// Result    exact, from the exponent field of the value as a float, whose subnormal numbers have
///           the exponent of their leading bit.
/// Promises  no allocation; the same for every executor and in every floating-point environment.
/// Cost      one read.
///
/// Example   const ExponentHistogram h = exponent_histogram(x);
///           assert(h.largest() == 1 && h.count(2) == 0);  // all magnitudes are below 3
///           assert(h.count(1) > h.count(-3));             // they are uniform
///           assert(h.nonzero() + h.zeros == x.size());
template <float_source In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE ExponentHistogram exponent_histogram(const In& values, E&& executor = {}) {
  return detail::count_exponents(std::ranges::data(values), std::ranges::size(values),
                                 detail::executor_ref::of(executor));
}

/// The exponent of a block by its largest magnitude; the bias of its format is then 2^E - 1 -
/// exponent.
///
/// Result    floor(log2 amax), one more where the guard says so; the bias of `format` does not
///           count.
/// Special   0 has the exponent -149, the least of a float; Inf and NaN count as the largest float;
///           an invalid format throws std::invalid_argument.
/// Promises  constexpr; integer work, the same in every floating-point environment.
///
/// Example   // 1.875 * 2^3 has no place in one mantissa bit
///           static_assert(block_exponent(15, {3, 1}) == 4);
///           static_assert(block_exponent(15, {3, 1}, BiasGuard::saturate) == 3);
///           static_assert(block_exponent(15, {2, 3}) == 3);
constexpr NF_INLINE int block_exponent(float amax, const ExmyFormat& format,
                                       BiasGuard guard = BiasGuard::carry) {
  detail::require_split("block_exponent", format.exponent_bits, format.mantissa_bits);
  return detail::guarded_exponent(
      detail::bits_of_float(amax) & 0x7fffffffu,
      detail::top_fraction_bits(format.exponent_bits, format.mantissa_bits), guard);
}

/// The format of E exponent and M mantissa bits with the bias that a largest magnitude needs.
///
/// Special   as block_exponent().
///
/// Example   constexpr ExmyFormat f = exmy_format(24, 3, 1);
///           static_assert(f.bias == 3 && f.top() == 4 && f.width() == 5);
constexpr NF_INLINE ExmyFormat exmy_format(float amax, int exponent_bits, int mantissa_bits,
                                           BiasGuard guard = BiasGuard::carry) {
  const int exponent = block_exponent(amax, {exponent_bits, mantissa_bits}, guard);
  return {exponent_bits, mantissa_bits, (1 << exponent_bits) - 1 - exponent};
}

/// The exponents of the blocks of a matrix that share one, in row-major order of the blocks:
/// block_exponent() of the largest finite magnitude of each.
///
/// Special   a range that is no rows x cols, and blocks without rows or columns, throw
///           std::invalid_argument.
/// Promises  the same on every instruction set, for every executor and in every floating-point
///           environment.
/// Cost      one read.
///
/// Example   const auto exponents = block_exponents(x, rows, cols, {1, whole}, {3, 1});
///           assert(exponents.size() == rows && exponents[0] == 1);  // of nearly 3 = 1.5 * 2^1
///           assert(block_exponents(x, rows, cols, {1, 32}, {3, 1}).size() == rows * cols / 32);
///           const auto half =
///               block_exponents(MatrixView(x, rows, 128, cols), {whole, whole}, {3, 1});
///           assert(half.size() == 1);  // one for the left half of the columns
template <class T, task_executor E = SerialExecutor>
requires(float_source<std::span<T>>)  //
    [[nodiscard]] NF_INLINE std::vector<int> block_exponents(const MatrixView<T>& values,
                                                             BlockShape shape,
                                                             const ExmyFormat& format,
                                                             BiasGuard guard = BiasGuard::carry,
                                                             E&& executor = {}) {
  detail::require_split("block_exponents", format.exponent_bits, format.mantissa_bits);
  if (shape.rows == 0 || shape.cols == 0)
    detail::throw_invalid("block_exponents", "a block of no elements");
  const std::size_t rows = values.rows(), cols = values.cols();
  const detail::block_grid grid{rows, cols, shape.height(rows), shape.width(cols)};
  const std::vector<std::uint32_t> amax =
      detail::magnitudes_of_blocks(values, grid, detail::executor_ref::of(executor));
  std::vector<int> exponents(amax.size());
  const int bits = detail::top_fraction_bits(format.exponent_bits, format.mantissa_bits);
  for (std::size_t i = 0; i < amax.size(); ++i)
    exponents[i] = detail::guarded_exponent(amax[i], bits, guard);
  return exponents;
}
template <float_source In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE std::vector<int> block_exponents(const In& values, std::size_t rows,
                                                         std::size_t cols, BlockShape shape,
                                                         const ExmyFormat& format,
                                                         BiasGuard guard = BiasGuard::carry,
                                                         E&& executor = {}) {
  return block_exponents(detail::matrix_of("block_exponents", "the input", values, rows, cols),
                         shape, format, guard, executor);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "../detail/array/magnitude.hpp"
#include "../detail/array/widen_part.hpp"
#endif
