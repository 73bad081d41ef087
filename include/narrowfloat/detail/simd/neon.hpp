// SPDX-License-Identifier: MIT
// The packs and edge operations of AArch64 Advanced SIMD.
#pragma once

#if defined(__aarch64__)
#include <arm_neon.h>

#include "../../isa/detail/cpu_features.hpp"
#include "../codec/layout.hpp"
#include "../codec/philox.hpp"
#include "pack.hpp"
#include "region.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace neon {

inline constexpr std::size_t lanes = 4;
inline constexpr bool converts_half = true;
using words = pack<lanes>;
using halves = pack<2 * lanes, std::uint16_t>;
using bytes = pack<4 * lanes, std::uint8_t>;
using long_words = pack<lanes / 2, std::uint64_t>;

template <class Code>
NF_INLINE words load_widen(const unsigned char* from) {
  if constexpr (sizeof(Code) == 1) {
    std::uint32_t codes = 0;
    __builtin_memcpy(&codes, from, sizeof codes);
    const uint8x8_t x = vcreate_u8(codes);
    return words::words(vmovl_u16(vget_low_u16(vmovl_u8(x))));
  } else if constexpr (sizeof(Code) == 2) {
    std::uint64_t codes = 0;
    __builtin_memcpy(&codes, from, sizeof codes);
    return words::words(vmovl_u16(vcreate_u16(codes)));
  } else {
    return words::load(from);
  }
}
NF_INLINE halves load_widen_bytes(const unsigned char* from) {
  return halves::words(vmovl_u8(vld1_u8(from)));
}

