// SPDX-License-Identifier: MIT
// The packs and edge operations of AVX2 (with F16C and FMA). Long because all of an instruction set
// stands in one place.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include "../../isa/detail/cpu_features.hpp"
#include "../codec/layout.hpp"
#include "../codec/philox.hpp"
#include "pack.hpp"
#include "region.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
NF_TARGET_BEGIN(NF_AVX2)
namespace avx2 {

inline constexpr std::size_t lanes = 8;
inline constexpr bool converts_half = true;
using words = pack<lanes>;
using halves = pack<2 * lanes, std::uint16_t>;
using bytes = pack<4 * lanes, std::uint8_t>;
using long_words = pack<lanes / 2, std::uint64_t>;

// Widening through __builtin_convertvector is scalar code on GCC 12.
template <class Code>
NF_INLINE words load_widen(const unsigned char* from) {
  if constexpr (sizeof(Code) == 1) {
    return words::words(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
  } else if constexpr (sizeof(Code) == 2) {
    return words::words(
        _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
  } else {
    return words::load(from);
  }
}
NF_INLINE halves load_widen_bytes(const unsigned char* from) {
  return halves::words(
      _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
}

// Packs work in 128-bit halves: pack_* leave the lanes out of order, in_order() ends that. Codes
// fit, so saturation never acts on them; signed saturation keeps the top bit, all of a sign word.
NF_INLINE halves pack_codes(const words& a, const words& b) {
  return halves::words(_mm256_packus_epi32(__m256i(a.lanes), __m256i(b.lanes)));
}
NF_INLINE bytes pack_codes(const words& a, const words& b, const words& c, const words& d) {
  return bytes::words(
      _mm256_packus_epi16(__m256i(pack_codes(a, b).lanes), __m256i(pack_codes(c, d).lanes)));
}
NF_INLINE halves pack_codes(const halves& a, const halves& b) {
  return halves::words(_mm256_packus_epi16(__m256i(a.lanes), __m256i(b.lanes)));
}
NF_INLINE halves pack_signs(const words& a, const words& b) {
  return halves::words(_mm256_packs_epi32(__m256i(a.lanes), __m256i(b.lanes)));
}
NF_INLINE bytes pack_signs(const words& a, const words& b, const words& c, const words& d) {
  return bytes::words(
      _mm256_packs_epi16(__m256i(pack_signs(a, b).lanes), __m256i(pack_signs(c, d).lanes)));
}
NF_INLINE halves in_order(const halves& x) {
  return halves::words(_mm256_permute4x64_epi64(__m256i(x.lanes), 0xd8));
}
NF_INLINE bytes in_order(const bytes& x) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return bytes::words(_mm256_permutevar8x32_epi32(__m256i(x.lanes), order));
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
template <std::size_t>
using addend_look_up = no_values;  // round_by_sum() serves

/// The upper and the lower halves of words; out of order, until in_split_order().
NF_INLINE void split_halves(const words& a, const words& b, halves& high, halves& low) {
  // within each 128 bits: the lower halves of a's four words, then the upper ones
  const __m256i parted = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
  const __m256i x = _mm256_shuffle_epi8(__m256i(a.lanes), parted);
  const __m256i y = _mm256_shuffle_epi8(__m256i(b.lanes), parted);
  low = halves::words(_mm256_unpacklo_epi64(x, y));
  high = halves::words(_mm256_unpackhi_epi64(x, y));
}
NF_INLINE halves in_split_order(const halves& x) { return in_order(x); }

/// Half-words to the upper halves of words: bfloat16 to float.
NF_INLINE void widen_high(const halves& x, words& first, words& last) {
  const __m256i quarters = _mm256_permute4x64_epi64(__m256i(x.lanes), 0xd8);
  first = words::words(_mm256_unpacklo_epi16(_mm256_setzero_si256(), quarters));
  last = words::words(_mm256_unpackhi_epi16(_mm256_setzero_si256(), quarters));
}

// The rounding mode of the half conversions is the environment's; they do not flush.
NF_INLINE halves to_half(const words& a, const words& b) {
  constexpr int current = _MM_FROUND_CUR_DIRECTION;
  return halves::words(_mm256_set_m128i(_mm256_cvtps_ph(__m256(b.lanes), current),
                                        _mm256_cvtps_ph(__m256(a.lanes), current)));
}
NF_INLINE void from_half(const halves& x, words& first, words& last) {
  const __m256i all = __m256i(x.lanes);
  first = words::words(_mm256_cvtph_ps(_mm256_castsi256_si128(all)));
  last = words::words(_mm256_cvtph_ps(_mm256_extracti128_si256(all, 1)));
}
/// The same of binary16 in memory.
NF_INLINE void load_half(const unsigned char* from, words& first, words& last) {
  const auto* const parts = reinterpret_cast<const __m128i*>(from);
  first = words::words(_mm256_cvtph_ps(_mm_loadu_si128(parts)));
  last = words::words(_mm256_cvtph_ps(_mm_loadu_si128(parts + 1)));
}

template <class Pack>
NF_INLINE void store(unsigned char* to, const Pack& x, bool stream) {
  if (stream) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), __m256i(x.lanes));
  } else {
    x.store(to);
  }
}
NF_INLINE void prefetch(const unsigned char* from) {
  _mm_prefetch(reinterpret_cast<const char*>(from), _MM_HINT_T0);
}
NF_INLINE void finish_streaming() { _mm_sfence(); }

// GCC 12 takes the conversions of __builtin_convertvector apart.
/// The doubles of floats, and doubles as floats, rounded as the environment has it.
NF_INLINE void load_doubles(const unsigned char* from, long_words& first, long_words& last) {
  first = long_words::words(_mm256_cvtps_pd(_mm_loadu_ps(reinterpret_cast<const float*>(from))));
  last = long_words::words(_mm256_cvtps_pd(_mm_loadu_ps(reinterpret_cast<const float*>(from) + 4)));
}
NF_INLINE words narrow_doubles(const long_words& first, const long_words& last) {
  return words::words(
      _mm256_set_m128(_mm256_cvtpd_ps(__m256d(last.lanes)), _mm256_cvtpd_ps(__m256d(first.lanes))));
}

/// Whether a sign bit is set.
NF_INLINE bool has_signs(const words& x) { return _mm256_movemask_ps(__m256(x.lanes)) != 0; }
/// The sign bits, that of lane k in bit k.
NF_INLINE std::uint32_t sign_bits(const words& x) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(__m256(x.lanes)));
}
/// The magnitudes of floats that are no NaN, or a positive float where that is larger.
NF_INLINE words magnitudes_from(const words& x, const words& least) {
  return larger(x & words(binary32::sign_mask - 1), least);
}
/// a - b, or 0 where that is negative.
NF_INLINE bytes saturated_difference(const bytes& a, const bytes& b) {
  return bytes::words(_mm256_subs_epu8(__m256i(a.lanes), __m256i(b.lanes)));
}
/// Whether a lane, unsigned, is at most that of `bound`.
NF_INLINE bool is_any_up_to(const words& x, const words& bound) {
  const __m256i least = _mm256_min_epu32(__m256i(x.lanes), __m256i(bound.lanes));
  return _mm256_movemask_ps(__m256(_mm256_cmpeq_epi32(least, __m256i(x.lanes)))) != 0;
}
/// x * (high + low), rounded once; x * low is exact.
NF_INLINE words product_of_sum(const words& x, const words& high, const words& low) {
  const __m256 rest = _mm256_mul_ps(__m256(x.lanes), __m256(low.lanes));
  return words::words(_mm256_fmadd_ps(__m256(x.lanes), __m256(high.lanes), rest));
}

