// SPDX-License-Identifier: MIT
// The packs and edge operations of the compiler's baseline: no intrinsics, no target.
#pragma once

#include "../../isa/detail/cpu_features.hpp"
#include "../codec/layout.hpp"
#include "../codec/philox.hpp"
#include "pack.hpp"
#include "region.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace generic {

inline constexpr std::size_t lanes = 4;
inline constexpr bool converts_half = false;
using words = pack<lanes>;
using halves = pack<2 * lanes, std::uint16_t>;
using bytes = pack<4 * lanes, std::uint8_t>;
using long_words = pack<lanes / 2, std::uint64_t>;

template <class Code>
NF_INLINE words load_widen(const unsigned char* from) {
  Code codes[lanes];
  __builtin_memcpy(codes, from, sizeof codes);
  return words::words{codes[0], codes[1], codes[2], codes[3]};
}

// Little-endian: the low half of a word is its even half-word.
NF_INLINE halves pack_codes(const words& a, const words& b) {
  return __builtin_shufflevector(halves::words(a.lanes), halves::words(b.lanes), 0, 2, 4, 6, 8, 10,
                                 12, 14);
}
NF_INLINE bytes pack_codes(const words& a, const words& b, const words& c, const words& d) {
  return __builtin_shufflevector(bytes::words(pack_codes(a, b).lanes),
                                 bytes::words(pack_codes(c, d).lanes), 0, 2, 4, 6, 8, 10, 12, 14,
                                 16, 18, 20, 22, 24, 26, 28, 30);
}
NF_INLINE halves pack_codes(const halves& a, const halves& b) {
  return halves::words(__builtin_shufflevector(bytes::words(a.lanes), bytes::words(b.lanes), 0, 2,
                                               4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28,
                                               30));
}
NF_INLINE halves pack_signs(const words& a, const words& b) { return pack_codes(a >> 16, b >> 16); }
NF_INLINE bytes pack_signs(const words& a, const words& b, const words& c, const words& d) {
  return pack_codes(a >> 24, b >> 24, c >> 24, d >> 24);
}
template <class Pack>
NF_INLINE Pack in_order(const Pack& x) {
  return x;
}

/// The lowest bytes of words, and bytes with their signs; out of order, too.
NF_INLINE bytes low_bytes(const words (&x)[4]) {
  const words mask(0xff);
  return pack_codes(x[0] & mask, x[1] & mask, x[2] & mask, x[3] & mask);
}
NF_INLINE bytes sign_bytes(const words (&x)[4]) { return pack_signs(x[0], x[1], x[2], x[3]); }

using masked_bytes = no_values;
using nearest_arithmetic = no_values;  // only as the environment has it
using odd_floats = no_values;
using six_bit_codes = no_values;
template <std::size_t>
using addend_look_up = no_values;  // round_by_sum() serves

/// The upper and the lower halves of words.
NF_INLINE void split_halves(const words& a, const words& b, halves& high, halves& low) {
  low = pack_codes(a, b);
  high = __builtin_shufflevector(halves::words(a.lanes), halves::words(b.lanes), 1, 3, 5, 7, 9, 11,
                                 13, 15);
}
NF_INLINE halves in_split_order(const halves& x) { return x; }

/// Half-words to the upper halves of words: bfloat16 to float.
NF_INLINE void widen_high(const halves& x, words& first, words& last) {
  const halves::words zero{};
  first = words::words(__builtin_shufflevector(zero, x.lanes, 0, 8, 0, 9, 0, 10, 0, 11));
  last = words::words(__builtin_shufflevector(zero, x.lanes, 0, 12, 0, 13, 0, 14, 0, 15));
}

template <class Pack>
NF_INLINE void store(unsigned char* to, const Pack& x, bool) {
  x.store(to);
}
NF_INLINE void prefetch(const unsigned char* from) { __builtin_prefetch(from); }
NF_INLINE void finish_streaming() {}

