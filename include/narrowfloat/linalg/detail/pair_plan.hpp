// SPDX-License-Identifier: MIT
// Products of matrices of small integers times a power of two, with exact sums or such in double:
// which are made of integers of 16 bits, two products a lane. Their loop is that of wide_sums.hpp.
#pragma once

#include <bit>

#include "wide_plan.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether the numbers of a type are finite, but for scales.
template <class T>
constexpr bool is_finite_type() {
  if constexpr (is_scaled<T>) {
    return is_finite_type<typename T::scaled_element>();
  } else if constexpr (narrow_float<T>) {
    return !layout_of<T>::has_nan && !layout_of<T>::has_infinity;
  } else {
    return std::integral<T> || is_fixed_point<T>;
  }
}

/// Bits of the integers that numbers of a shape are, in units of their quantum.
constexpr int unit_bits(const number_shape& x) { return x.max_exponent + 1 - x.quantum; }

/// Sums of pairs of products in int32, which go on in double: of no more bits than that has.
struct pair_plan {
  using type = std::int32_t;
  using total = double;
  using part = double;
  struct policy {
    std::size_t pairs;  ///< whose sums int32 holds
  };
  static constexpr wide_step step = wide_step::pairs;
  static constexpr direction rounds = direction::nearest;
  static constexpr bool has_chunks = true;
  static constexpr std::size_t chunk(const policy& of, std::size_t) { return of.pairs; }

  /// Whether it gives the sums of a policy of numbers of two types.
  template <class Acc, class A, class B>
  static constexpr bool serves = (std::same_as<Acc, ExactAccumulator> ||
                                  std::same_as<Acc, FusedAccumulator<double>>)&&  //
                                 is_finite_type<A>() &&
                                 is_finite_type<B>();
  static constexpr bool suits(const number_shape& a, const number_shape& b, std::size_t k) {
    const int bits = unit_bits(a) + unit_bits(b);
    return unit_bits(a) <= 15 && unit_bits(b) <= 15 &&
           bits + static_cast<int>(std::bit_width(k)) <= 53 && a.quantum >= -120 &&
           b.quantum >= -120 && a.quantum + b.quantum >= -900 && a.max_exponent <= 120 &&
           b.max_exponent <= 120;
  }
  static constexpr policy of(const number_shape& a, const number_shape& b) {
    return {std::size_t{1} << (30 - unit_bits(a) - unit_bits(b))};
  }
};

/// Two neighbours of a row of floats as the half-words of one word: integers in units of 2^quantum.
template <class Floats>
struct row_pairs {
  const Floats& floats;
  std::size_t k;
  float unit;  ///< 2^-quantum

  void read(std::size_t r, std::size_t pair, std::size_t pairs, std::int32_t* to,
            std::size_t apart) const {
    constexpr std::size_t together = 128;
    float x[2 * together];
    for (std::size_t done = 0; done < pairs; done += together) {
      const std::size_t count = std::min(together, pairs - done), first = 2 * (pair + done),
                        have = std::min(2 * count, k - first);
      floats.read(r, first, have, x);
      if (have < 2 * count) x[have] = 0;
      for (std::size_t j = 0; j < count; ++j)
        to[(done + j) * apart] = packed_pair(x[2 * j] * unit, x[2 * j + 1] * unit);
    }
  }
  static std::int32_t packed_pair(float low, float high) {
    const auto below = static_cast<std::uint32_t>(static_cast<std::int32_t>(low)) & 0xffff;
    const auto above = static_cast<std::uint32_t>(static_cast<std::int32_t>(high)) << 16;
    return static_cast<std::int32_t>(above | below);
  }
};
/// The same of two rows, one below the other.
template <class Floats>
struct column_pairs {
  const Floats& floats;
  std::size_t k;
  float unit;

  void read(std::size_t pair, std::size_t c, std::size_t n, std::int32_t* to) const {
    constexpr std::size_t together = 128;
    float low[together], high[together] = {};
    for (std::size_t done = 0; done < n; done += together) {
      const std::size_t count = std::min(together, n - done);
      floats.read(2 * pair, c + done, count, low);
      if (2 * pair + 1 < k) floats.read(2 * pair + 1, c + done, count, high);
      for (std::size_t j = 0; j < count; ++j)
        to[done + j] = row_pairs<Floats>::packed_pair(low[j] * unit, high[j] * unit);
    }
  }
};

/// A rectangle of sums of k products: put(i, j, x) takes a double.
template <class A, class B, class Put>
void sum_pair_products(const number_shape& of_a, const number_shape& of_b, const matrix_part& part,
                       std::size_t k, const A& a, const B& b, const Put& put) {
  const auto unit = power_of_two<double>(of_a.quantum + of_b.quantum);
  sum_wide_products<pair_plan>(
      pair_plan::of(of_a, of_b), part, k / 2 + k % 2,
      row_pairs<A>{a, k, power_of_two<float>(-of_a.quantum)},
      column_pairs<B>{b, k, power_of_two<float>(-of_b.quantum)},
      [&](std::size_t i, std::size_t j, double sum) { put(i, j, sum * unit); });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