/// The doubles of floats: exact.
NF_INLINE void widen_floats(const words& x, vector<lanes / 2, double>& first,
                            vector<lanes / 2, double>& last) {
  const __m256 floats = __m256(x.lanes);
  first = _mm256_cvtps_pd(_mm256_castps256_ps128(floats));
  last = _mm256_cvtps_pd(_mm256_extractf128_ps(floats, 1));
}

/// a * b + c, rounded once.
NF_INLINE vector<lanes, float> multiply_add(const vector<lanes, float>& a,
                                            const vector<lanes, float>& b,
                                            const vector<lanes, float>& c) {
  return _mm256_fmadd_ps(__m256(a), __m256(b), __m256(c));
}
NF_INLINE vector<lanes / 2, double> multiply_add(const vector<lanes / 2, double>& a,
                                                 const vector<lanes / 2, double>& b,
                                                 const vector<lanes / 2, double>& c) {
  return _mm256_fmadd_pd(__m256d(a), __m256d(b), __m256d(c));
}

/// a / b and the square root, rounded once. Not expressions: -ffast-math makes approximations of
/// these.
NF_INLINE vector<lanes, float> quotient(const vector<lanes, float>& a,
                                        const vector<lanes, float>& b) {
  __m256 result;
  __asm__("vdivps %2, %1, %0" : "=x"(result) : "x"(__m256(a)), "x"(__m256(b)));
  return result;
}
NF_INLINE vector<lanes, float> square_root(const vector<lanes, float>& x) {
  __m256 result;
  __asm__("vsqrtps %1, %0" : "=x"(result) : "x"(__m256(x)));
  return result;
}