/// The doubles of floats, and doubles as floats, rounded as the environment has it.
NF_INLINE void load_doubles(const unsigned char* from, long_words& first, long_words& last) {
  using doubles_of = vector<lanes / 2, double>;
  float x[lanes];
  __builtin_memcpy(x, from, sizeof x);
  first = long_words::words(doubles_of{static_cast<double>(x[0]), static_cast<double>(x[1])});
  last = long_words::words(doubles_of{static_cast<double>(x[2]), static_cast<double>(x[3])});
}
NF_INLINE words narrow_doubles(const long_words& first, const long_words& last) {
  using doubles_of = vector<lanes / 2, double>;
  const doubles_of low = doubles_of(first.lanes), high = doubles_of(last.lanes);
  return words::words(vector<lanes, float>{static_cast<float>(low[0]), static_cast<float>(low[1]),
                                           static_cast<float>(high[0]),
                                           static_cast<float>(high[1])});
}

/// Whether a sign bit is set.
NF_INLINE bool has_signs(const words& x) {
  const long_words::words pairs = long_words::words(x.lanes);
  return ((pairs[0] | pairs[1]) & 0x8000000080000000u) != 0;
}
/// The sign bits, that of lane k in bit k.
NF_INLINE std::uint32_t sign_bits(const words& x) {
  std::uint32_t bits = 0;
  NF_UNROLL
  for (std::size_t k = 0; k < lanes; ++k) bits |= x.lanes[k] >> 31 << k;
  return bits;
}
/// The magnitudes of floats that are no NaN, or a positive float where that is larger.
NF_INLINE words magnitudes_from(const words& x, const words& least) {
  return larger(x & words(binary32::sign_mask - 1), least);
}
/// a - b, or 0 where that is negative.
NF_INLINE bytes saturated_difference(const bytes& a, const bytes& b) { return a - least(a, b); }
/// Whether a lane, unsigned, is at most that of `bound`.
NF_INLINE bool is_any_up_to(const words& x, const words& bound) {
  return has_signs(select_below(bound, x, words(0), words(binary32::sign_mask)));
}
/// x * (high + low), rounded once: the sum and its product are exact in double.
NF_INLINE words product_of_sum(const words& x, const words& high, const words& low) {
  float value[lanes], upper[lanes], lower[lanes];
  x.store(value);
  high.store(upper);
  low.store(lower);
  NF_UNROLL
  for (std::size_t k = 0; k < lanes; ++k) {
    const double factor = static_cast<double>(upper[k]) + static_cast<double>(lower[k]);
    value[k] = static_cast<float>(static_cast<double>(value[k]) * factor);
  }
  return words::load(value);
}

NF_INLINE wide_product<long_words> multiply_wide(const long_words& a, const long_words& b) {
  const long_words low(0xffffffffu);
  const long_words product = (a & low).lanes * (b & low).lanes;
  return {product >> 32, product};
}

NF_INLINE halves load_widen_bytes(const unsigned char* from) {
  halves x(0);
  convert_lanes(x.lanes, pack<2 * lanes, std::uint8_t>::load(from).lanes);
  return x;
}

/// Four words of each of `lanes` rows, Apart bytes apart: word k of row r to lane r of found[k].
template <std::size_t Apart>
NF_INLINE void load_rows(const std::uint8_t* rows, words (&found)[4]) {
  words x[4];
  NF_UNROLL
  for (std::size_t r = 0; r < lanes; ++r) x[r] = words::load(rows + r * Apart);
  NF_UNROLL
  for (std::uint32_t k = 0; k < 4; ++k)
    found[k] = words::words{x[0].lanes[k], x[1].lanes[k], x[2].lanes[k], x[3].lanes[k]};
}
/// Of 16 floats those that the low four bits of each lane choose.
struct nibble_floats {
  const float* value;

  NF_INLINE explicit nibble_floats(const float* all) : value(all) {}
  NF_INLINE words of(const words& codes) const {
    float found[lanes];
    NF_UNROLL
    for (std::size_t k = 0; k < lanes; ++k) found[k] = value[codes.lanes[k] & 15];
    return words::load(found);
  }
};
/// Of 16 bytes those that the bytes of `codes`, all below 16, choose.
struct nibble_bytes {
  const std::uint8_t* value;