NF_INLINE halves pack_codes(const words& a, const words& b) {
  return halves::words(vuzp1q_u16(uint16x8_t(a.lanes), uint16x8_t(b.lanes)));
}
NF_INLINE bytes pack_codes(const words& a, const words& b, const words& c, const words& d) {
  return bytes::words(
      vuzp1q_u8(uint8x16_t(pack_codes(a, b).lanes), uint8x16_t(pack_codes(c, d).lanes)));
}
NF_INLINE halves pack_codes(const halves& a, const halves& b) {
  return halves::words(vuzp1q_u8(uint8x16_t(a.lanes), uint8x16_t(b.lanes)));
}
NF_INLINE halves pack_signs(const words& a, const words& b) {
  return halves::words(vuzp2q_u16(uint16x8_t(a.lanes), uint16x8_t(b.lanes)));
}
NF_INLINE bytes pack_signs(const words& a, const words& b, const words& c, const words& d) {
  return bytes::words(
      vuzp2q_u8(uint8x16_t(pack_signs(a, b).lanes), uint8x16_t(pack_signs(c, d).lanes)));
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
using addend_look_up = no_values;  // bytes_of_sums serve

/// What makes codes of a byte from sums.
struct bytes_of_sums {
  /// The smaller one of the magnitude of x and a positive float; NaN where x is one. Not an
  /// intrinsic, of which -ffast-math would know that there is no NaN.
  static NF_INLINE words limited(const words& x, const words& most) {
    float32x4_t result;
    __asm__("fmin %0.4s, %1.4s, %2.4s"
            : "=w"(result)
            : "w"(vabsq_f32(float32x4_t(x.lanes))), "w"(float32x4_t(most.lanes)));
    return words::words(result);
  }
  /// The bytes above the lowest Below bits of words.
  template <int Below>
  static NF_INLINE bytes low(const words (&x)[4]) {
    constexpr bool is_high = Below >= 16;
    const halves first = is_high ? pack_signs(x[0], x[1]) : pack_codes(x[0], x[1]);
    const halves last = is_high ? pack_signs(x[2], x[3]) : pack_codes(x[2], x[3]);
    if constexpr (Below % 16 == 0) {
      return bytes::words(pack_codes(first, last).lanes);
    } else {
      const uint16x8_t a = uint16x8_t(first.lanes), b = uint16x8_t(last.lanes);
      return bytes::words(vshrn_high_n_u16(vshrn_n_u16(a, Below), b, Below));
    }
  }
  /// All ones where limited() has left NaN: no other float has a top byte of 0x7f.
  static NF_INLINE bytes is_nan(const words (&x)[4]) {
    return bytes::words(vceqq_u8(uint8x16_t(sign_bytes(x).lanes), vdupq_n_u8(0x7f)));
  }
  /// The low seven bits of one, the top bit of the other.
  static NF_INLINE bytes with_sign(const bytes& code, const bytes& sign) {
    return bytes::words(vbslq_u8(vdupq_n_u8(0x7f), uint8x16_t(code.lanes), uint8x16_t(sign.lanes)));
  }
};

/// The upper and the lower halves of words.
NF_INLINE void split_halves(const words& a, const words& b, halves& high, halves& low) {
  low = pack_codes(a, b);
  high = pack_signs(a, b);
}
NF_INLINE halves in_split_order(const halves& x) { return x; }

/// Half-words to the upper halves of words: bfloat16 to float.
NF_INLINE void widen_high(const halves& x, words& first, words& last) {
  const uint16x8_t all = uint16x8_t(x.lanes);
  first = words::words(vshll_n_u16(vget_low_u16(all), 16));
  last = words::words(vshll_n_u16(vget_high_u16(all), 16));
}

// The rounding mode of the half conversions is the environment's.
NF_INLINE halves to_half(const words& a, const words& b) {
  return halves::words(vcvt_high_f16_f32(vcvt_f16_f32(float32x4_t(a.lanes)), float32x4_t(b.lanes)));
}
NF_INLINE void from_half(const halves& x, words& first, words& last) {
  const float16x8_t all = float16x8_t(x.lanes);
  first = words::words(vcvt_f32_f16(vget_low_f16(all)));
  last = words::words(vcvt_high_f32_f16(all));
}
/// The same of binary16 in memory.
NF_INLINE void load_half(const unsigned char* from, words& first, words& last) {
  from_half(halves::load(from), first, last);
}

template <class Pack>
NF_INLINE void store(unsigned char* to, const Pack& x, bool) {
  x.store(to);
}
NF_INLINE void prefetch(const unsigned char* from) { __builtin_prefetch(from); }
NF_INLINE void finish_streaming() {}

/// The doubles of floats, and doubles as floats, rounded as the environment has it.
NF_INLINE void load_doubles(const unsigned char* from, long_words& first, long_words& last) {
  const float32x4_t x = float32x4_t(words::load(from).lanes);
  first = long_words::words(vcvt_f64_f32(vget_low_f32(x)));
  last = long_words::words(vcvt_high_f64_f32(x));
}
NF_INLINE words narrow_doubles(const long_words& first, const long_words& last) {
  return words::words(
      vcvt_high_f32_f64(vcvt_f32_f64(float64x2_t(first.lanes)), float64x2_t(last.lanes)));
}

/// Whether a sign bit is set.
NF_INLINE bool has_signs(const words& x) { return vmaxvq_u32(uint32x4_t(x.lanes)) >> 31 != 0; }
/// The sign bits, that of lane k in bit k.
NF_INLINE std::uint32_t sign_bits(const words& x) {
  const vector<lanes, std::uint32_t> places{0, 1, 2, 3};
  return vaddvq_u32(uint32x4_t(x.lanes >> 31 << places));
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
/// x * (high + low), rounded once; x * low is exact.
NF_INLINE words product_of_sum(const words& x, const words& high, const words& low) {
  const float32x4_t rest = vmulq_f32(float32x4_t(x.lanes), float32x4_t(low.lanes));
  return words::words(vfmaq_f32(rest, float32x4_t(x.lanes), float32x4_t(high.lanes)));
}

/// a * b + c, rounded once.
NF_INLINE vector<lanes, float> multiply_add(const vector<lanes, float>& a,
                                            const vector<lanes, float>& b,
                                            const vector<lanes, float>& c) {
  return vector<lanes, float>(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b)));
}
NF_INLINE vector<lanes / 2, double> multiply_add(const vector<lanes / 2, double>& a,
                                                 const vector<lanes / 2, double>& b,
                                                 const vector<lanes / 2, double>& c) {
  return vector<lanes / 2, double>(vfmaq_f64(float64x2_t(c), float64x2_t(a), float64x2_t(b)));
}

/// a / b and the square root, rounded once. Not expressions: -ffast-math makes approximations of
/// these.
NF_INLINE vector<lanes, float> quotient(const vector<lanes, float>& a,
                                        const vector<lanes, float>& b) {
  return vector<lanes, float>(vdivq_f32(float32x4_t(a), float32x4_t(b)));
}
NF_INLINE vector<lanes, float> square_root(const vector<lanes, float>& x) {
  return vector<lanes, float>(vsqrtq_f32(float32x4_t(x)));
}

NF_INLINE wide_product<long_words> multiply_wide(const long_words& a, const long_words& b) {
  const long_words product =
      long_words::words(vmull_u32(vmovn_u64(uint64x2_t(a.lanes)), vmovn_u64(uint64x2_t(b.lanes))));
  return {product >> 32, product};
}