NF_INLINE wide_product<long_words> multiply_wide(const long_words& a, const long_words& b) {
  const long_words product =
      long_words::words(_mm256_mul_epu32(__m256i(a.lanes), __m256i(b.lanes)));
  return {product >> 32, product};
}

/// Codes of 6 bits.
struct six_bit_codes {
  /// 32 of a bit stream, one a byte: three bytes, which are four codes, to a word, then apart by
  /// twos and ones.
  static NF_INLINE bytes unpacked(const std::uint8_t* from) {
    const __m256i halves_of_stream =
        _mm256_set_m128i(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 8)),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    const __m256i threes = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 4,
                                            5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    const words four = words::words(_mm256_shuffle_epi8(halves_of_stream, threes));
    const words two = (four & words(0xfff)) | ((four << 4) & words(0xfff0000));
    return ((two & words(0x3f003f)) | ((two << 2) & words(0x3f003f00))).as<std::uint8_t>();
  }
};

/// Four words of each of `lanes` rows, Apart bytes apart: word k of row r to lane r of found[k].
template <std::size_t Apart>
NF_INLINE void load_rows(const std::uint8_t* rows, words (&found)[4]) {
  __m256i x[4];  // rows k and k + 4
  NF_UNROLL
  for (std::size_t k = 0; k < 4; ++k)
    x[k] =
        _mm256_set_m128i(_mm_loadu_si128(reinterpret_cast<const __m128i*>(rows + (k + 4) * Apart)),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows + k * Apart)));
  const __m256i a = _mm256_unpacklo_epi32(x[0], x[1]), b = _mm256_unpackhi_epi32(x[0], x[1]);
  const __m256i c = _mm256_unpacklo_epi32(x[2], x[3]), d = _mm256_unpackhi_epi32(x[2], x[3]);
  found[0] = words::words(_mm256_unpacklo_epi64(a, c));
  found[1] = words::words(_mm256_unpackhi_epi64(a, c));
  found[2] = words::words(_mm256_unpacklo_epi64(b, d));
  found[3] = words::words(_mm256_unpackhi_epi64(b, d));
}
/// Of 16 floats those that the low four bits of each lane choose.
struct nibble_floats {
  __m256 low, high;

  NF_INLINE explicit nibble_floats(const float* value)
      : low(_mm256_loadu_ps(value)), high(_mm256_loadu_ps(value + 8)) {}
  NF_INLINE words of(const words& codes) const {
    const __m256i code = __m256i(codes.lanes);
    const __m256 a = _mm256_permutevar8x32_ps(low, code), b = _mm256_permutevar8x32_ps(high, code);
    return words::words(_mm256_blendv_ps(a, b, __m256(_mm256_slli_epi32(code, 28))));
  }
};
/// Of 16 bytes those that the bytes of `codes`, all below 16, choose.
struct nibble_bytes {
  __m256i all;

  NF_INLINE explicit nibble_bytes(const std::uint8_t* value)
      : all(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(value)))) {
  }
  NF_INLINE bytes of(const bytes& codes) const {
    return bytes::words(_mm256_shuffle_epi8(all, __m256i(codes.lanes)));
  }
};
/// Of 32 floats those that the low five bits of each lane choose.
struct cell_floats {
  __m256 quarter[4];

