// SPDX-License-Identifier: MIT
// The packs and edge operations of AVX-512 (F, BW, VL, DQ), and the look-ups of AVX-512 with VBMI.
// Long because the two share packs and loops.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include "../../isa/detail/cpu_features.hpp"
#include "../codec/philox.hpp"
#include "pack.hpp"
#include "region.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
NF_TARGET_BEGIN(NF_AVX512)
namespace avx512 {

inline constexpr std::size_t lanes = 16;
inline constexpr bool converts_half = true;
using words = pack<lanes>;
using halves = pack<2 * lanes, std::uint16_t>;
using bytes = pack<4 * lanes, std::uint8_t>;
using long_words = pack<lanes / 2, std::uint64_t>;

// The maskz forms: GCC 12's headers warn of an uninitialized operand in the plain ones.
template <class Code>
NF_INLINE words load_widen(const unsigned char* from) {
  if constexpr (sizeof(Code) == 1) {
    return words::words(_mm512_maskz_cvtepu8_epi32(
        0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
  } else if constexpr (sizeof(Code) == 2) {
    return words::words(_mm512_maskz_cvtepu16_epi32(
        0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
  } else {
    return words::load(from);
  }
}
NF_INLINE halves load_widen_bytes(const unsigned char* from) {
  return halves::words(_mm512_maskz_cvtepu8_epi16(
      ~__mmask32{0}, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
}

// Packs work in 128-bit halves: pack_* leave the lanes out of order, in_order() ends that. Codes
// fit, so saturation never acts on them; signed saturation keeps the top bit, all of a sign word.
NF_INLINE halves pack_codes(const words& a, const words& b) {
  return halves::words(_mm512_packus_epi32(__m512i(a.lanes), __m512i(b.lanes)));
}
NF_INLINE bytes pack_codes(const words& a, const words& b, const words& c, const words& d) {
  return bytes::words(
      _mm512_packus_epi16(__m512i(pack_codes(a, b).lanes), __m512i(pack_codes(c, d).lanes)));
}
NF_INLINE halves pack_codes(const halves& a, const halves& b) {
  return halves::words(_mm512_packus_epi16(__m512i(a.lanes), __m512i(b.lanes)));
}
NF_INLINE halves pack_signs(const words& a, const words& b) {
  return halves::words(_mm512_packs_epi32(__m512i(a.lanes), __m512i(b.lanes)));
}
NF_INLINE bytes pack_signed(const halves& a, const halves& b) {
  return bytes::words(_mm512_packs_epi16(__m512i(a.lanes), __m512i(b.lanes)));
}
NF_INLINE bytes pack_signs(const words& a, const words& b, const words& c, const words& d) {
  return bytes::words(
      _mm512_packs_epi16(__m512i(pack_signs(a, b).lanes), __m512i(pack_signs(c, d).lanes)));
}
NF_INLINE halves in_order(const halves& x) {
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  return halves::words(_mm512_maskz_permutexvar_epi64(0xff, order, __m512i(x.lanes)));
}
NF_INLINE bytes in_order(const bytes& x) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return bytes::words(_mm512_maskz_permutexvar_epi32(0xffff, order, __m512i(x.lanes)));
}

/// The lowest bytes of words, and bytes with their signs; out of order, too.
NF_INLINE bytes low_bytes(const words (&x)[4]) {
  const words mask(0xff);
  return pack_codes(x[0] & mask, x[1] & mask, x[2] & mask, x[3] & mask);
}
NF_INLINE bytes sign_bytes(const words (&x)[4]) { return pack_signs(x[0], x[1], x[2], x[3]); }

/// The upper and the lower halves of words.
NF_INLINE void split_halves(const words& a, const words& b, halves& high, halves& low) {
  const __m512i even = _mm512_setr_epi64(0x0006000400020000, 0x000e000c000a0008, 0x0016001400120010,
                                         0x001e001c001a0018, 0x0026002400220020, 0x002e002c002a0028,
                                         0x0036003400320030, 0x003e003c003a0038);
  const __m512i odd = _mm512_or_si512(even, _mm512_set1_epi16(1));
  low = halves::words(_mm512_permutex2var_epi16(__m512i(a.lanes), even, __m512i(b.lanes)));
  high = halves::words(_mm512_permutex2var_epi16(__m512i(a.lanes), odd, __m512i(b.lanes)));
}
NF_INLINE halves in_split_order(const halves& x) { return x; }

NF_INLINE bytes in_split_order(const bytes& x) {
  return in_order(x.as<std::uint16_t>()).as<std::uint8_t>();
}

/// Sums with one of 16 or 32 floats. They name their rounding and raise no flags, in any
/// environment; where that takes subnormal floats for zero, so do they.
template <std::size_t Size>
struct addend_look_up {
  __m512i part[Size / 16];

  NF_INLINE explicit addend_look_up(const std::uint32_t (&all)[Size]) {
    for (std::size_t k = 0; k < Size / 16; ++k) part[k] = _mm512_load_si512(all + 16 * k);
  }
  /// The float that the low bits of each lane choose.
  NF_INLINE words of(const words& places) const {
    const __m512i place = __m512i(places.lanes);
    if constexpr (Size == 16)
      return words::words(_mm512_maskz_permutexvar_epi32(0xffff, place, part[0]));
    return words::words(_mm512_permutex2var_epi32(part[0], place, part[Size / 16 - 1]));
  }
  /// The smaller one of the magnitude of x and a positive float; any float where x is NaN.
  static NF_INLINE words limited(const words& x, const words& most) {
    constexpr int smaller_magnitude = 0b1010;
    __mmask16 all = 0xffff;  // no constant: at -O0 GCC 12 warns of one in its own macro
    return words::words(_mm512_maskz_range_round_ps(all, __m512(x.lanes), __m512(most.lanes),
                                                    smaller_magnitude, _MM_FROUND_NO_EXC));
  }
  /// What marked() puts in the place of a float: one whose low half is all ones, or one that is
  /// above a byte.
  static constexpr int ones = 0xe, above_a_byte = 0xd;  // vfixupimm's largest float, and pi / 2
  /// `value`, or these where x is NaN, or Inf; 0: `value`.
  static NF_INLINE words marked(const words& value, const words& x, int of_nan, int of_infinity) {
    const __m512i table = _mm512_set1_epi32(of_nan * 0x11 + of_infinity * 0x110000);
    __mmask16 all = 0xffff;
    return words::words(_mm512_maskz_fixupimm_round_ps(all, __m512(value.lanes), __m512(x.lanes),
                                                       table, 0, _MM_FROUND_NO_EXC));
  }
  /// `value`, or `infinity` where x is Inf.
  static NF_INLINE words or_infinity(const words& value, const words& x, const words& infinity) {
    constexpr int either_infinity = 0x18;
    return words::words(_mm512_mask_mov_epi32(
        __m512i(value.lanes), _mm512_fpclass_ps_mask(__m512(x.lanes), either_infinity),
        __m512i(infinity.lanes)));
  }
  /// The low seven bits of one, the top bit of the other.
  static NF_INLINE bytes with_sign(const bytes& code, const bytes& sign) {
    constexpr int first_chooses = 0xca;
    return bytes::words(_mm512_ternarylogic_epi64(_mm512_set1_epi8(0x7f), __m512i(code.lanes),
                                                  __m512i(sign.lanes), first_chooses));
  }
  /// a + b, rounded so.
  template <direction D>
  static NF_INLINE words sum(const words& a, const words& b) {
    __mmask16 all = 0xffff;
    return words::words(
        _mm512_maskz_add_round_ps(all, __m512(a.lanes), __m512(b.lanes), rounding<D>));
  }
  /// The same, or `nan` where x is NaN.
  template <direction D>
  static NF_INLINE words sum(const words& a, const words& b, const words& x, const words& nan) {
    return words::words(_mm512_mask_add_round_ps(__m512(nan.lanes), is_number(x), __m512(a.lanes),
                                                 __m512(b.lanes), rounding<D>));
  }

 private:
  template <direction D>
  static constexpr int rounding = _MM_FROUND_NO_EXC |
                                  (D == direction::to_zero       ? _MM_FROUND_TO_ZERO
                                   : D == direction::to_positive ? _MM_FROUND_TO_POS_INF
                                   : D == direction::to_negative ? _MM_FROUND_TO_NEG_INF
                                                                 : _MM_FROUND_TO_NEAREST_INT);
  /// Not a comparison, of which Clang's -ffast-math would know the result.
  static NF_INLINE __mmask16 is_number(const words& x) {
    __mmask16 result;
    __asm__("vcmpordps %{sae%}, %1, %1, %0" : "=Yk"(result) : "v"(__m512(x.lanes)));
    return result;
  }
};

/// Half-words to the upper halves of words: bfloat16 to float.
NF_INLINE void widen_high(const halves& x, words& first, words& last) {
  const __m512i low =
      _mm512_setr_epi32(0x00000000, 0x00010000, 0x00020000, 0x00030000, 0x00040000, 0x00050000,
                        0x00060000, 0x00070000, 0x00080000, 0x00090000, 0x000a0000, 0x000b0000,
                        0x000c0000, 0x000d0000, 0x000e0000, 0x000f0000);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(0x00100000));
  constexpr __mmask32 odd = 0xaaaaaaaa;
  first = words::words(_mm512_maskz_permutexvar_epi16(odd, low, __m512i(x.lanes)));
  last = words::words(_mm512_maskz_permutexvar_epi16(odd, high, __m512i(x.lanes)));
}

// The rounding mode of the half conversions is the environment's; they do not flush.
NF_INLINE halves to_half(const words& a, const words& b) {
  constexpr int current = _MM_FROUND_CUR_DIRECTION;
  const vector<4, std::uint64_t> low =
      vector<4, std::uint64_t>(_mm512_maskz_cvtps_ph(0xffff, __m512(a.lanes), current));
  const vector<4, std::uint64_t> high =
      vector<4, std::uint64_t>(_mm512_maskz_cvtps_ph(0xffff, __m512(b.lanes), current));
  return halves::words(__builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7));
}
NF_INLINE void from_half(const halves& x, words& first, words& last) {
  const long_words::words all = long_words::words(x.lanes);
  const __m256i low = __m256i(__builtin_shufflevector(all, all, 0, 1, 2, 3));
  const __m256i high = __m256i(__builtin_shufflevector(all, all, 4, 5, 6, 7));
  first = words::words(_mm512_maskz_cvtph_ps(0xffff, low));
  last = words::words(_mm512_maskz_cvtph_ps(0xffff, high));
}
/// The same of binary16 in memory.
NF_INLINE void load_half(const unsigned char* from, words& first, words& last) {
  const auto* const quarters = reinterpret_cast<const __m256i*>(from);
  first = words::words(_mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(quarters)));
  last = words::words(_mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(quarters + 1)));
}

template <class Pack>
NF_INLINE void store(unsigned char* to, const Pack& x, bool stream) {
  if (stream) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), __m512i(x.lanes));
  } else {
    x.store(to);
  }
}
/// The first `count` bytes, not 0, of a vector, or all of it: no others are touched. What is not
/// loaded is 0.
struct masked_bytes {
  static NF_INLINE bytes load(const unsigned char* from, std::size_t count) {
    return bytes::words(_mm512_maskz_loadu_epi8(first(count), from));
  }
  static NF_INLINE void store(unsigned char* to, const bytes& x, std::size_t count) {
    _mm512_mask_storeu_epi8(to, first(count), __m512i(x.lanes));
  }

