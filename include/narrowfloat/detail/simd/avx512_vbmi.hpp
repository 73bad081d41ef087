// SPDX-License-Identifier: MIT
// Conversion by look-up for AVX-512 with VBMI: one permutation of bytes looks up 64 codes in half a table.
#pragma once

#if defined(__x86_64__)
#include "avx512.hpp"

NF_TARGET_BEGIN("avx2,f16c,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")
namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace avx512_vbmi {

using avx512::bytes, avx512::finish_streaming, avx512::halves, avx512::lanes,
    avx512::load_widen_bytes, avx512::prefetch, avx512::store, avx512::words;

struct byte_table {
  __m512i quarter[4];

  NF_INLINE explicit byte_table(const std::uint8_t* table) {
    for (int k = 0; k < 4; ++k) quarter[k] = _mm512_loadu_si512(table + 64 * k);
  }
  NF_INLINE bytes find(const bytes& code) const {
    const __m512i x = (__m512i)code.lanes;
    const __m512i low = _mm512_permutex2var_epi8(quarter[0], x, quarter[1]);
    const __m512i high = _mm512_permutex2var_epi8(quarter[2], x, quarter[3]);
    return (bytes::words)_mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high);
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
        _mm512_maskz_permutex2var_epi8(kept, (__m512i)low.lanes, place, (__m512i)high.lanes);
    store(to + 64 * k, bytes((bytes::words)pairs), stream);
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
        ~__mmask64{0}, _mm512_set1_epi64((long long)first_bits), groups);
    return (bytes::words)_mm512_and_si512(codes, _mm512_set1_epi8((1 << Width) - 1));
  }
}

/// The bytes of a table at codes of Width bits.
template <int Width>
NF_INLINE bytes find_codes(const byte_table& table, const bytes& code) {
  const __m512i x = (__m512i)code.lanes;
  if constexpr (Width > 7) return table.find(code);
  if constexpr (Width == 7)
    return (bytes::words)_mm512_permutex2var_epi8(table.quarter[0], x, table.quarter[1]);
  return (bytes::words)_mm512_maskz_permutexvar_epi8(~__mmask64{0}, x, table.quarter[0]);
}

/// Floats k * 16 ... of the 64 whose upper halves have these bytes.
NF_INLINE words floats_of_pairs(const bytes& low, const bytes& high, std::size_t k) {
  const __m512i first = _mm512_setr_epi64(
      0x4101000040000000, 0x4303000042020000, 0x4505000044040000, 0x4707000046060000,
      0x4909000048080000, 0x4b0b00004a0a0000, 0x4d0d00004c0c0000, 0x4f0f00004e0e0000);
  const __m512i place = _mm512_add_epi8(first, _mm512_set1_epi8((char)(16 * k)));
  return (words::words)_mm512_maskz_permutex2var_epi8(0xcccccccccccccccc, (__m512i)low.lanes, place,
                                                      (__m512i)high.lanes);
}

using few_values = no_values;  // avx512 has the best way already

/// The values of a code-book, a byte of all of them at a time.
struct all_values {
  byte_table plane[4];

  NF_INLINE explicit all_values(const codebook_tables& book)
      : plane{byte_table(book.plane[0]), byte_table(book.plane[1]), byte_table(book.plane[2]),
              byte_table(book.plane[3])} {}
  NF_INLINE void find(const unsigned char* in, words (&found)[4]) const {
    // Unpacking works in 128-bit parts: four codes of each part come to one vector. So four neighbours of
    // the four parts change places first.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const bytes code =
        (bytes::words)_mm512_maskz_permutexvar_epi32(0xffff, order, _mm512_loadu_si512(in));
    const __m512i a = (__m512i)plane[0].find(code).lanes, b = (__m512i)plane[1].find(code).lanes;
    const __m512i c = (__m512i)plane[2].find(code).lanes, d = (__m512i)plane[3].find(code).lanes;
    const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
    found[0] = (words::words)_mm512_unpacklo_epi16(ab_low, cd_low);
    found[1] = (words::words)_mm512_unpackhi_epi16(ab_low, cd_low);
    found[2] = (words::words)_mm512_unpacklo_epi16(ab_high, cd_high);
    found[3] = (words::words)_mm512_unpackhi_epi16(ab_high, cd_high);
  }
};

#include "groups.inl"

#include "table.inl"

/// As decode_blocks() of elements.inl, for elements that are the upper halves of floats.
template <class Code, factor_kind Kind>
void decode_blocks(const std::uint8_t* codes, std::size_t n, std::size_t place, int shift,
                   const float* first, const float* second, float* out, bool stream) {
  if (Code::width == 4 && shift != 0) {  // there is a better way without look-ups
    avx512::decode_blocks<Code, Kind>(codes, n, place, shift, first, second, out, stream);
    return;
  }
  constexpr std::size_t ahead = 2048;
  const avx512::block_factors<Kind> factors{first, second, shift};
  const byte_table low_bytes(decode_table<Code>.low), high_bytes(decode_table<Code>.high);
  // inlined, so that what it refers to stays in registers
  const auto decode = [&](auto streams) __attribute__((always_inline)) {
    for (std::size_t i = 0; i < n; i += group) {
      if (streams) prefetch(codes + i / 8 * Code::width + ahead);
      const bytes code = unpack_codes<Code::width>(codes + i / 8 * Code::width);
      const bytes low_part = find_codes<Code::width>(low_bytes, code);
      const bytes high_part = find_codes<Code::width>(high_bytes, code);
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        const words x = floats_of_pairs(low_part, high_part, k);
        const words y = factors.times(x, place + i + k * lanes);
        store(reinterpret_cast<unsigned char*>(out + i + k * lanes), y, streams);
      }
    }
  };
  stream ? decode(std::true_type{}) : decode(std::false_type{});
}

#include "codebook_decode.inl"

}  // namespace avx512_vbmi
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
NF_TARGET_END
#endif
