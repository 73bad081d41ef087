// SPDX-License-Identifier: MIT
// What the array loops work on: the element type of a code, the scalar loop, changes of lane width.
#pragma once

#include <type_traits>
#include <utility>

#include "../codec/transcode.hpp"
#include "../cpu_features.hpp"
#include "environment.hpp"
#include "pack.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The array element that holds a code of Layout.
template <class Layout>
using code_for = std::conditional_t<
    Layout::width <= 8, std::uint8_t,
    std::conditional_t<Layout::width <= 16, std::uint16_t,
                       std::conditional_t<Layout::width <= 32, std::uint32_t, std::uint64_t>>>;

/// Whether a policy draws its random bits from a key; else they are given.
template <class R>
inline constexpr bool is_keyed = requires(R r) {
  r.seed;
};
/// The element in which the random bits of a policy lie in memory: on top of a half-word or a word of Philox,
/// or at the bottom of a word that is given.
template <class R>
using random_element =
    std::conditional_t<is_keyed<R> && R::random_bits <= 16, std::uint16_t, std::uint32_t>;

/// What became of the elements of a conversion.
struct error_counts {
  static constexpr std::size_t sums = 16;
  std::uint32_t amax = 0;  ///< bits of the largest magnitude
  std::uint64_t saturated = 0, flushed = 0, nan = 0, infinite = 0;
  double squares[sums] = {};
};

/// What a transform of groups multiplies the elements of a group by.
struct hadamard_factors {
  static constexpr std::size_t most = 128;
  std::uint32_t before[most];  ///< the sign bits that change first
  std::uint32_t after[most];   ///< the bits of a float, last
};

/// The values c * m / (2^(M + 1) - 1) of a format of M mantissa bits with the largest value c: m has at most M + 1 bits
/// and is a multiple of a smallest step.
struct float_grid {
  std::uint32_t largest;      ///< the bits of c
  bool is_signed;             ///< else negative numbers are 0
  double top;                 ///< 2^(M + 1) - 1
  std::uint64_t least_field;  ///< the exponent field of the binades of the smallest step, in place
  std::uint64_t to_unit;      ///< 52 - M, in the place of an exponent field
};

/// The scalar loop. One body for every instruction set, so not inlined.
template <class From, class To, class R>
void convert_elements(const void* in, void* out, std::size_t n, const R& rounding,
                      saturates policy) {
  using W = word_for<From, To, R::random_bits>;
  const bounds<W> bound = bounds_for<To, R::rule, R::random_bits, W>(policy);
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; ++i) {
    code_for<From> code;
    __builtin_memcpy(&code, source + i * sizeof code, sizeof code);
    const auto result =
        static_cast<code_for<To>>(transcode_joined<From, To, R::rule, R::random_bits, W>(
            code, rounding.word(i), bound, false));
    __builtin_memcpy(target + i * sizeof result, &result, sizeof result);
  }
}

/// Two packs of f64 words to the low or the high halves of their lanes, in order.
template <std::size_t N>
NF_INLINE pack<2 * N> every_second_word(const pack<N, std::uint64_t>& first,
                                        const pack<N, std::uint64_t>& last, bool high) {
  const pack<2 * N> a = (high ? first >> 32 : first).template as<std::uint32_t>();
  const pack<2 * N> b = (high ? last >> 32 : last).template as<std::uint32_t>();
  if constexpr (N == 8) {
    return __builtin_shufflevector(a.lanes, b.lanes, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24,
                                   26, 28, 30);
  } else if constexpr (N == 4) {
    return __builtin_shufflevector(a.lanes, b.lanes, 0, 2, 4, 6, 8, 10, 12, 14);
  } else {
    static_assert(N == 2);
    return __builtin_shufflevector(a.lanes, b.lanes, 0, 2, 4, 6);
  }
}

