// SPDX-License-Identifier: MIT
// pack<N>: N unsigned lanes as one word for the formulas, on the compiler's vector extension. It
// has no intrinsics and no target: its functions are inlined into the region that uses them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../codec/word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A vector of N lanes.
template <std::size_t N, class Lane>
struct vector_of {
  using type [[gnu::vector_size(N * sizeof(Lane))]] = Lane;
};
template <std::size_t N, class Lane>
using vector = typename vector_of<N, Lane>::type;

// Deduces both vector types: GCC 12 rejects dependent ones in the builtin.
template <class To, class From>
NF_INLINE void convert_lanes(To& to, const From& from) {
  to = __builtin_convertvector(from, To);
}

/// A struct round a vector, passed by reference: raw vectors by value would have another calling
/// convention in every region.
template <std::size_t N, class Lane = std::uint32_t>
struct pack {
  using words = vector<N, Lane>;
  using integers = vector<N, std::make_signed_t<Lane>>;
  words lanes;

  pack() = default;
  template <std::integral T>
  NF_INLINE explicit pack(T x) : lanes(words{} + static_cast<Lane>(x)) {}
  NF_INLINE pack(const words& x) : lanes(x) {}

  /// N lanes from memory of any alignment.
  static NF_INLINE pack load(const void* from) {
    words x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
  }
  NF_INLINE void store(void* to) const { __builtin_memcpy(to, &lanes, sizeof lanes); }

  /// The same bits in lanes of another width.
  template <class Other>
  NF_INLINE pack<N * sizeof(Lane) / sizeof(Other), Other> as() const {
    return vector<N * sizeof(Lane) / sizeof(Other), Other>(lanes);
  }

  friend NF_INLINE pack operator+(const pack& a, const pack& b) { return a.lanes + b.lanes; }
  friend NF_INLINE pack operator-(const pack& a, const pack& b) { return a.lanes - b.lanes; }
  friend NF_INLINE pack operator&(const pack& a, const pack& b) { return a.lanes & b.lanes; }
  friend NF_INLINE pack operator|(const pack& a, const pack& b) { return a.lanes | b.lanes; }
  friend NF_INLINE pack operator^(const pack& a, const pack& b) { return a.lanes ^ b.lanes; }
  friend NF_INLINE pack operator<<(const pack& a, const pack& b) { return a.lanes << b.lanes; }
  friend NF_INLINE pack operator>>(const pack& a, const pack& b) { return a.lanes >> b.lanes; }
  friend NF_INLINE pack operator<<(const pack& a, int steps) { return a.lanes << steps; }
  friend NF_INLINE pack operator>>(const pack& a, int steps) {
    if constexpr (sizeof(Lane) == 1) {
      // Only ever of bytes whose low bits are 0: no instruction set shifts bytes, but no bit leaves
      // one.
      return words(vector<N / 2, std::uint16_t>(a.lanes) >> steps);
    } else {
      return a.lanes >> steps;
    }
  }

  friend NF_INLINE pack select_less(const pack& a, const pack& b, const pack& x, const pack& y) {
    return integers(a.lanes) < integers(b.lanes) ? x.lanes : y.lanes;
  }
  friend NF_INLINE pack select_below(const pack& a, const pack& b, const pack& x, const pack& y) {
    return a.lanes < b.lanes ? x.lanes : y.lanes;
  }
  friend NF_INLINE pack select_equal(const pack& a, const pack& b, const pack& x, const pack& y) {
    return a.lanes == b.lanes ? x.lanes : y.lanes;
  }
  // The operands are below half of the range, as for select_less. One type throughout: then GCC 12
  // sees that it is one instruction.
  friend NF_INLINE pack smaller(const pack& a, const pack& b) {
    const integers x = integers(a.lanes), y = integers(b.lanes);
    return words(x < y ? x : y);
  }
  friend NF_INLINE pack larger(const pack& a, const pack& b) {
    const integers x = integers(a.lanes), y = integers(b.lanes);
    return words(x < y ? y : x);
  }
  friend NF_INLINE pack least(const pack& a, const pack& b) {
    return a.lanes < b.lanes ? a.lanes : b.lanes;
  }
  friend NF_INLINE pack greatest(const pack& a, const pack& b) {
    return a.lanes < b.lanes ? b.lanes : a.lanes;
  }
  friend NF_INLINE pack float_bits(const pack& a) {
    vector<N, typename wide<Lane>::real> real;
    convert_lanes(real, integers(a.lanes));  // exact: the lanes are below 2^24, or 2^53
    return words(real);
  }
};

