// SPDX-License-Identifier: MIT
// The tables of a code-book: distinct values, exact midpoints, and the buckets that make a search
// one comparison. Made once, from integers.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "../../detail/array/checks.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../detail/simd/environment.hpp"
#include "../../float.hpp"
#include "codebook_calls.hpp"
#include "codebook_search.hpp"
#include "make_places.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

inline std::string text_of(float x) { return std::to_string(real_number<double>(x)); }

/// A finite float as significand * 2^exponent.
struct signed_binary {
  std::int64_t significand;
  int exponent;
};
inline signed_binary signed_binary_of(float x) {
  const std::uint32_t bits = bits_of_float(x), magnitude = magnitude_bits(x);
  const std::uint32_t field = magnitude >> 23, fraction = magnitude & 0x7fffffu;
  const auto significand = static_cast<std::int64_t>(field == 0 ? fraction : fraction | 0x800000u);
  return {bits != magnitude ? -significand : significand,
          static_cast<int>(field == 0 ? 1 : field) - 150};
}

/// The midpoint of two floats: in one double of at most 29 bits, or else half of each. The larger
/// half then is more than 16 times the smaller one.
inline void set_midpoint(codebook_tables& book, std::size_t k, float a, float b) {
  signed_binary high = signed_binary_of(a), low = signed_binary_of(b);
  if (high.significand == 0) high.exponent = low.exponent;
  if (low.significand == 0) low.exponent = high.exponent;
  if (high.exponent < low.exponent) std::swap(high, low);
  const int apart = high.exponent - low.exponent;
  if (apart <= 32) {
    const std::int64_t total = high.significand * (std::int64_t{1} << apart) + low.significand;
    const auto magnitude = static_cast<std::uint64_t>(total < 0 ? -total : total);
    const int zeros = magnitude == 0 ? 0 : __builtin_ctzll(magnitude);
    if (magnitude >> zeros < std::uint64_t{1} << 29) {
      const double x = exact_double({magnitude >> zeros, low.exponent + zeros - 1});
      book.high[k] = total < 0 ? -x : x;
      book.low[k] = 0;
      return;
    }
  }
  const double first = real_number<double>(a) * 0.5,
               second = real_number<double>(b) * 0.5;  // exact
  const bool in_order = magnitude_bits(a) > magnitude_bits(b);
  book.high[k] = in_order ? first : second;
  book.low[k] = in_order ? second : first;
  book.one_part = false;
}

/// How many midpoints are below x, to the precision of double.
inline std::size_t midpoints_below(const std::vector<double>& midpoints, double x) {
  return static_cast<std::size_t>(std::lower_bound(midpoints.begin(), midpoints.end(), x) -
                                  midpoints.begin());
}

/// The buckets of floats with this many bits of the mantissa; false where one would have two
/// midpoints within it.
inline bool fill_buckets(codebook_tables& book, const std::vector<double>& midpoints,
                         double smallest, int mantissa_bits) {
  // A quotient in float is within 2^-21 of the exact one: its reciprocal, perhaps subnormal, is
  // within 2^-22, the product 2^-24.
  constexpr double below = 1 - 0x1p-20, above = 1 + 0x1p-20;
  constexpr std::size_t most_buckets = 1 << 15;
  const int shift = 23 - mantissa_bits;
  const auto float_above = [&](std::uint32_t key) {
    return real_number<double>(float_of_bits(key << shift));
  };
  // the first key is one up to whose upper end there is no midpoint but 0
  std::uint32_t first =
      bits_of_float(real_number<float>(smallest * below * below, toward_zero)) >> shift;
  if (first != 0) first -= 1;
  const std::uint32_t last = bits_of_float(1.0f) >> shift;
  if (first > last) first = last;
  if (2 * std::size_t{last - first + 1} > most_buckets) return false;
  book.choice.clear();
  book.rounded_choice.clear();
  for (std::uint32_t key = first; key <= last; ++key) {
    const double least = key == first ? 0 : float_above(key) * below;
    const double most = (key == last ? 1.0 : float_above(key + 1)) * above;
    // all midpoints below the quotients that come first, and below those that come last
    const std::size_t positive = midpoints_below(midpoints, least);
    const std::size_t positive_end = midpoints_below(midpoints, most);
    const std::size_t negative = midpoints_below(midpoints, -most);
    const std::size_t negative_end = midpoints_below(midpoints, -least);
    if (positive_end > positive + 1 || negative_end > negative + 1) return false;
    for (const std::size_t k : {positive, negative}) {
      const std::size_t next = k + 1 < book.distinct ? k + 1 : k;
      const std::uint64_t codes = book.code[k] | std::uint64_t{book.code[next]} << 8;
      constexpr std::uint64_t leading = ~((std::uint64_t{1} << 24) - 1);
      const auto middle = __builtin_bit_cast(std::uint64_t, book.high[k] + book.low[k]);
      book.choice.push_back((middle & leading) | codes);
      book.rounded_choice.push_back(
          __builtin_bit_cast(std::uint64_t, real_number<double>(book.rounded[k])) | codes);
    }
  }
  book.shift = shift;
  book.first = first;
  return true;
}

