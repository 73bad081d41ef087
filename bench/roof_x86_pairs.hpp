// SPDX-License-Identifier: MIT
// The same-shape copies between codes of one and two bytes, for AVX2 and AVX-512.
#pragma once

#include "roof_x86.hpp"

namespace bench {

namespace avx2 {

/// 64 bytes of the narrower side a step.
template <int In, int Out, memory_access Access>
[[gnu::target("avx2")]] void copy_codes(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; i += 64, source += 64 * In, target += 64 * Out) {
    if constexpr (Access.prefetch) {
      for (std::size_t line = 0; line < 64 * In; line += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(source) + 4096 + line, _MM_HINT_T0);
      }
    }
    for (std::size_t half = 0; half < 2; ++half) {
      const auto* from = reinterpret_cast<const __m256i*>(source + half * 32 * In);
      unsigned char* const to = target + half * 32 * Out;
      const __m256i a = _mm256_load_si256(from);
      if constexpr (In == 1 && Out == 1) {
        store<Access.stream>(to, a);
      } else if constexpr (Out == 1) {
        const __m256i packed = _mm256_packus_epi16(a, _mm256_load_si256(from + 1));
        store<Access.stream>(to, _mm256_permute4x64_epi64(packed, 0xd8));
      } else {
        store<Access.stream>(to, _mm256_cvtepu8_epi16(_mm256_castsi256_si128(a)));
        store<Access.stream>(to + 32, _mm256_cvtepu8_epi16(_mm256_extracti128_si256(a, 1)));
      }
    }
  }
  if constexpr (Access.stream) _mm_sfence();
}

}  // namespace avx2

namespace avx512 {

template <int In, int Out, memory_access Access>
[[gnu::target("avx512f,avx512bw")]] void copy_codes(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; i += 64, source += 64 * In, target += 64 * Out) {
    if constexpr (Access.prefetch) {
      for (std::size_t line = 0; line < 64 * In; line += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(source) + 4096 + line, _MM_HINT_T0);
      }
    }
    if constexpr (In == 1 && Out == 1) {
      store<Access.stream>(target, _mm512_load_si512(source));
    } else if constexpr (Out == 1) {
      const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
      const __m512i packed =
          _mm512_packus_epi16(_mm512_load_si512(source), _mm512_load_si512(source + 64));
      store<Access.stream>(target, _mm512_maskz_permutexvar_epi64(0xff, order, packed));
    } else {
      const auto* from = reinterpret_cast<const __m256i*>(source);
      store<Access.stream>(target, _mm512_cvtepu8_epi16(_mm256_load_si256(from)));
      store<Access.stream>(target + 64, _mm512_cvtepu8_epi16(_mm256_load_si256(from + 1)));
    }
  }
  if constexpr (Access.stream) _mm_sfence();
}

}  // namespace avx512
}  // namespace bench