 private:
  static NF_INLINE __mmask64 first(std::size_t count) {
    return ~__mmask64{0} >> (count < 64 ? 64 - count : 0);
  }
};
NF_INLINE void prefetch(const unsigned char* from) {
  _mm_prefetch(reinterpret_cast<const char*>(from), _MM_HINT_T0);
}
NF_INLINE void finish_streaming() { _mm_sfence(); }

/// The doubles of floats, and doubles as floats, rounded as the environment has it. Masked, since
/// GCC 12 warns of what its own header leaves undefined in the plain ones.
NF_INLINE void load_doubles(const unsigned char* from, long_words& first, long_words& last) {
  first = long_words::words(
      _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(reinterpret_cast<const float*>(from))));
  last = long_words::words(
      _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(reinterpret_cast<const float*>(from) + 8)));
}
NF_INLINE words narrow_doubles(const long_words& first, const long_words& last) {
  const __m256 low = _mm512_maskz_cvtpd_ps(0xff, __m512d(first.lanes));
  const __m256 high = _mm512_maskz_cvtpd_ps(0xff, __m512d(last.lanes));
  return words::words(
      __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/// The doubles of floats: exact. Not plain_widen_floats(): GCC 12 makes four quarters of a pack.
NF_INLINE void widen_floats(const words& x, vector<lanes / 2, double>& first,
                            vector<lanes / 2, double>& last) {
  const vector<lanes, float> all = vector<lanes, float>(x.lanes);
  const auto low = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7);
  const auto high = __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
  first = _mm512_maskz_cvtps_pd(0xff, __m256(low));
  last = _mm512_maskz_cvtps_pd(0xff, __m256(high));
}

/// Arithmetic that rounds to nearest in any environment.
struct nearest_arithmetic {
  static constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

  static NF_INLINE words product(const words& a, const words& b) {
    __mmask16 all = 0xffff;  // no constant: at -O0 GCC 12 warns of one in its own macro
    return words::words(_mm512_maskz_mul_round_ps(all, __m512(a.lanes), __m512(b.lanes), nearest));
  }
  static NF_INLINE words difference(const words& a, const words& b) {
    __mmask16 all = 0xffff;
    return words::words(_mm512_maskz_sub_round_ps(all, __m512(a.lanes), __m512(b.lanes), nearest));
  }
  static NF_INLINE vector<lanes / 2, double> sum(const vector<lanes / 2, double>& a,
                                                 const vector<lanes / 2, double>& b) {
    __mmask8 all = 0xff;
    return _mm512_maskz_add_round_pd(all, __m512d(a), __m512d(b), nearest);
  }
  /// Adds 1 to the lanes, in the order of packs, where a result is 0 and its error is not; both are
  /// magnitudes.
  static NF_INLINE void count_lost(const words (&result)[2], const words (&error)[2],
                                   halves& counter) {
    const __m512i results = __m512i(pack_signs(result[0], result[1]).lanes),
                  errors = __m512i(pack_signs(error[0], error[1]).lanes);
    const __mmask32 zero = _mm512_testn_epi16_mask(results, results);
    counter = halves::words(_mm512_mask_add_epi16(__m512i(counter.lanes),
                                                  _mm512_mask_test_epi16_mask(zero, errors, errors),
                                                  __m512i(counter.lanes), _mm512_set1_epi16(1)));
  }
  /// Adds the squares of floats to sums in double.
  static NF_INLINE void add_squares(const words& x, vector<lanes / 2, double> (&sums)[2]) {
    vector<lanes / 2, double> y[2];
    widen_floats(x, y[0], y[1]);
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k)
      sums[k] = _mm512_fmadd_round_pd(y[k], y[k], sums[k], nearest);
  }
};

