// SPDX-License-Identifier: MIT
// Exact sums of products that are too long for doubles as they are: operands are cut in two by
// magnitude, and the sums of each pair of parts are exact in doubles.
#pragma once

#include <array>

#include "wide_plan.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The numbers of an operand below 2^threshold, or the others, which are multiples of a coarser
/// quantum. NaN is among the others.
struct number_part {
  number_shape shape;
  int threshold;
  bool is_high;
};
/// An operand as one part or two.
struct number_parts {
  std::array<number_part, 2> part;
  std::size_t count;
};

/// Two parts of equal length in bits.
constexpr number_parts halves_of(const number_shape& x) {
  const int middle = (x.max_exponent + x.quantum + x.bits) / 2;
  return {{{{{x.bits, x.quantum, middle - 1}, middle, false},
            {{x.bits, std::max(x.quantum, middle - x.bits + 1), x.max_exponent}, middle, true}}},
          2};
}
constexpr number_parts whole_of(const number_shape& x) { return {{{{x, -1000, true}}}, 1}; }

/// How the operands of an exact product are cut; `serves` is whether doubles hold all sums of k
/// products of two parts, and two words their total.
struct split_plan {
  number_parts a, b;
  int quantum;  ///< of all products
  bool serves;

  static constexpr split_plan of(const number_shape& a, const number_shape& b, std::size_t k) {
    const number_shape product = product_shape_of(a, b);
    for (const bool cut_a : {false, true}) {
      const split_plan cut{cut_a ? halves_of(a) : whole_of(a), halves_of(b), product.quantum, true};
      if (cut.holds(k)) return cut;
      const split_plan other{halves_of(a), whole_of(b), product.quantum, true};
      if (!cut_a && other.holds(k)) return other;
    }
    return {{}, {}, 0, false};
  }

 private:
  constexpr bool holds(std::size_t k) const {
    int highest = quantum;
    for (std::size_t i = 0; i < a.count; ++i) {
      for (std::size_t j = 0; j < b.count; ++j) {
        const number_shape product = product_shape_of(a.part[i].shape, b.part[j].shape);
        if (k > exact_lane::longest(product)) return false;
        highest = std::max(highest, product.max_exponent);
      }
    }
    return highest + 64 - leading_zeros(std::uint64_t{k} | 1) - quantum < 120;
  }
};

/// The floats of one part of an operand; zeros for the others.
template <class Floats>
struct part_floats {
  const Floats& floats;
  number_part part;

  template <class T>
  void read(std::size_t r, std::size_t c, std::size_t n, T* to, std::size_t apart = 1) const {
    floats.read(r, c, n, to, apart);
    const std::uint32_t threshold =
        part.threshold < -149 ? 0 : bits_of_float(power_of_two<float>(part.threshold));
    for (std::size_t i = 0; i < n; ++i) {
      T& x = to[i * apart];
      if ((magnitude_bits(static_cast<float>(x)) >= threshold) != part.is_high) x = 0;
    }
  }
};

/// An integer of two words, modulo 2^128.
struct wide_integer {
  std::uint64_t high = 0, low = 0;

  /// Adds x * 2^shift.
  constexpr void add(std::int64_t x, unsigned shift) {
    const auto bits = static_cast<std::uint64_t>(x);
    const std::uint64_t sign = x < 0 ? ~std::uint64_t{0} : 0;
    std::uint64_t up = sign, down = bits;
    if (shift >= 64) {
      up = bits << (shift - 64);
      down = 0;
    } else if (shift != 0) {
      up = sign << shift | bits >> (64 - shift);
      down = bits << shift;
    }
    low += down;
    high += up + (low < down ? 1 : 0);
  }
  /// Its value times 2^exponent, cut below 61 bits with what is lost in the last one.
  constexpr exact value(int exponent) const {
    if (high == 0 && low == 0) return exact::zero(false);
    const bool negative = high >> 63 != 0;
    const std::uint64_t down = negative ? ~low + 1 : low,
                        up = negative ? ~high + (low == 0 ? 1 : 0) : high;
    if (up == 0) return exact::finite(negative, down, exponent);
    const int room = leading_zeros(up);
    const std::uint64_t leading = room == 0 ? up : up << room | down >> (64 - room);
    return exact::finite(negative, leading | ((down << room) != 0 ? 1u : 0u), exponent + 64 - room);
  }
};

/// A rectangle of exact sums of k products: put(i, j, x) takes the float nearest the sum,
/// put_special(i, j) is for those that have Inf or NaN among their numbers.
template <class A, class B, class Put, class PutSpecial>
void sum_split_products(const split_plan& split, const matrix_part& part, std::size_t k, const A& a,
                        const B& b, const Put& put, const PutSpecial& put_special) {
  using lanes = wide_plan<FusedAccumulator<double>, float, float>;
  std::vector<wide_integer> totals(part.rows * part.cols);
  std::vector<bool> is_special(totals.size());
  for (std::size_t p = 0; p < split.a.count; ++p) {
    for (std::size_t q = 0; q < split.b.count; ++q) {
      const number_part &of_a = split.a.part[p], &of_b = split.b.part[q];
      const int quantum = of_a.shape.quantum + of_b.shape.quantum;
      const auto unit = power_of_two<double>(-quantum);
      const auto shift = static_cast<unsigned>(quantum - split.quantum);
      sum_wide_products<lanes>(
          {}, part, k, part_floats<A>{a, of_a}, part_floats<B>{b, of_b},
          [&](std::size_t i, std::size_t j, double sum) {
            const std::size_t at = (i - part.top) * part.cols + j - part.left;
            constexpr std::uint64_t sign = wide<std::uint64_t>::sign_mask;
            if ((__builtin_bit_cast(std::uint64_t, sum) & ~sign) >= wide<std::uint64_t>::infinity) {
              is_special[at] = true;
            } else {
              totals[at].add(static_cast<std::int64_t>(sum * unit), shift);
            }
          });
    }
  }
  for (std::size_t i = 0; i < part.rows; ++i) {
    for (std::size_t j = 0; j < part.cols; ++j) {
      const std::size_t at = i * part.cols + j;
      if (is_special[at]) {
        put_special(part.top + i, part.left + j);
      } else {
        put(part.top + i, part.left + j, nearest_float(totals[at].value(split.quantum)));
      }
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