  NF_INLINE explicit cell_floats(const words (&all)[4])
      : quarter{__m256(all[0].lanes), __m256(all[1].lanes), __m256(all[2].lanes),
                __m256(all[3].lanes)} {}
  NF_INLINE words of(const words& cells) const {
    const __m256i x = __m256i(cells.lanes);
    const __m256 bit_3 = __m256(_mm256_slli_epi32(x, 28)), bit_4 = __m256(_mm256_slli_epi32(x, 27));
    const __m256 low = _mm256_blendv_ps(_mm256_permutevar8x32_ps(quarter[0], x),
                                        _mm256_permutevar8x32_ps(quarter[1], x), bit_3);
    const __m256 high = _mm256_blendv_ps(_mm256_permutevar8x32_ps(quarter[2], x),
                                         _mm256_permutevar8x32_ps(quarter[3], x), bit_3);
    return words::words(_mm256_blendv_ps(low, high, bit_4));
  }
};
/// The whole part of x * factor + 16, which is from 0 to 31.
NF_INLINE words cell_numbers(const words& x, const vector<lanes, float>& factor) {
  const __m256 place = _mm256_fmadd_ps(__m256(x.lanes), __m256(factor), _mm256_set1_ps(16));
  return words::words(_mm256_cvttps_epi32(place));
}
/// Of 64 bytes those that the numbers of four packs choose; out of order, as pack_codes(). Row k of
/// 16 bytes holds what tells it from row k - 1: a shuffle gives 0 for what is below its row, which
/// subtracting has made negative.
struct cell_bytes {
  __m256i row[4];

  NF_INLINE explicit cell_bytes(const std::uint8_t* value) {
    __m256i before = _mm256_setzero_si256();
    NF_UNROLL
    for (int k = 0; k < 4; ++k) {
      const __m256i here = _mm256_broadcastsi128_si256(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(value + 16 * k)));
      row[k] = _mm256_xor_si256(here, before);
      before = here;
    }
  }
  NF_INLINE bytes of(const words (&x)[4]) const {
    __m256i place = __m256i(pack_codes(x[0], x[1], x[2], x[3]).lanes);
    __m256i found = _mm256_shuffle_epi8(row[0], place);
    NF_UNROLL
    for (int k = 1; k < 4; ++k) {
      place = _mm256_sub_epi8(place, _mm256_set1_epi8(16));
      found = _mm256_xor_si256(found, _mm256_shuffle_epi8(row[k], place));
    }
    return bytes::words(found);
  }
};
NF_INLINE words turned_left(const words& x, const words& by) { return plain_turned_left(x, by); }
/// Unsigned bytes times signed ones, the products of two neighbours added up.
NF_INLINE halves byte_products(const bytes& a, const bytes& b) {
  return halves::words(_mm256_maddubs_epi16(__m256i(a.lanes), __m256i(b.lanes)));
}
/// Signed half-words times those in the same places, two neighbours added up.
NF_INLINE words pair_products(const words& a, const words& b) {
  return words::words(_mm256_madd_epi16(__m256i(a.lanes), __m256i(b.lanes)));
}
/// Of each four lanes of 128 bits: the sums of those of x[0], x[1], x[2] and x[3].
NF_INLINE words sums_of_fours(const words (&x)[4]) {
  const __m256i a = _mm256_hadd_epi32(__m256i(x[0].lanes), __m256i(x[1].lanes));
  const __m256i b = _mm256_hadd_epi32(__m256i(x[2].lanes), __m256i(x[3].lanes));
  return words::words(_mm256_hadd_epi32(a, b));
}
/// The largest lanes, as signed words, of x[0], x[1], x[2] and x[3].
NF_INLINE pack<4> largest_of_fours(const words (&x)[4]) {
  __m256i pairs[2];
  NF_UNROLL
  for (std::size_t k = 0; k < 2; ++k) {
    const __m256i a = __m256i(x[2 * k].lanes), b = __m256i(x[2 * k + 1].lanes);
    pairs[k] = _mm256_max_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  }
  const __m256i fours = _mm256_max_epi32(_mm256_unpacklo_epi64(pairs[0], pairs[1]),
                                         _mm256_unpackhi_epi64(pairs[0], pairs[1]));
  return pack<4>::words(
      _mm_max_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1)));
}
/// The doubles of signed words.
NF_INLINE void widen_integers(const words& x, vector<lanes / 2, double>& first,
                              vector<lanes / 2, double>& last) {
  const __m256i all = __m256i(x.lanes);
  first = _mm256_cvtepi32_pd(_mm256_castsi256_si128(all));
  last = _mm256_cvtepi32_pd(_mm256_extracti128_si256(all, 1));
}