/// Doubles as floats that stand for them in roundings to fewer bits, in any environment that keeps
/// subnormals.
struct odd_floats {
  /// Rounded to odd.
  static NF_INLINE words of(const long_words& first, const long_words& last) {
    const words down = narrowed<_MM_FROUND_TO_NEG_INF>(first, last),
                up = narrowed<_MM_FROUND_TO_POS_INF>(first, last);
    return least(down, up) | ((down | up) & words(1));  // where they differ one of them is odd
  }
  /// The same for roundings to nearest, or toward zero, to at most so many mantissa bits: the lower
  /// words, which show what is cut off, have three bits of the floats as well. Toward zero below
  /// the smallest normal float, where no such rounding looks.
  static constexpr int normal_mantissa_bits = 19;
  static NF_INLINE words of_normal(const long_words& first, const long_words& last) {
    const words low = every_second_word(first, last, false);
    return narrowed<_MM_FROUND_TO_ZERO>(first, last) | least(low, words(1));
  }

 private:
  template <int Rounding>
  static NF_INLINE words narrowed(const long_words& first, const long_words& last) {
    constexpr int rounding = Rounding | _MM_FROUND_NO_EXC;
    __mmask8 all = 0xff;  // no constant: at -O0 GCC 12 warns of one in its own macro
    const __m256 low = _mm512_maskz_cvt_roundpd_ps(all, __m512d(first.lanes), rounding);
    const __m256 high = _mm512_maskz_cvt_roundpd_ps(all, __m512d(last.lanes), rounding);
    return words::words(
        __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  }
};

/// Whether a sign bit is set.
NF_INLINE bool has_signs(const words& x) { return _mm512_movepi32_mask(__m512i(x.lanes)) != 0; }
/// The sign bits, that of lane k in bit k.
NF_INLINE std::uint32_t sign_bits(const words& x) { return _mm512_movepi32_mask(__m512i(x.lanes)); }
/// Doubles as floats, rounded down.
NF_INLINE words narrow_down(const long_words& first, const long_words& last) {
  constexpr int down = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  __mmask8 all = 0xff;  // no constant: at -O0 GCC 12 warns of one in its own macro
  const __m256 low = _mm512_maskz_cvt_roundpd_ps(all, __m512d(first.lanes), down);
  const __m256 high = _mm512_maskz_cvt_roundpd_ps(all, __m512d(last.lanes), down);
  return words::words(
      __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}
/// The magnitudes of floats that are no NaN, or a positive float where that is larger.
NF_INLINE words magnitudes_from(const words& x, const words& least) {
  constexpr int larger_magnitude = 0b1011;
  return words::words(
      _mm512_maskz_range_ps(0xffff, __m512(x.lanes), __m512(least.lanes), larger_magnitude));
}
/// a - b, or 0 where that is negative.
NF_INLINE bytes saturated_difference(const bytes& a, const bytes& b) {
  return bytes::words(_mm512_subs_epu8(__m512i(a.lanes), __m512i(b.lanes)));
}
/// Whether a lane, unsigned, is at most that of `bound`.
NF_INLINE bool is_any_up_to(const words& x, const words& bound) {
  return _mm512_cmple_epu32_mask(__m512i(x.lanes), __m512i(bound.lanes)) != 0;
}
/// x * (high + low), rounded once; x * low is exact.
NF_INLINE words product_of_sum(const words& x, const words& high, const words& low) {
  const __m512 rest = _mm512_mul_ps(__m512(x.lanes), __m512(low.lanes));
  return words::words(_mm512_fmadd_ps(__m512(x.lanes), __m512(high.lanes), rest));
}

/// a * b + c, rounded once.
NF_INLINE vector<lanes, float> multiply_add(const vector<lanes, float>& a,
                                            const vector<lanes, float>& b,
                                            const vector<lanes, float>& c) {
  return _mm512_fmadd_ps(__m512(a), __m512(b), __m512(c));
}
NF_INLINE vector<lanes / 2, double> multiply_add(const vector<lanes / 2, double>& a,
                                                 const vector<lanes / 2, double>& b,
                                                 const vector<lanes / 2, double>& c) {
  return _mm512_fmadd_pd(__m512d(a), __m512d(b), __m512d(c));
}

/// a / b and the square root, rounded once. Not expressions: -ffast-math makes approximations of
/// these.
NF_INLINE vector<lanes, float> quotient(const vector<lanes, float>& a,
                                        const vector<lanes, float>& b) {
  __m512 result;
  __asm__("vdivps %2, %1, %0" : "=v"(result) : "v"(__m512(a)), "v"(__m512(b)));
  return result;
}
NF_INLINE vector<lanes, float> square_root(const vector<lanes, float>& x) {
  __m512 result;
  __asm__("vsqrtps %1, %0" : "=v"(result) : "v"(__m512(x)));
  return result;
}

NF_INLINE wide_product<long_words> multiply_wide(const long_words& a, const long_words& b) {
  const long_words product =
      long_words::words(_mm512_maskz_mul_epu32(0xff, __m512i(a.lanes), __m512i(b.lanes)));
  return {product >> 32, product};
}

/// Four words of each of `lanes` rows, Apart bytes apart: word k of row r to lane r of found[k].
template <std::size_t Apart>
NF_INLINE void load_rows(const std::uint8_t* rows, words (&found)[4]) {
  __m512i x[4];  // rows k, k + 4, k + 8 and k + 12
  NF_UNROLL
  for (std::size_t k = 0; k < 4; ++k) {
    const auto row = [&](std::size_t r) __attribute__((always_inline)) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows + r * Apart));
    };
    x[k] = _mm512_zextsi128_si512(row(k));
    x[k] = _mm512_maskz_inserti32x4(0xffff, x[k], row(k + 4), 1);
    x[k] = _mm512_maskz_inserti32x4(0xffff, x[k], row(k + 8), 2);
    x[k] = _mm512_maskz_inserti32x4(0xffff, x[k], row(k + 12), 3);
  }
  const __m512i a = _mm512_maskz_unpacklo_epi32(0xffff, x[0], x[1]);
  const __m512i b = _mm512_maskz_unpackhi_epi32(0xffff, x[0], x[1]);
  const __m512i c = _mm512_maskz_unpacklo_epi32(0xffff, x[2], x[3]);
  const __m512i d = _mm512_maskz_unpackhi_epi32(0xffff, x[2], x[3]);
  found[0] = words::words(_mm512_maskz_unpacklo_epi64(0xff, a, c));
  found[1] = words::words(_mm512_maskz_unpackhi_epi64(0xff, a, c));
  found[2] = words::words(_mm512_maskz_unpacklo_epi64(0xff, b, d));
  found[3] = words::words(_mm512_maskz_unpackhi_epi64(0xff, b, d));
}
/// Of 16 floats those that the low four bits of each lane choose.
struct nibble_floats {
  __m512 all;