inline void make_buckets(codebook_tables& book) {
  std::vector<double> midpoints;
  double smallest = 1;
  for (std::size_t k = 0; k + 1 < book.distinct; ++k) {
    const double x = book.high[k] + book.low[k], magnitude = x < 0 ? -x : x;
    midpoints.push_back(x);
    if (magnitude > 0 && magnitude < smallest) smallest = magnitude;
  }
  // Smaller quotients may be subnormal floats, which are less precise.
  constexpr double least = 0x1p-100;
  if (smallest < least) return;
  for (int bits = 0; bits <= 8; ++bits) {
    if (fill_buckets(book, midpoints, smallest, bits)) return;
  }
  book.choice.clear();
  book.rounded_choice.clear();
}

/// The tables of a code-book with these values.
///
/// Special   std::invalid_argument for a wrong number of values, one that is not finite, one that
///           is less than its predecessor where they have to ascend, and values that are all alike.
inline codebook_tables make_codebook(here, std::span<const float> values, bool ascending) {
  const std::size_t n = values.size();
  if (n < 2 || n > codebook_tables::most)
    throw_invalid("Codebook", "a code-book has 2 to 256 values, not " + std::to_string(n));
  for (std::size_t i = 0; i < n; ++i) {
    if (magnitude_bits(values[i]) >= float_infinity)
      throw_invalid("Codebook", "value " + std::to_string(i) + " of a code-book is not finite");
  }
  const auto place = [&](std::size_t i) { return order<binary32>(bits_of_float(values[i])); };
  for (std::size_t i = 1; ascending && i < n; ++i) {
    if (place(i) < place(i - 1)) {
      throw_invalid("Codebook", "value " + std::to_string(i) + " of a code-book, " +
                                    text_of(values[i]) + ", is less than value " +
                                    std::to_string(i - 1) + ", " + text_of(values[i - 1]));
    }
  }
  codebook_tables book;
  book.size = n;
  std::vector<std::size_t> codes(n);
  std::iota(codes.begin(), codes.end(), std::size_t{0});
  std::stable_sort(codes.begin(), codes.end(),
                   [&](std::size_t i, std::size_t j) { return place(i) < place(j); });
  std::vector<float> distinct;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t code = codes[i];
    if (i != 0 && place(code) == place(codes[i - 1])) continue;
    book.code[distinct.size()] = static_cast<std::uint8_t>(code);
    distinct.push_back(values[code]);
  }
  book.distinct = distinct.size();
  if (book.distinct < 2)
    throw_invalid("Codebook", "the " + std::to_string(n) + " values of a code-book are all " +
                                  text_of(values[0]));
  for (std::size_t k = 0; k < codebook_tables::most; ++k) {
    if (k + 1 < distinct.size()) {
      set_midpoint(book, k, distinct[k], distinct[k + 1]);
      // rounded as the float operations (a + b) / 2 are
      book.rounded[k] = float_product(float_total(distinct[k], distinct[k + 1]), 0.5f);
    } else {
      book.high[k] = 0x1p300;
      book.rounded[k] = float_of_bits(float_infinity - 1);
    }
  }
  for (std::size_t code = 0; code < n; ++code) {
    book.value[code] = values[code];
    for (std::size_t k = 0; k < 4; ++k)
      book.plane[k][code] = static_cast<std::uint8_t>(bits_of_float(values[code]) >> (8 * k));
  }
  const float_environment environment(direction::nearest);  // the bounds of buckets are rounded
  make_buckets(book);
  make_cells(book);
  make_decades(book);
  book.zero = nearest_code(here{}, book, 0.0f);
  return book;
}

/// The code of the value nearest to a number; NaN counts as Inf.
inline std::uint8_t nearest_code(here, const codebook_tables& book, float x) {
  const std::uint32_t magnitude = magnitude_bits(x);
  const std::uint32_t limited = std::min(magnitude, float_infinity - 1);
  const bool negative = magnitude != bits_of_float(x) && magnitude <= float_infinity;
  const float y = float_of_bits(negative ? limited | 0x80000000u : limited);
  const float_environment environment(direction::nearest);  // the difference is rounded
  // one by one and in integers' order only
  std::size_t k = 0;
  const double z = real_number<double>(y);
  while (k + 1 < book.distinct) {
    const bool above = book.low[k] < 0 || book.low[k] > 0
                           ? order_of_double(z - book.high[k]) > order_of_double(book.low[k])
                           : order_of_double(z) > order_of_double(book.high[k]);
    if (!above) break;
    ++k;
  }
  return book.code[k];
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