  NF_INLINE explicit nibble_bytes(const std::uint8_t* all) : value(all) {}
  NF_INLINE bytes of(const bytes& codes) const {
    std::uint8_t code[sizeof(bytes)];
    codes.store(code);
    for (std::uint8_t& each : code) each = value[each];
    return bytes::load(code);
  }
};
using cell_floats = no_values;
using cell_bytes = no_values;
NF_INLINE words cell_numbers(const words& x, const vector<lanes, float>&) { return x; }
NF_INLINE words turned_left(const words& x, const words& by) { return plain_turned_left(x, by); }
NF_INLINE halves byte_products(const bytes& a, const bytes& b) { return plain_byte_products(a, b); }
/// Signed half-words times those in the same places, two neighbours added up.
NF_INLINE words pair_products(const words& a, const words& b) { return plain_pair_products(a, b); }
/// Of each four lanes of 128 bits: the sums of those of x[0], x[1], x[2] and x[3].
NF_INLINE words sums_of_fours(const words (&x)[4]) {
  const auto pairs = [](const words& a, const words& b) __attribute__((always_inline)) {
    return words(__builtin_shufflevector(a.lanes, b.lanes, 0, 4, 1, 5)) +
           words(__builtin_shufflevector(a.lanes, b.lanes, 2, 6, 3, 7));
  };
  const words a = pairs(x[0], x[1]), b = pairs(x[2], x[3]);
  return words(__builtin_shufflevector(a.lanes, b.lanes, 0, 1, 4, 5)) +
         words(__builtin_shufflevector(a.lanes, b.lanes, 2, 3, 6, 7));
}
/// The doubles of signed words.
NF_INLINE void widen_integers(const words& x, vector<lanes / 2, double>& first,
                              vector<lanes / 2, double>& last) {
  const vector<lanes, std::int32_t> all = vector<lanes, std::int32_t>(x.lanes);
  first = vector<lanes / 2, double>{static_cast<double>(all[0]), static_cast<double>(all[1])};
  last = vector<lanes / 2, double>{static_cast<double>(all[2]), static_cast<double>(all[3])};
}

using byte_table = no_values;
using few_values = no_values;
using nibble_choice = no_values;
using all_values = no_values;

#include "../codec/philox.inl"

/// The doubles of floats: exact.
NF_INLINE void widen_floats(const words& x, vector<lanes / 2, double>& first,
                            vector<lanes / 2, double>& last) {
  plain_widen_floats(x, first, last);
}

#include "lanes.inl"

/// a * b + c, rounded once where the product is exact.
template <class Lanes>
NF_INLINE Lanes multiply_add(const Lanes& a, const Lanes& b, const Lanes& c) {
  return separate(a * b) + c;
}

/// a / b and the square root, rounded once: in double, then to float, is as good (53 >= 2 * 24 +
/// 2). What becomes a float is hidden: -ffast-math makes a division of floats of it, and of that an
/// approximation.
NF_INLINE vector<lanes, float> floats_of_doubles(const doubles& first, const doubles& last) {
  const doubles a = separate(first), b = separate(last);
  return vector<lanes, float>{static_cast<float>(a[0]), static_cast<float>(a[1]),
                              static_cast<float>(b[0]), static_cast<float>(b[1])};
}
NF_INLINE vector<lanes, float> quotient(const vector<lanes, float>& a,
                                        const vector<lanes, float>& b) {
  doubles a0, a1, b0, b1;
  widen_floats(words::words(a), a0, a1);
  widen_floats(words::words(b), b0, b1);
  return floats_of_doubles(a0 / b0, a1 / b1);
}
NF_INLINE vector<lanes, float> square_root(const vector<lanes, float>& x) {
  doubles first, last;
  widen_floats(words::words(x), first, last);
  NF_UNROLL
  for (std::size_t k = 0; k < lanes / 2; ++k) {
    first[k] = __builtin_sqrt(first[k]);
    last[k] = __builtin_sqrt(last[k]);
  }
  return floats_of_doubles(first, last);
}

/// Doubles in the range of normal floats as floats, rounded down.
NF_INLINE words narrow_down(const long_words& first, const long_words& last) {
  return narrow_doubles(down_to_24_bits(first), down_to_24_bits(last));
}

/// The largest lanes, as signed words, of x[0], x[1], x[2] and x[3].
NF_INLINE pack<4> largest_of_fours(const words (&x)[4]) {
  return pack<4>::words{largest_lane(x[0]), largest_lane(x[1]), largest_lane(x[2]),
                        largest_lane(x[3])};
}

#include "groups.inl"

#include "random.inl"

}  // namespace generic
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