template <std::size_t N, class Lane>
struct lane_of<pack<N, Lane>> {
  using type = Lane;
};

/// As the scalar float_sum; the rounding is that of the floating-point environment.
template <direction D, std::size_t N, class Lane>
NF_INLINE pack<N, Lane> float_sum(const pack<N, Lane>& a, const pack<N, Lane>& t, int up) {
  using real = typename wide<Lane>::real;
  using reals = vector<N, real>;
  // t * 2^up is exact, so it is all the same whether the compiler fuses the two operations.
  const reals scale = reals{} + static_cast<real>(Lane{1} << up);
  return vector<N, Lane>(reals(a.lanes) + reals(t.lanes) * scale);
}

template <int Exponent, std::size_t N, class Lane>
NF_INLINE pack<N, Lane> scaled_integer(const pack<N, Lane>& a) {
  using real = typename wide<Lane>::real;
  using reals = vector<N, real>;
  constexpr auto power = static_cast<Lane>(Exponent + wide<Lane>::bias)
                         << wide<Lane>::mantissa_bits;
  const reals scale = reals{} + __builtin_bit_cast(real, power);
  return vector<N, Lane>(reals(float_bits(a).lanes) * scale);
}

/// As the scalar limited(): as signed numbers the positive floats are the larger ones, as unsigned
/// the negative.
template <std::size_t N, class Lane>
NF_INLINE pack<N, Lane> limited(const pack<N, Lane>& bits, const pack<N, Lane>& positive,
                                const pack<N, Lane>& negative) {
  const pack<N, Lane> once = smaller(bits, positive);
  return least(once, negative | pack<N, Lane>(Lane{1} << (8 * sizeof(Lane) - 1)));
}

/// The even lanes of two packs, or the odd ones, in order.
template <std::size_t N>
NF_INLINE pack<N> every_second_lane(const pack<N>& a, const pack<N>& b, bool odd) {
  if constexpr (N == 16) {
    return odd ? __builtin_shufflevector(a.lanes, b.lanes, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21,
                                         23, 25, 27, 29, 31)
               : __builtin_shufflevector(a.lanes, b.lanes, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20,
                                         22, 24, 26, 28, 30);
  } else if constexpr (N == 8) {
    return odd ? __builtin_shufflevector(a.lanes, b.lanes, 1, 3, 5, 7, 9, 11, 13, 15)
               : __builtin_shufflevector(a.lanes, b.lanes, 0, 2, 4, 6, 8, 10, 12, 14);
  } else {
    static_assert(N == 4);
    return odd ? __builtin_shufflevector(a.lanes, b.lanes, 1, 3, 5, 7)
               : __builtin_shufflevector(a.lanes, b.lanes, 0, 2, 4, 6);
  }
}

/// Two packs of f64 words to the low or the high halves of their lanes, in order.
template <std::size_t N>
NF_INLINE pack<2 * N> every_second_word(const pack<N, std::uint64_t>& first,
                                        const pack<N, std::uint64_t>& last, bool high) {
  const pack<2 *N> a = first.template as<std::uint32_t>(), b = last.template as<std::uint32_t>();
  return every_second_lane(a, b, high);
}

/// Each of the lower half of the lanes twice.
template <std::size_t N>
NF_INLINE pack<N> each_twice(const pack<N>& x) {
  if constexpr (N == 16) {
    return __builtin_shufflevector(x.lanes, x.lanes, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7,
                                   7);
  } else if constexpr (N == 8) {
    return __builtin_shufflevector(x.lanes, x.lanes, 0, 0, 1, 1, 2, 2, 3, 3);
  } else {
    static_assert(N == 4);
    return __builtin_shufflevector(x.lanes, x.lanes, 0, 0, 1, 1);
  }
}