/// Four words of each of `lanes` rows, Apart bytes apart: word k of row r to lane r of found[k].
template <std::size_t Apart>
NF_INLINE void load_rows(const std::uint8_t* rows, words (&found)[4]) {
  const uint32x4_t a = uint32x4_t(words::load(rows).lanes);
  const uint32x4_t b = uint32x4_t(words::load(rows + Apart).lanes);
  const uint32x4_t c = uint32x4_t(words::load(rows + 2 * Apart).lanes);
  const uint32x4_t d = uint32x4_t(words::load(rows + 3 * Apart).lanes);
  const uint64x2_t ab = uint64x2_t(vzip1q_u32(a, b)), ab_high = uint64x2_t(vzip2q_u32(a, b));
  const uint64x2_t cd = uint64x2_t(vzip1q_u32(c, d)), cd_high = uint64x2_t(vzip2q_u32(c, d));
  found[0] = words::words(vzip1q_u64(ab, cd));
  found[1] = words::words(vzip2q_u64(ab, cd));
  found[2] = words::words(vzip1q_u64(ab_high, cd_high));
  found[3] = words::words(vzip2q_u64(ab_high, cd_high));
}
/// Of 16 floats those that the low four bits of each lane choose.
struct nibble_floats {
  uint8x16x4_t all;

  NF_INLINE explicit nibble_floats(const float* value)
      : all(vld1q_u8_x4(reinterpret_cast<const std::uint8_t*>(value))) {}
  NF_INLINE words of(const words& codes) const {
    const words places = ((codes & words(15)) << 2).lanes * words(0x01010101).lanes;
    return words::words(vqtbl4q_u8(all, uint8x16_t((places + words(0x03020100)).lanes)));
  }
};
/// Of 16 bytes those that the bytes of `codes`, all below 16, choose.
struct nibble_bytes {
  uint8x16_t all;

  NF_INLINE explicit nibble_bytes(const std::uint8_t* value) : all(vld1q_u8(value)) {}
  NF_INLINE bytes of(const bytes& codes) const {
    return bytes::words(vqtbl1q_u8(all, uint8x16_t(codes.lanes)));
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
  const uint32x4_t a = vpaddq_u32(uint32x4_t(x[0].lanes), uint32x4_t(x[1].lanes));
  const uint32x4_t b = vpaddq_u32(uint32x4_t(x[2].lanes), uint32x4_t(x[3].lanes));
  return words::words(vpaddq_u32(a, b));
}
/// The doubles of signed words.
NF_INLINE void widen_integers(const words& x, vector<lanes / 2, double>& first,
                              vector<lanes / 2, double>& last) {
  const int32x4_t all = int32x4_t(x.lanes);
  first = vector<lanes / 2, double>(vcvtq_f64_s64(vmovl_s32(vget_low_s32(all))));
  last = vector<lanes / 2, double>(vcvtq_f64_s64(vmovl_high_s32(all)));
}

/// A table of 256 bytes in four look-ups of 64, each of which gives 0 outside its own.
struct byte_table {
  uint8x16x4_t quarter[4];

  NF_INLINE explicit byte_table(const std::uint8_t* table) {
    for (int k = 0; k < 4; ++k) quarter[k] = vld1q_u8_x4(table + 64 * k);
  }
  NF_INLINE bytes find(const bytes& code) const {
    uint8x16_t x = uint8x16_t(code.lanes), found = vqtbl4q_u8(quarter[0], x);
    for (int k = 1; k < 4; ++k) {
      x = vsubq_u8(x, vdupq_n_u8(64));
      found = vorrq_u8(found, vqtbl4q_u8(quarter[k], x));
    }
    return bytes::words(found);
  }
};

/// The bytes of two packs in turns, or those pairs below two bytes of zero.
template <std::size_t OutBytes>
NF_INLINE void store_pairs(unsigned char* to, const bytes& low, const bytes& high, bool stream) {
  const uint8x16_t a = uint8x16_t(low.lanes), b = uint8x16_t(high.lanes);
  const halves pairs[2] = {halves::words(vzip1q_u8(a, b)), halves::words(vzip2q_u8(a, b))};
  for (std::size_t k = 0; k < 2; ++k) {
    if constexpr (OutBytes == 2) {
      store(to + k * sizeof(halves), pairs[k], stream);
    } else {
      words first(0), last(0);
      widen_high(pairs[k], first, last);
      store(to + 2 * k * sizeof(words), first, stream);
      store(to + (2 * k + 1) * sizeof(words), last, stream);
    }
  }
}

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

#if defined(NF_HARDWARE_FP8)
#include "fp8.inl"

#include "neon_fp8.inl"
#endif

}  // namespace neon
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
#endif
