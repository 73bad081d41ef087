// SPDX-License-Identifier: MIT
// What a block loses under a scale, to choose among scales: exact sums, and Transformer Engine's in float.
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

/// What a block loses under a scale; one under which a finite value reads back as Inf, in float, loses more than any other.
struct block_loss {
  bool to_infinity = false;
  exact_sum sum;

  friend bool operator<(const block_loss& a, const block_loss& b) {
    if (a.to_infinity != b.to_infinity) return b.to_infinity;
    return a.sum < b.sum;
  }
};

/// The least double that rounds to Inf as a float.
inline constexpr double least_infinite = 0x1.ffffffp127;

/// Adds what a finite value x and its image y, of the same sign, differ by, less a term that all images of x share.
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

/// The loss of a block, of which all finite values count.
inline block_loss loss_of(FourOverSix kind, std::span<const float> values,
                          std::span<const double> images) {
  block_loss loss;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t x = magnitude_bits(values[i]);
    if (x >= float_infinity) continue;
    const std::uint64_t y = __builtin_bit_cast(std::uint64_t, images[i]) << 1 >> 1;
    if (y >= __builtin_bit_cast(std::uint64_t, least_infinite)) loss.to_infinity = true;
    add_loss(kind, x, images[i], loss.sum);
  }
  return loss;
}

/// A sum of floats, each rounded, as Transformer Engine adds up the errors of a block: in order within a row, then the
/// upper half of the rows to the lower one.
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