/// A table of 256 bytes as 16 rows of 16. In each half of 8 rows, row k holds what tells it from
/// row k - 1, so that the rows up to a code's own combine to its result: subtracting 16 k leaves
/// the low four bits as they are, and a code below the row negative, for which a shuffle gives 0.
struct byte_table {
  __m256i row[16];

  NF_INLINE explicit byte_table(const std::uint8_t* table) {
    __m256i before = _mm256_setzero_si256();
    for (int k = 0; k < 16; ++k) {
      const __m256i here = _mm256_broadcastsi128_si256(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * k)));
      row[k] = k == 8 ? here : _mm256_xor_si256(here, before);
      before = here;
    }
  }
  NF_INLINE bytes find(const bytes& code) const {
    __m256i low = __m256i(code.lanes);
    __m256i high = _mm256_xor_si256(low, _mm256_set1_epi8(static_cast<char>(0x80)));
    __m256i found =
        _mm256_xor_si256(_mm256_shuffle_epi8(row[0], low), _mm256_shuffle_epi8(row[8], high));
    for (int k = 1; k < 8; ++k) {  // saturating, so what is negative stays so
      low = _mm256_subs_epi8(low, _mm256_set1_epi8(16));
      high = _mm256_subs_epi8(high, _mm256_set1_epi8(16));
      found = _mm256_xor_si256(found, _mm256_shuffle_epi8(row[k], low));
      found = _mm256_xor_si256(found, _mm256_shuffle_epi8(row[8 + k], high));
    }
    return bytes::words(found);
  }
};

/// The bytes of two packs in turns.
template <std::size_t OutBytes>
NF_INLINE void store_pairs(unsigned char* to, const bytes& low, const bytes& high, bool stream) {
  static_assert(OutBytes == 2, "to float the formula is faster");
  const __m256i first = _mm256_unpacklo_epi8(__m256i(low.lanes), __m256i(high.lanes));
  const __m256i last = _mm256_unpackhi_epi8(__m256i(low.lanes), __m256i(high.lanes));
  store(to, bytes(bytes::words(_mm256_permute2x128_si256(first, last, 0x20))), stream);
  store(to + 32, bytes(bytes::words(_mm256_permute2x128_si256(first, last, 0x31))), stream);
}

/// A table of up to 16 values in two vectors.
struct few_values {
  static constexpr std::size_t most = 16;
  __m256 low, high;

  NF_INLINE explicit few_values(const float* value, const std::uint8_t (&)[4][256])
      : low(_mm256_load_ps(value)), high(_mm256_load_ps(value + 8)) {}
  NF_INLINE void find(const unsigned char* in, words (&found)[4]) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const __m256i code = __m256i(load_widen<std::uint8_t>(in + k * lanes).lanes);
      const __m256 a = _mm256_permutevar8x32_ps(low, code);
      const __m256 b = _mm256_permutevar8x32_ps(high, code);
      // bit 3 tells the halves apart: at the sign's place
      const __m256 half = __m256(_mm256_slli_epi32(code, 28));
      found[k] = words::words(_mm256_blendv_ps(a, b, half));
    }
  }
};
/// Of 16 floats, those that the codes of 4 bits from `from` on choose.
struct nibble_choice {
  static NF_INLINE words of(const words (&floats)[2], const std::uint8_t* from) {
    int codes = 0;
    __builtin_memcpy(&codes, from, sizeof codes);
    const __m256i code =
        _mm256_srlv_epi32(_mm256_set1_epi32(codes), _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28));
    const __m256 a = _mm256_permutevar8x32_ps(__m256(floats[0].lanes), code);
    const __m256 b = _mm256_permutevar8x32_ps(__m256(floats[1].lanes), code);
    return words::words(_mm256_blendv_ps(a, b, __m256(_mm256_slli_epi32(code, 28))));
  }
};
// A gather is slower than eight loads on AMD, and on Intel since its mending (2023).
using all_values = no_values;

#include "../codec/philox.inl"

#include "lanes.inl"

/// Doubles in the range of normal floats as floats, rounded down.
NF_INLINE words narrow_down(const long_words& first, const long_words& last) {
  return narrow_doubles(down_to_24_bits(first), down_to_24_bits(last));
}

#include "groups.inl"

#include "random.inl"

}  // namespace avx2
NF_TARGET_END
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
#endif
