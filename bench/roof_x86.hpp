// SPDX-License-Identifier: MIT
// The same-shape copies of roof.hpp for AVX2 and AVX-512.
#pragma once

#include <immintrin.h>

#include <cstddef>

namespace bench {

/// How a copy treats the caches: prefetch reads 4 KiB ahead, stream writes past them.
struct memory_access {
  bool prefetch, stream;
};

namespace avx2 {

inline constexpr std::size_t step = 32;  // elements

template <int Bytes>
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i load(const unsigned char* from) {
  if constexpr (Bytes == 1) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  } else if constexpr (Bytes == 2) {
    return _mm256_cvtepu16_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
  } else {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
}

template <bool Stream>
[[gnu::target("avx2"), gnu::always_inline]] inline void store(unsigned char* to, __m256i x) {
  if constexpr (Stream) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), x);
  } else {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), x);
  }
}

template <int In, int Out, memory_access Access>
[[gnu::target("avx2")]] void copy(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; i += step, source += step * In, target += step * Out) {
    if constexpr (Access.prefetch) {
      for (std::size_t line = 0; line < step * In; line += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(source) + 4096 + line, _MM_HINT_T0);
      }
    }
    const __m256i a = load<In>(source), b = load<In>(source + 8 * In);
    const __m256i c = load<In>(source + 16 * In), d = load<In>(source + 24 * In);
    if constexpr (Out == 4) {
      store<Access.stream>(target, a);
      store<Access.stream>(target + 32, b);
      store<Access.stream>(target + 64, c);
      store<Access.stream>(target + 96, d);
    } else {  // packs work in halves of 16 bytes, hence the permutes
      const __m256i ab = _mm256_packus_epi32(a, b), cd = _mm256_packus_epi32(c, d);
      if constexpr (Out == 2) {
        store<Access.stream>(target, _mm256_permute4x64_epi64(ab, 0xd8));
        store<Access.stream>(target + 32, _mm256_permute4x64_epi64(cd, 0xd8));
      } else {
        const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        store<Access.stream>(target,
                             _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order));
      }
    }
  }
  if constexpr (Access.stream) _mm_sfence();
}

}  // namespace avx2

namespace avx512 {

inline constexpr std::size_t step = 64;  // elements

/// How four vectors are narrowed to one or two: by a down-converting move each, by saturating packs
/// and a permute, or by permutes of two sources.
enum class narrowing { move, pack, permute };

// The maskz forms: GCC 12's headers warn of an uninitialized operand in the plain ones.
template <int Bytes>
[[gnu::target("avx512f"), gnu::always_inline]] inline __m512i load(const unsigned char* from) {
  if constexpr (Bytes == 1) {
    return _mm512_maskz_cvtepu8_epi32(0xffff,
                                      _mm_load_si128(reinterpret_cast<const __m128i*>(from)));
  } else if constexpr (Bytes == 2) {
    return _mm512_maskz_cvtepu16_epi32(0xffff,
                                       _mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
  } else {
    return _mm512_load_si512(from);
  }
}

template <bool Stream>
[[gnu::target("avx512f"), gnu::always_inline]] inline void store(unsigned char* to, __m512i x) {
  if constexpr (Stream) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), x);
  } else {
    _mm512_store_si512(to, x);
  }
}

template <int Out, bool Stream>
[[gnu::target("avx512f"), gnu::always_inline]] inline void store_moved(unsigned char* to,
                                                                       __m512i x) {
  if constexpr (Out == 1) {
    const __m128i narrow = _mm512_maskz_cvtepi32_epi8(0xffff, x);
    if constexpr (Stream) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(to), narrow);
    } else {
      _mm_store_si128(reinterpret_cast<__m128i*>(to), narrow);
    }
  } else {
    const __m256i narrow = _mm512_maskz_cvtepi32_epi16(0xffff, x);
    if constexpr (Stream) {
      _mm256_stream_si256(reinterpret_cast<__m256i*>(to), narrow);
    } else {
      _mm256_store_si256(reinterpret_cast<__m256i*>(to), narrow);
    }
  }
}

