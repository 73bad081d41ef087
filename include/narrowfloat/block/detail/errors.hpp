// SPDX-License-Identifier: MIT
// What a block loses under a scale, to choose among scales: exact sums, and Transformer Engine's in
// float.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../detail/exact/arithmetic.hpp"
#include "../../detail/exact/sum.hpp"
#include "../format.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The least double that rounds to Inf as a float.
inline constexpr double least_infinite = 0x1.ffffffp127;

/// Adds what a finite value x and its image y, of the same sign, differ by, less a term that all
/// images of x share.
inline void add_loss(FourOverSix kind, std::uint32_t x, double image, exact_sum& sum) {
  constexpr binary one{1, 0};
  const bool is_zero = __builtin_bit_cast(std::uint64_t, image) << 1 == 0;
  if (x == 0) return;  // y = 0 as well
  if (kind == FourOverSix::absolute_error) {
    // |x - y| - x: y - 2x, or -y
    const std::uint64_t magnitude = __builtin_bit_cast(std::uint64_t, image) << 1 >> 1;
    const bool beyond = magnitude > __builtin_bit_cast(std::uint64_t, exact_double(binary_of(x)));
    if (!is_zero) sum.add(odd_binary(image), one, 0, !beyond);
    if (beyond) sum.add(binary_of(x), one, 1, true);
  } else if (!is_zero) {
    // (x - y)^2 - x^2 = y^2 - 2xy
    const binary y = odd_binary(image);
    sum.add(y, y, 0, false);
    sum.add(binary_of(x), y, 1, true);
  }
}

/// What the elements of a block stand for under a scale, and whether a finite value reads back as
/// Inf, in float.
struct block_images {
  std::vector<double> of;
  bool have_infinity = false;
};

/// By how much more the finite values of a block lose under the images a than under b, in double,
/// and more than that is off: each term is a few 2^-53 of what it is made of off, and so is each
/// sum.
struct loss_difference {
  double sum = 0, error = 0;
};
inline loss_difference difference_of(FourOverSix kind, std::span<const float> values,
                                     std::span<const double> a, std::span<const double> b) {
  loss_difference found;
  double size = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_finite(values[i]) || a[i] == b[i]) continue;
    const double x = static_cast<double>(values[i]),
                 apart = __builtin_fabs(a[i]) + __builtin_fabs(b[i]),
                 all = 2 * __builtin_fabs(x) + apart;
    if (kind == FourOverSix::absolute_error) {
      found.sum += __builtin_fabs(x - a[i]) - __builtin_fabs(x - b[i]);
      size += all;
    } else {
      found.sum += (b[i] - a[i]) * (2 * x - a[i] - b[i]);
      size += apart * all;
    }
  }
  found.error = size * (static_cast<double>(values.size()) + 8) * 0x1p-50;
  return found;
}

/// Whether the finite values of a block lose less under the images a than under b; those with an
/// Inf lose more than any others. Exact sums decide what double does not; values whose images are
/// the same lose the same.
inline bool loses_less(FourOverSix kind, std::span<const float> values, const block_images& a,
                       const block_images& b) {
  if (a.have_infinity != b.have_infinity) return b.have_infinity;
  const loss_difference found = difference_of(kind, values, a.of, b.of);
  if (found.sum < -found.error) return true;
  if (found.sum > found.error) return false;
  exact_sum loss_a, loss_b;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool is_same =
        __builtin_bit_cast(std::uint64_t, a.of[i]) == __builtin_bit_cast(std::uint64_t, b.of[i]);
    if (!is_finite(values[i]) || is_same) continue;
    add_loss(kind, magnitude_bits(values[i]), a.of[i], loss_a);
    add_loss(kind, magnitude_bits(values[i]), b.of[i], loss_b);
  }
  return loss_a < loss_b;
}

/// A sum of floats, each rounded, as Transformer Engine adds up the errors of a block: in order
/// within a row, then the upper half of the rows to the lower one.
inline float folded_total(std::span<const float> terms, std::size_t width, std::size_t rows) {
  std::vector<float> sums(std::bit_ceil(rows), 0.0f);
  for (std::size_t i = 0; i < terms.size(); ++i)
    sums[i / width] = float_total(sums[i / width], terms[i]);
  for (std::size_t half = sums.size() / 2; half != 0; half /= 2) {
    for (std::size_t row = 0; row < half; ++row)
      sums[row] = float_total(sums[row], sums[row + half]);
  }
  return sums[0];
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