  NF_INLINE explicit nibble_floats(const float* value) : all(_mm512_loadu_ps(value)) {}
  NF_INLINE words of(const words& codes) const {
    return words::words(_mm512_maskz_permutexvar_ps(0xffff, __m512i(codes.lanes), all));
  }
};
/// Of 16 bytes those that the bytes of `codes`, all below 16, choose.
struct nibble_bytes {
  __m512i all;

  NF_INLINE explicit nibble_bytes(const std::uint8_t* value)
      : all(_mm512_maskz_broadcast_i32x4(
            0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(value)))) {}
  NF_INLINE bytes of(const bytes& codes) const {
    return bytes::words(_mm512_shuffle_epi8(all, __m512i(codes.lanes)));
  }
};
/// Of 32 floats those that the low five bits of each lane choose.
struct cell_floats {
  __m512 low, high;

  NF_INLINE explicit cell_floats(const words (&all)[2])
      : low(__m512(all[0].lanes)), high(__m512(all[1].lanes)) {}
  NF_INLINE words of(const words& cells) const {
    return words::words(_mm512_permutex2var_ps(low, __m512i(cells.lanes), high));
  }
};
/// The whole part of x * factor + 16, which is from 0 to 31, in the low five bits of a lane. Others
/// are as cell_bytes wants them when 32 is added.
NF_INLINE words cell_numbers(const words& x, const vector<lanes, float>& factor) {
  const __m512 place = _mm512_fmadd_ps(__m512(x.lanes), __m512(factor), _mm512_set1_ps(16));
  return words::words(_mm512_maskz_cvttps_epi32(0xffff, place));
}
/// Of 64 bytes those that the numbers of four packs choose; out of order, as pack_codes().
struct cell_bytes {
  __m512i low, high;  // as half-words

