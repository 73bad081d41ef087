// SPDX-License-Identifier: MIT
// The stochastic choice between the two values of a code-book about a quotient: in double where
// that decides, else in integers, so that it is exact on every instruction set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../../detail/array/parts.hpp"
#include "../../detail/codec/philox.hpp"
#include "../../detail/exact/sum.hpp"
#include "codebook_search.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The random bits of n elements, at most part_elements.
template <class R>
void draw_bits(const R& rounding, std::size_t n, std::uint32_t* bits) {
  if constexpr (is_keyed<R>) {
    constexpr int N = R::random_bits;
    constexpr std::uint64_t per_block = elements_per_block<N>;
    for (std::size_t i = 0; i < n;) {
      const std::uint64_t index = rounding.offset + i;
      const auto block =
          element_block<R::generator::rounds>(rounding.seed, rounding.stream, index / per_block);
      for (std::uint64_t place = index % per_block; place < per_block && i < n; ++place, ++i)
        bits[i] = element_field<N>(block, place);
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) bits[i] = rounding.word(i);
  }
}

/// The distinct values of a code-book, what lies between each and the next, much after the last,
/// and the place of a code among them.
struct codebook_steps {
  double value[codebook_tables::most], gap[codebook_tables::most];
  std::uint8_t place[codebook_tables::most];

  explicit codebook_steps(const codebook_tables& book) {
    for (std::size_t k = 0; k < book.distinct; ++k) {
      value[k] = static_cast<double>(book.value[book.code[k]]);
      place[book.code[k]] = static_cast<std::uint8_t>(k);
    }
    for (std::size_t k = 0; k + 1 < book.distinct; ++k) gap[k] = value[k + 1] - value[k];
    gap[book.distinct - 1] = 0x1p500;
  }
};

/// x - (a + (b - a) * part / 2^bits) * absmax, of which only the sign matters. None of absmax, part
/// and 2^bits - part is negative.
inline exact beyond_part(float x, float a, float b, float absmax, std::uint64_t part, int bits) {
  exact_sum total;
  const auto add = [&](float value, float factor, std::uint64_t times, bool subtract) {
    if (is_zero(value) || is_zero(factor) || times == 0) return;
    binary first = binary_of(magnitude_bits(value));
    first.significand *= times;  // 24 and 34 bits
    total.add(first, binary_of(magnitude_bits(factor)), 0, (value < 0) != subtract);
  };
  add(x, 1.0f, std::uint64_t{1} << bits, false);
  add(a, absmax, (std::uint64_t{1} << bits) - part, true);
  add(b, absmax, part, true);
  return total.value();
}

/// The code of x / absmax between the values about it. The upper one is taken where the fraction of
/// the way up, in steps of 2^-N and rounded as the variant says, is at least 2^N - random: where it
/// is above, or at, one multiple of 2^-(N + 1).
template <class R>
std::uint8_t chosen_code(const codebook_tables& book, const codebook_steps& steps, float x,
                         float absmax, std::uint8_t nearest, std::uint32_t random) {
  constexpr int bits = R::random_bits + 1;
  constexpr double unit = 1.0 / static_cast<double>(std::uint64_t{1} << bits);
  const double scale = static_cast<double>(absmax), y = static_cast<double>(x);
  std::size_t k = steps.place[nearest];
  // No branch: which way it goes is as good as random. Below the least value nothing is above the
  // bound.
  const bool is_below = order_of_double(y - steps.value[k] * scale) < 0;  // the product is exact
  k -= static_cast<std::size_t>(is_below) & static_cast<std::size_t>(k != 0);
  const double up = y - steps.value[k] * scale;
  const std::uint64_t least = (std::uint64_t{1} << R::random_bits) - random;
  const std::uint64_t part = R::rule == rule::floor ? 2 * least : 2 * least - 1;
  const double bound = steps.gap[k] * scale * (static_cast<double>(part) * unit);
  // Each is off by 3 units in its last place at most; as integers, which -ffast-math leaves alone.
  const auto way = __builtin_bit_cast(std::int64_t, up);
  const std::int64_t above = (way & ~(way >> 63)) - __builtin_bit_cast(std::int64_t, bound);
  auto takes_upper = static_cast<std::size_t>(above > 0);
  if (-16 <= above && above <= 16) [[unlikely]] {
    const exact rest =
        beyond_part(x, book.value[book.code[k]], book.value[book.code[k + 1]], absmax, part, bits);
    const bool at_bound = rest.what == exact::kind::zero;
    takes_upper = at_bound ? R::rule != rule::half_even || least % 2 == 0 : !rest.negative;
  }
  return book.code[k + takes_upper];
}

/// Replaces the codes of the nearest values of n floats in blocks, with a divisor each, by those
/// that the random bits choose.
template <class R>
void choose_codes(const codebook_tables& book, const float* x, std::uint8_t* codes, std::size_t n,
                  const float* divisor, std::size_t block, bool in_float, const R& rounding) {
  const codebook_steps steps(book);
  std::uint32_t bits[part_elements];
  draw_bits(rounding, n, bits);
  for (std::size_t first = 0; first < n; first += block, ++divisor) {
    const std::size_t end = std::min(n, first + block);
    const float inverse = reciprocal(*divisor);
    for (std::size_t i = first; i < end; ++i) {
      if (in_float) {
        const float q = x[i] * inverse, below = q < 1.0f ? q : 1.0f;
        codes[i] =
            chosen_code<R>(book, steps, below > -1.0f ? below : -1.0f, 1.0f, codes[i], bits[i]);
      } else {
        codes[i] = chosen_code<R>(book, steps, x[i], *divisor, codes[i], bits[i]);
      }
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