/// Stores the lanes of two packs in turns.
template <std::size_t N>
NF_INLINE void store_in_turns(void* to, const pack<N, std::uint64_t>& even,
                              const pack<N, std::uint64_t>& odd) {
  using lanes = pack<N, std::uint64_t>;
  auto* const last = static_cast<unsigned char*>(to) + sizeof even.lanes;
  if constexpr (N == 8) {
    lanes(__builtin_shufflevector(even.lanes, odd.lanes, 0, 8, 1, 9, 2, 10, 3, 11)).store(to);
    lanes(__builtin_shufflevector(even.lanes, odd.lanes, 4, 12, 5, 13, 6, 14, 7, 15)).store(last);
  } else if constexpr (N == 4) {
    lanes(__builtin_shufflevector(even.lanes, odd.lanes, 0, 4, 1, 5)).store(to);
    lanes(__builtin_shufflevector(even.lanes, odd.lanes, 2, 6, 3, 7)).store(last);
  } else {
    static_assert(N == 2);
    lanes(__builtin_shufflevector(even.lanes, odd.lanes, 0, 2)).store(to);
    lanes(__builtin_shufflevector(even.lanes, odd.lanes, 1, 3)).store(last);
  }
}

/// The floats of a pack, times 2^exponent: exact, since the products are normal numbers, 0, Inf or NaN.
template <std::size_t N>
NF_INLINE pack<N> times_power_of_two(const pack<N>& x, int exponent) {
  using floats = vector<N, float>;
  const pack<N> factor(static_cast<std::uint32_t>(127 + exponent) << 23);
  return (vector<N, std::uint32_t>)((floats)x.lanes * (floats)factor.lanes);
}

/// Whether the loops have a vector form of a conversion with N random bits: in words of 32 bits, or from
/// double; to double through float.
template <class From, class To, int N>
constexpr bool has_vector_formula() {
  if constexpr (!float_environment::is_known) return false;
  if constexpr (std::is_same_v<From, binary64>) return !std::is_same_v<To, binary64>;
  if constexpr (std::is_same_v<To, binary64>) return exact_in<From, std::uint32_t>;
  return fits_32_bits<From, To, N>();
}

/// Whether a processor's float to binary16 rounds by this rule.
template <class To, rule Rule>
inline constexpr bool is_hardware_half =
    std::is_same_v<To, binary16>&& Rule != rule::half_up&& Rule != rule::odd;

/// Whether a code is the upper half of a float.
template <class Layout>
inline constexpr bool is_upper_half = std::is_same_v<Layout, bfloat>;

/// Whether a code, moved to the top of a binary16, has its value but for a power of two.
template <class Layout>
constexpr bool is_in_half() {
  if constexpr (std::is_same_v<Layout, binary16>) {
    return true;
  } else if constexpr (Layout::width > 8) {
    return false;
  } else {
    constexpr int up = binary16::mantissa_bits - Layout::mantissa_bits,
                  rebias = binary16::bias - Layout::bias;
    return !Layout::is_scale && up >= 0 && Layout::max_code << up < binary16::infinity_code &&
           -126 <= rebias && rebias <= 126 && Layout::quantum >= -126 &&
           Layout::max_exponent <= 127;
  }
}

/// How a product in double becomes a float.
enum class narrowing {
  nearest,
  odd,            ///< an inexact one is odd, so that it can be rounded again
  odd_above_zero  ///< and one that is not 0 is no smaller than the smallest normal float
};

/// What the elements of a block are multiplied by; the result is rounded once.
enum class factor_kind {
  one,  ///< a float
  sum,  ///< the sum of two floats; the product by the second one is exact
  two   ///< a float, the product by which is exact, then one that is the same for all blocks
};

/// How floats and the factors of their blocks become elements.
struct element_encoding {
  saturates policy{true, true};
  std::uint32_t most_negative = 0;  ///< the magnitude of the least fixed-point number
  bool above_zero =
      false;  ///< a nonzero product below the smallest normal float stands as that one
  bool reads_ahead = false;  ///< the floats of the next tile follow
  /// Where the factors are rounded inverses: these as doubles. The rounding sees no more than the bits above `mask`.
  const double* inverses = nullptr;
  std::uint32_t mask = 0;
};

/// Bytes of floats whose blocks are worked on together: the next ones are read ahead.
inline constexpr std::size_t tile_bytes = 8192;

/// How near, in floats on either side, a product by a rounded inverse must come to a point for the exact quotient to
/// count as one that may lie beyond it. The inverse is wrong by a unit in its last place at most, the product by one and
/// a half more.
inline constexpr std::uint32_t near_quotients = 8;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