  NF_INLINE explicit cell_bytes(const std::uint8_t* value)
      : low(__m512i(load_widen_bytes(value).lanes)),
        high(__m512i(load_widen_bytes(value + 32).lanes)) {}
  NF_INLINE bytes of(const words (&x)[4]) const {
    const auto codes = [&](const words& a, const words& b) __attribute__((always_inline)) {
      return _mm512_permutex2var_epi16(low, __m512i(pack_codes(a, b).lanes), high);
    };
    return bytes::words(_mm512_packus_epi16(codes(x[0], x[1]), codes(x[2], x[3])));
  }
};
/// Each lane turned to the left by so many bits as the low five bits of `by` say.
NF_INLINE words turned_left(const words& x, const words& by) {
  return words::words(_mm512_maskz_rolv_epi32(0xffff, __m512i(x.lanes), __m512i(by.lanes)));
}
/// Unsigned bytes times signed ones, the products of two neighbours added up.
NF_INLINE halves byte_products(const bytes& a, const bytes& b) {
  return halves::words(_mm512_maddubs_epi16(__m512i(a.lanes), __m512i(b.lanes)));
}
/// Signed half-words times those in the same places, two neighbours added up.
NF_INLINE words pair_products(const words& a, const words& b) {
  return words::words(_mm512_madd_epi16(__m512i(a.lanes), __m512i(b.lanes)));
}
/// Of each four lanes of 128 bits: the sums of those of x[0], x[1], x[2] and x[3].
NF_INLINE words sums_of_fours(const words (&x)[4]) {
  __m512i pairs[2];
  NF_UNROLL
  for (std::size_t k = 0; k < 2; ++k) {
    const __m512i a = __m512i(x[2 * k].lanes), b = __m512i(x[2 * k + 1].lanes);
    pairs[k] = _mm512_add_epi32(_mm512_maskz_unpacklo_epi32(0xffff, a, b),
                                _mm512_maskz_unpackhi_epi32(0xffff, a, b));
  }
  return words::words(_mm512_add_epi32(_mm512_maskz_unpacklo_epi64(0xff, pairs[0], pairs[1]),
                                       _mm512_maskz_unpackhi_epi64(0xff, pairs[0], pairs[1])));
}
/// The largest lanes, as signed words, of x[0], x[1], x[2] and x[3].
NF_INLINE pack<4> largest_of_fours(const words (&x)[4]) {
  __m512i pairs[2];
  NF_UNROLL
  for (std::size_t k = 0; k < 2; ++k) {
    const __m512i a = __m512i(x[2 * k].lanes), b = __m512i(x[2 * k + 1].lanes);
    pairs[k] = _mm512_maskz_max_epi32(0xffff, _mm512_maskz_unpacklo_epi32(0xffff, a, b),
                                      _mm512_maskz_unpackhi_epi32(0xffff, a, b));
  }
  const __m512i fours =
      _mm512_maskz_max_epi32(0xffff, _mm512_maskz_unpacklo_epi64(0xff, pairs[0], pairs[1]),
                             _mm512_maskz_unpackhi_epi64(0xff, pairs[0], pairs[1]));
  const words::words all = words::words(fours);
  const __m256i half =
      _mm256_max_epi32(__m256i(__builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7)),
                       __m256i(__builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15)));
  return pack<4>::words(
      _mm_max_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}
