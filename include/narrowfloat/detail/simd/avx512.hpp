// SPDX-License-Identifier: MIT
// The array loops for AVX-512 (F, BW, VL, DQ), and the edge operations that need its intrinsics.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include "group.hpp"
#include "region.hpp"

NF_TARGET_BEGIN("avx2,f16c,avx512f,avx512bw,avx512vl,avx512dq")
namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace avx512 {

inline constexpr std::size_t lanes = 16;

// The maskz forms: GCC 12's headers warn of an uninitialized operand in the plain ones.
template <class Code>
NF_INLINE pack<lanes> load_widen(const unsigned char* from) {
  if constexpr (sizeof(Code) == 1) {
    return (pack<lanes>::words)_mm512_maskz_cvtepu8_epi32(0xffff,
                                                          _mm_loadu_si128((const __m128i*)from));
  } else if constexpr (sizeof(Code) == 2) {
    return (pack<lanes>::words)_mm512_maskz_cvtepu16_epi32(
        0xffff, _mm256_loadu_si256((const __m256i*)from));
  } else {
    return pack<lanes>::load(from);
  }
}

template <class Code>
NF_INLINE void store_narrow(unsigned char* to, const pack<lanes>& x) {
  if constexpr (sizeof(Code) == 1) {
    _mm_storeu_si128((__m128i*)to, _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)x.lanes));
  } else if constexpr (sizeof(Code) == 2) {
    _mm256_storeu_si256((__m256i*)to, _mm512_maskz_cvtepi32_epi16(0xffff, (__m512i)x.lanes));
  } else {
    x.store(to);
  }
}

template <class Code>
NF_INLINE group_of<lanes> load4(const unsigned char* from) {
  constexpr std::size_t step = lanes * sizeof(Code);
  return {load_widen<Code>(from), load_widen<Code>(from + step), load_widen<Code>(from + 2 * step),
          load_widen<Code>(from + 3 * step)};
}

template <class Code>
NF_INLINE void store4(unsigned char* to, const group_of<lanes>& x) {
  constexpr std::size_t step = lanes * sizeof(Code);
  store_narrow<Code>(to, x.a);
  store_narrow<Code>(to + step, x.b);
  store_narrow<Code>(to + 2 * step, x.c);
  store_narrow<Code>(to + 3 * step, x.d);
}

#include "convert.inl"

}  // namespace avx512
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
NF_TARGET_END
#endif