/// Stores pairs of a lane each of two packs: those of the even lanes, then those of the odd ones.
template <std::size_t N>
NF_INLINE void store_pairs_in_turns(void* to, const pack<N, std::uint64_t>& a,
                                    const pack<N, std::uint64_t>& b) {
  using lanes = pack<N, std::uint64_t>;
  auto* const last = static_cast<unsigned char*>(to) + sizeof a.lanes;
  if constexpr (N == 8) {
    lanes(__builtin_shufflevector(a.lanes, b.lanes, 0, 8, 2, 10, 4, 12, 6, 14)).store(to);
    lanes(__builtin_shufflevector(a.lanes, b.lanes, 1, 9, 3, 11, 5, 13, 7, 15)).store(last);
  } else if constexpr (N == 4) {
    lanes(__builtin_shufflevector(a.lanes, b.lanes, 0, 4, 2, 6)).store(to);
    lanes(__builtin_shufflevector(a.lanes, b.lanes, 1, 5, 3, 7)).store(last);
  } else {
    static_assert(N == 2);
    lanes(__builtin_shufflevector(a.lanes, b.lanes, 0, 2)).store(to);
    lanes(__builtin_shufflevector(a.lanes, b.lanes, 1, 3)).store(last);
  }
}

/// Unsigned bytes times signed ones, the products of two neighbours added up in 16 bits, which have
/// to hold the sum.
template <std::size_t N>
NF_INLINE pack<N / 2, std::uint16_t> plain_byte_products(const pack<N, std::uint8_t>& a,
                                                         const pack<N, std::uint8_t>& b) {
  using signed_halves = vector<N / 2, std::int16_t>;
  using halves = vector<N / 2, std::uint16_t>;
  const halves x = halves(a.lanes), y = halves(b.lanes);
  const signed_halves even = signed_halves(y << 8) >> 8, odd = signed_halves(y) >> 8;
  return (x & 0xff) * halves(even) + (x >> 8) * halves(odd);
}
/// Signed half-words times those in the same places, two neighbours added up, modulo 2^32.
template <std::size_t N>
NF_INLINE pack<N> plain_pair_products(const pack<N>& a, const pack<N>& b) {
  using integers = vector<N, std::int32_t>;
  const integers low = (integers(a.lanes << 16) >> 16) * (integers(b.lanes << 16) >> 16),
                 high = (integers(a.lanes) >> 16) * (integers(b.lanes) >> 16);
  return vector<N, std::uint32_t>(low) + vector<N, std::uint32_t>(high);
}

/// Each lane turned to the left by so many bits as the low five bits of `by` say.
template <std::size_t N>
NF_INLINE pack<N> plain_turned_left(const pack<N>& x, const pack<N>& by) {
  const pack<N> steps = by & pack<N>(31);
  // by 0: the second shift is by 32 bits in all, which one alone need not do
  return (x << steps) | ((x >> 1) >> (pack<N>(31) - steps));
}

/// The doubles of floats: exact.
template <std::size_t N>
NF_INLINE void plain_widen_floats(const pack<N>& x, vector<N / 2, double>& first,
                                  vector<N / 2, double>& last) {
  vector<N / 2, float> half;
  __builtin_memcpy(&half, &x.lanes, sizeof half);
  first = __builtin_convertvector(half, vector<N / 2, double>);
  __builtin_memcpy(&half, reinterpret_cast<const unsigned char*>(&x.lanes) + sizeof half,
                   sizeof half);
  last = __builtin_convertvector(half, vector<N / 2, double>);
}

/// Stands for a look-up that an instruction set has no better way for than one value after the
/// other.
struct no_values {};
/// Where an instruction set has no way of its own from sums to codes of a byte, or no conversion to
/// FP8.
using bytes_of_sums = no_values;
using fp8_codes = no_values;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