[[gnu::target("avx512f,avx512bw"), gnu::always_inline]] inline __m512i pack_to_words(__m512i a,
                                                                                     __m512i b) {
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  return _mm512_maskz_permutexvar_epi64(0xff, order, _mm512_packus_epi32(a, b));
}

[[gnu::target("avx512f,avx512bw"), gnu::always_inline]] inline __m512i pack_to_bytes(__m512i a,
                                                                                     __m512i b,
                                                                                     __m512i c,
                                                                                     __m512i d) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_maskz_permutexvar_epi32(
      0xffff, order, _mm512_packus_epi16(_mm512_packus_epi32(a, b), _mm512_packus_epi32(c, d)));
}

[[gnu::target("avx512f,avx512bw"), gnu::always_inline]] inline __m512i permute_to_words(__m512i a,
                                                                                        __m512i b) {
  const __m512i even =
      _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26,
                       24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  return _mm512_permutex2var_epi16(a, even, b);
}

template <int In, int Out, memory_access Access, narrowing Narrowing = narrowing::move>
[[gnu::target("avx512f,avx512bw")]] void copy(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  constexpr bool stream = Access.stream;
  for (std::size_t i = 0; i < n; i += step, source += step * In, target += step * Out) {
    if constexpr (Access.prefetch) {
      for (std::size_t line = 0; line < step * In; line += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(source) + 4096 + line, _MM_HINT_T0);
      }
    }
    const __m512i a = load<In>(source), b = load<In>(source + 16 * In);
    const __m512i c = load<In>(source + 32 * In), d = load<In>(source + 48 * In);
    if constexpr (Out == 4) {
      store<stream>(target, a);
      store<stream>(target + 64, b);
      store<stream>(target + 128, c);
      store<stream>(target + 192, d);
    } else if constexpr (Narrowing == narrowing::move) {
      store_moved<Out, stream>(target, a);
      store_moved<Out, stream>(target + 16 * Out, b);
      store_moved<Out, stream>(target + 32 * Out, c);
      store_moved<Out, stream>(target + 48 * Out, d);
    } else if constexpr (Narrowing == narrowing::pack) {
      if constexpr (Out == 2) {
        store<stream>(target, pack_to_words(a, b));
        store<stream>(target + 64, pack_to_words(c, d));
      } else {
        store<stream>(target, pack_to_bytes(a, b, c, d));
      }
    } else {
      static_assert(Out == 2, "bytes: permute_to_bytes");
      store<stream>(target, permute_to_words(a, b));
      store<stream>(target + 64, permute_to_words(c, d));
    }
  }
  if constexpr (stream) _mm_sfence();
}

/// Four bytes to one by permutes. Apart from copy(), where the compiler might use VBMI unasked.
template <memory_access Access>
[[gnu::target("avx512f,avx512bw,avx512vbmi")]] void permute_to_bytes(const void* in, void* out,
                                                                     std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  // every fourth byte of 128, in both halves
  const __m512i fourth = _mm512_setr_epi64(
      0x1c1814100c080400, 0x3c3834302c282420, 0x5c5854504c484440, 0x7c7874706c686460,
      0x1c1814100c080400, 0x3c3834302c282420, 0x5c5854504c484440, 0x7c7874706c686460);
  for (std::size_t i = 0; i < n; i += step, source += step * 4, target += step) {
    if constexpr (Access.prefetch) {
      for (std::size_t line = 0; line < step * 4; line += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(source) + 4096 + line, _MM_HINT_T0);
      }
    }
    const __m512i ab = _mm512_permutex2var_epi8(load<4>(source), fourth, load<4>(source + 64));
    const __m512i cd =
        _mm512_permutex2var_epi8(load<4>(source + 128), fourth, load<4>(source + 192));
    store<Access.stream>(target, _mm512_mask_blend_epi64(0xf0, ab, cd));
  }
  if constexpr (Access.stream) _mm_sfence();
}

}  // namespace avx512
}  // namespace bench
