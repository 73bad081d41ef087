// SPDX-License-Identifier: MIT
// The array loops for AVX2, and the edge operations that need its intrinsics.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include "group.hpp"
#include "region.hpp"

NF_TARGET_BEGIN("avx2,f16c")
namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace avx2 {

inline constexpr std::size_t lanes = 8;

// Widening through __builtin_convertvector is scalar code on GCC 12.
template <class Code>
NF_INLINE pack<lanes> load_widen(const unsigned char* from) {
  if constexpr (sizeof(Code) == 1) {
    return (pack<lanes>::words)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)from));
  } else if constexpr (sizeof(Code) == 2) {
    return (pack<lanes>::words)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)from));
  } else {
    return pack<lanes>::load(from);
  }
}

template <class Code>
NF_INLINE group_of<lanes> load4(const unsigned char* from) {
  constexpr std::size_t step = lanes * sizeof(Code);
  return {load_widen<Code>(from), load_widen<Code>(from + step), load_widen<Code>(from + 2 * step),
          load_widen<Code>(from + 3 * step)};
}

// Words hold codes, so unsigned saturation never acts; packs work in 128-bit halves, hence the
// permutes.
template <class Code>
NF_INLINE void store4(unsigned char* to, const group_of<lanes>& x) {
  if constexpr (sizeof(Code) == 4) {
    x.a.store(to);
    x.b.store(to + 32);
    x.c.store(to + 64);
    x.d.store(to + 96);
  } else {
    const __m256i low = _mm256_packus_epi32((__m256i)x.a.lanes, (__m256i)x.b.lanes);
    const __m256i high = _mm256_packus_epi32((__m256i)x.c.lanes, (__m256i)x.d.lanes);
    if constexpr (sizeof(Code) == 2) {
      _mm256_storeu_si256((__m256i*)to, _mm256_permute4x64_epi64(low, 0xd8));
      _mm256_storeu_si256((__m256i*)(to + 32), _mm256_permute4x64_epi64(high, 0xd8));
    } else {
      const __m256i bytes = _mm256_packus_epi16(low, high);
      const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
      _mm256_storeu_si256((__m256i*)to, _mm256_permutevar8x32_epi32(bytes, order));
    }
  }
}

#include "convert.inl"

}  // namespace avx2
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
NF_TARGET_END
#endif