/// The doubles of signed words.
NF_INLINE void widen_integers(const words& x, vector<lanes / 2, double>& first,
                              vector<lanes / 2, double>& last) {
  const long_words::words all = long_words::words(x.lanes);
  const __m256i low = __m256i(__builtin_shufflevector(all, all, 0, 1, 2, 3));
  const __m256i high = __m256i(__builtin_shufflevector(all, all, 4, 5, 6, 7));
  first = _mm512_maskz_cvtepi32_pd(0xff, low);
  last = _mm512_maskz_cvtepi32_pd(0xff, high);
}

using byte_table = no_values;  // without VBMI that of AVX2 serves
using six_bit_codes = no_values;

/// A table of up to 16 values in a vector.
struct few_values {
  static constexpr std::size_t most = 16;
  __m512 all;

  NF_INLINE explicit few_values(const float* value, const std::uint8_t (&)[4][256])
      : all(_mm512_load_ps(value)) {}
  NF_INLINE void find(const unsigned char* in, words (&found)[4]) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const __m512i code = __m512i(load_widen<std::uint8_t>(in + k * lanes).lanes);
      found[k] = words::words(_mm512_maskz_permutexvar_ps(0xffff, code, all));
    }
  }
};
/// Of 16 floats, those that the codes of 4 bits from `from` on choose.
struct nibble_choice {
  static NF_INLINE words of(const words (&floats)[1], const std::uint8_t* from) {
    int low = 0, high = 0;
    __builtin_memcpy(&low, from, sizeof low);
    __builtin_memcpy(&high, from + sizeof low, sizeof high);
    const __m512i codes = _mm512_mask_set1_epi32(_mm512_set1_epi32(low), 0xff00, high);
    const __m512i places =
        _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
    const __m512i code = _mm512_maskz_srlv_epi32(0xffff, codes, places);
    return words::words(_mm512_maskz_permutexvar_epi32(0xffff, code, __m512i(floats[0].lanes)));
  }
};
/// A table of up to 256 values in 16 vectors.
struct all_values {
  __m512 row[16];

  NF_INLINE explicit all_values(const float* value, const std::uint8_t (&)[4][256]) {
    NF_UNROLL
    for (int k = 0; k < 16; ++k) row[k] = _mm512_load_ps(value + 16 * k);
  }
  NF_INLINE void find(const unsigned char* in, words (&found)[4]) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const __m512i code = __m512i(load_widen<std::uint8_t>(in + k * lanes).lanes);
      __m512 pair[8];  // by the low five bits of the code; the others choose among them
      NF_UNROLL
      for (int r = 0; r < 8; ++r) {
        pair[r] = _mm512_maskz_permutex2var_ps(0xffff, row[2 * r], code, row[2 * r + 1]);
      }
      NF_UNROLL
      for (int bit = 5; bit < 8; ++bit) {
        const __mmask16 odd = _mm512_test_epi32_mask(code, _mm512_set1_epi32(1 << bit));
        NF_UNROLL
        for (int r = 0; r < 1 << (7 - bit); ++r) {
          pair[r] = _mm512_mask_blend_ps(odd, pair[2 * r], pair[2 * r + 1]);
        }
      }
      found[k] = words::words(pair[0]);
    }
  }
};

#include "../codec/philox.inl"

#include "lanes.inl"

#include "groups.inl"

#include "random.inl"

#if defined(NF_HARDWARE_FP8)
#include "fp8.inl"

#include "avx10_2.inl"
#endif

}  // namespace avx512
NF_TARGET_END
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// With VBMI one permutation of bytes looks up 64 codes in half a table.
namespace narrowfloat::detail {
inline namespace NF_BASELINE {
NF_TARGET_BEGIN(NF_AVX512_VBMI)
namespace avx512_vbmi {

using avx512::byte_products, avx512::bytes, avx512::cell_floats, avx512::finish_streaming,
    avx512::halves, avx512::is_any_up_to, avx512::lanes, avx512::largest_of_fours,
    avx512::load_widen_bytes, avx512::long_words, avx512::magnitudes_from, avx512::masked_bytes,
    avx512::multiply_add, avx512::narrow_down, avx512::nibble_floats, avx512::pack_codes,
    avx512::prefetch, avx512::quotient, avx512::saturated_difference, avx512::store,
    avx512::turned_left, avx512::widen_floats, avx512::words;

struct byte_table {
  __m512i quarter[4];

  NF_INLINE explicit byte_table(const std::uint8_t* table) {
    NF_UNROLL
    for (int k = 0; k < 4; ++k) quarter[k] = _mm512_loadu_si512(table + 64 * k);
  }
  NF_INLINE bytes find(const bytes& code) const {
    const __m512i x = __m512i(code.lanes);
    const __m512i low = _mm512_permutex2var_epi8(quarter[0], x, quarter[1]);
    const __m512i high = _mm512_permutex2var_epi8(quarter[2], x, quarter[3]);
    return bytes::words(_mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
  }
};

/// The bytes of two packs in turns, or those pairs below two bytes of zero.
template <std::size_t OutBytes>
NF_INLINE void store_pairs(unsigned char* to, const bytes& low, const bytes& high, bool stream) {
  static_assert(OutBytes == 2 || OutBytes == 4);
  // Bytes of `high` are numbered from 64. Of four bytes the mask makes the first two zero.
  __m512i place =
      OutBytes == 2 ? _mm512_setr_epi64(0x4303420241014000, 0x4707460645054404, 0x4b0b4a0a49094808,
                                        0x4f0f4e0e4d0d4c0c, 0x5313521251115010, 0x5717561655155414,
                                        0x5b1b5a1a59195818, 0x5f1f5e1e5d1d5c1c)
                    : _mm512_setr_epi64(0x4101000040000000, 0x4303000042020000, 0x4505000044040000,
                                        0x4707000046060000, 0x4909000048080000, 0x4b0b00004a0a0000,
                                        0x4d0d00004c0c0000, 0x4f0f00004e0e0000);
  constexpr __mmask64 kept = OutBytes == 2 ? ~__mmask64{0} : 0xcccccccccccccccc;
  constexpr char elements = 64 / OutBytes;
  NF_UNROLL
  for (std::size_t k = 0; k < OutBytes; ++k) {
    const __m512i pairs =
        _mm512_maskz_permutex2var_epi8(kept, __m512i(low.lanes), place, __m512i(high.lanes));
    store(to + 64 * k, bytes(bytes::words(pairs)), stream);
    place = _mm512_add_epi8(place, _mm512_set1_epi8(elements));
  }
}

/// 64 codes of the bit stream, one a byte.
template <int Width>
NF_INLINE bytes unpack_codes(const std::uint8_t* from) {
  if constexpr (Width == 8) {
    return bytes::load(from);
  } else {
    // Byte k of each eight gets the Width bits from bit k * Width of its group on.
    struct places {
      alignas(64) std::uint8_t bytes[64];
    };
    constexpr places group_bytes = [] {
      places p{};
      for (int k = 0; k < 64; ++k)
        p.bytes[k] = static_cast<std::uint8_t>(k / 8 * Width + (k % 8 < Width ? k % 8 : 0));
      return p;
    }();
    constexpr std::uint64_t first_bits =
        0x0706050403020100u * static_cast<unsigned>(Width);  // no product exceeds a byte
    constexpr __mmask64 read = ~__mmask64{0} >> (64 - 8 * Width);
    const __m512i stream = _mm512_maskz_loadu_epi8(read, from);
    const __m512i groups =
        _mm512_maskz_permutexvar_epi8(~__mmask64{0}, _mm512_load_si512(group_bytes.bytes), stream);
    const __m512i codes = _mm512_maskz_multishift_epi64_epi8(
        ~__mmask64{0}, _mm512_set1_epi64(static_cast<long long>(first_bits)), groups);
    return bytes::words(_mm512_and_si512(codes, _mm512_set1_epi8((1 << Width) - 1)));
  }
}

/// The bytes of a table at codes of Width bits.
template <int Width>
NF_INLINE bytes find_codes(const byte_table& table, const bytes& code) {
  const __m512i x = __m512i(code.lanes);
  if constexpr (Width > 7) return table.find(code);
  if constexpr (Width == 7)
    return bytes::words(_mm512_permutex2var_epi8(table.quarter[0], x, table.quarter[1]));
  return bytes::words(_mm512_maskz_permutexvar_epi8(~__mmask64{0}, x, table.quarter[0]));
}

/// Bytes are in order.
NF_INLINE bytes in_order(const bytes& x) { return x; }
NF_INLINE halves in_order(const halves& x) { return avx512::in_order(x); }

/// Byte `place` of each word.
NF_INLINE bytes bytes_of_words(const words (&x)[4], int place) {
  const __m512i words_of_half = _mm512_setr_epi64(
      0x1c1814100c080400, 0x3c3834302c282420, 0x5c5854504c484440, 0x7c7874706c686460,
      0x1c1814100c080400, 0x3c3834302c282420, 0x5c5854504c484440, 0x7c7874706c686460);
  const __m512i from = _mm512_or_si512(words_of_half, _mm512_set1_epi8(static_cast<char>(place)));
  const __m512i first =
      _mm512_maskz_permutex2var_epi8(~__mmask64{0}, __m512i(x[0].lanes), from, __m512i(x[1].lanes));
  const __m512i last =
      _mm512_maskz_permutex2var_epi8(~__mmask64{0}, __m512i(x[2].lanes), from, __m512i(x[3].lanes));
  return bytes::words(_mm512_mask_mov_epi64(first, 0xf0, last));
}
NF_INLINE bytes low_bytes(const words (&x)[4]) { return bytes_of_words(x, 0); }
NF_INLINE bytes sign_bytes(const words (&x)[4]) { return bytes_of_words(x, 3); }

/// As in avx512. The bits above the number are those of 2^23.
NF_INLINE words cell_numbers(const words& x, const vector<lanes, float>& factor) {
  constexpr int down = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  return words::words(
      _mm512_fmadd_round_ps(__m512(x.lanes), __m512(factor), _mm512_set1_ps(0x1p23f + 16), down));
}
struct cell_bytes {
  __m512i all;

  NF_INLINE explicit cell_bytes(const std::uint8_t* value) : all(_mm512_loadu_si512(value)) {}
  NF_INLINE bytes of(const words (&x)[4]) const {
    return bytes::words(
        _mm512_maskz_permutexvar_epi8(~__mmask64{0}, __m512i(low_bytes(x).lanes), all));
  }
};

/// Floats k * 16 ... of the 64 whose upper halves have these bytes.
NF_INLINE words floats_of_pairs(const bytes& low, const bytes& high, std::size_t k) {
  const __m512i first = _mm512_setr_epi64(
      0x4101000040000000, 0x4303000042020000, 0x4505000044040000, 0x4707000046060000,
      0x4909000048080000, 0x4b0b00004a0a0000, 0x4d0d00004c0c0000, 0x4f0f00004e0e0000);
  const __m512i place = _mm512_add_epi8(first, _mm512_set1_epi8(static_cast<char>(16 * k)));
  return words::words(_mm512_maskz_permutex2var_epi8(0xcccccccccccccccc, __m512i(low.lanes), place,
                                                     __m512i(high.lanes)));
}

using few_values = no_values;  // avx512 has the best way already

/// A table of up to 256 values, a byte of all of them at a time.
struct all_values {
  byte_table bytes_of[4];

  NF_INLINE explicit all_values(const float*, const std::uint8_t (&plane)[4][256])
      : bytes_of{byte_table(plane[0]), byte_table(plane[1]), byte_table(plane[2]),
                 byte_table(plane[3])} {}
  NF_INLINE void find(const unsigned char* in, words (&found)[4]) const {
    // Unpacking works in 128-bit parts: four codes of each part come to one vector. So four
    // neighbours of the four parts change places first.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const bytes code =
        bytes::words(_mm512_maskz_permutexvar_epi32(0xffff, order, _mm512_loadu_si512(in)));
    const __m512i a = __m512i(bytes_of[0].find(code).lanes),
                  b = __m512i(bytes_of[1].find(code).lanes);
    const __m512i c = __m512i(bytes_of[2].find(code).lanes),
                  d = __m512i(bytes_of[3].find(code).lanes);
    const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
    found[0] = words::words(_mm512_unpacklo_epi16(ab_low, cd_low));
    found[1] = words::words(_mm512_unpackhi_epi16(ab_low, cd_low));
    found[2] = words::words(_mm512_unpacklo_epi16(ab_high, cd_high));
    found[3] = words::words(_mm512_unpackhi_epi16(ab_high, cd_high));
  }
};

// NOLINTBEGIN(readability-duplicate-include): once more, for VBMI
#include "lanes.inl"

#include "groups.inl"
// NOLINTEND(readability-duplicate-include)

}  // namespace avx512_vbmi
NF_TARGET_END
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
#endif
