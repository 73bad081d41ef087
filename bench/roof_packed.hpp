// SPDX-License-Identifier: MIT
// The same-shape copies of packed codes: f32 to codes of 4 or 6 bits without padding and back, with
// the loads, the change of width and the stores. They leave out most of the work of packing: 64
// narrowed bytes become 8 * bits by an `or` of two parts, so that no load is dead, and as many
// bytes are widened to 64 words. So the roof is rather too high.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "roof.hpp"

namespace bench {

template <int Bits>
void narrow_plain(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n / 8 * Bits; ++i) target[i] = source[i * 32 / Bits];
}
template <int Bits>
void widen_plain(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<std::uint32_t*>(out);
  for (std::size_t i = 0; i < n; ++i) target[i] = source[i / 8 * Bits + i % 8 * Bits / 8];
}

#if defined(__x86_64__)
namespace avx2 {

template <int Bits, memory_access Access>
[[gnu::target("avx2")]] void narrow_packed(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (std::size_t i = 0; i < n; i += step, source += step * 4, target += step / 8 * Bits) {
    if constexpr (Access.prefetch) {
      for (std::size_t line = 0; line < step * 4; line += 64)
        _mm_prefetch(reinterpret_cast<const char*>(source) + 4096 + line, _MM_HINT_T0);
    }
    const __m256i ab = _mm256_packus_epi32(load<4>(source), load<4>(source + 32));
    const __m256i cd = _mm256_packus_epi32(load<4>(source + 64), load<4>(source + 96));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order);
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    const __m128i first = Bits == 4 ? _mm_or_si128(low, high) : low;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target), first);
    if constexpr (Bits == 6)
      _mm_storel_epi64(reinterpret_cast<__m128i*>(target + 16),
                       _mm_or_si128(high, _mm_unpackhi_epi64(high, high)));
  }
}

template <int Bits, memory_access Access>
[[gnu::target("avx2")]] void widen_packed(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; i += step, source += step / 8 * Bits, target += step * 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t from = 8 * k < step / 8 * Bits - 8 ? 8 * k : step / 8 * Bits - 8;
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(source + from));
      store<Access.stream>(target + 32 * k, _mm256_cvtepu8_epi32(bytes));
    }
  }
  if constexpr (Access.stream) _mm_sfence();
}

}  // namespace avx2

namespace avx512 {

template <int Bits, memory_access Access>
[[gnu::target("avx512f,avx512bw")]] void narrow_packed(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; i += step, source += step * 4, target += step / 8 * Bits) {
    if constexpr (Access.prefetch) {
      for (std::size_t line = 0; line < step * 4; line += 64)
        _mm_prefetch(reinterpret_cast<const char*>(source) + 4096 + line, _MM_HINT_T0);
    }
    const __m512i bytes = pack_to_bytes(load<4>(source), load<4>(source + 64),
                                        load<4>(source + 128), load<4>(source + 192));
    const __m256i low = _mm512_maskz_extracti64x4_epi64(0xff, bytes, 0),
                  high = _mm512_maskz_extracti64x4_epi64(0xff, bytes, 1);
    const __m256i first = Bits == 4 ? _mm256_or_si256(low, high) : low;
    const __m128i last =
        _mm_or_si128(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
    if constexpr (Access.stream && Bits == 4) {
      _mm256_stream_si256(reinterpret_cast<__m256i*>(target), first);
    } else if constexpr (Access.stream) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(target), _mm256_castsi256_si128(first));
      _mm_stream_si128(reinterpret_cast<__m128i*>(target + 16), _mm256_extracti128_si256(first, 1));
      _mm_stream_si128(reinterpret_cast<__m128i*>(target + 32), last);
    } else {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), first);
      if constexpr (Bits == 6) _mm_storeu_si128(reinterpret_cast<__m128i*>(target + 32), last);
    }
  }
  if constexpr (Access.stream) _mm_sfence();
}

template <int Bits, memory_access Access>
[[gnu::target("avx512f,avx512bw")]] void widen_packed(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; i += step, source += step / 8 * Bits, target += step * 4) {
    if constexpr (Access.prefetch)
      _mm_prefetch(reinterpret_cast<const char*>(source) + 4096, _MM_HINT_T0);
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t from = 16 * k < step / 8 * Bits - 16 ? 16 * k : step / 8 * Bits - 16;
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + from));
      store<Access.stream>(target + 64 * k, _mm512_maskz_cvtepu8_epi32(0xffff, bytes));
    }
  }
  if constexpr (Access.stream) _mm_sfence();
}

}  // namespace avx512
#endif

/// Copies of f32 to packed codes of so many bits.
template <int Bits>
std::vector<roof_variant> narrowing_to_packed() {
  std::vector<roof_variant> found{{"plain", &narrow_plain<Bits>}};
#if defined(__x86_64__)
  using narrowfloat::Isa;
  if (narrowfloat::isa_available(Isa::avx2)) {
    found.push_back({"avx2", &avx2::narrow_packed<Bits, caches>});
    found.push_back({"avx2_prefetch", &avx2::narrow_packed<Bits, prefetch>});
  }
  if (narrowfloat::isa_available(Isa::avx512)) {
    found.push_back({"avx512", &avx512::narrow_packed<Bits, caches>});
    found.push_back({"avx512_prefetch", &avx512::narrow_packed<Bits, prefetch>});
    found.push_back({"avx512_stream", &avx512::narrow_packed<Bits, stream>});
    found.push_back({"avx512_prefetch_stream", &avx512::narrow_packed<Bits, both>});
  }
#endif
  return found;
}

/// Copies of packed codes of so many bits to f32.
template <int Bits>
std::vector<roof_variant> widening_from_packed() {
  std::vector<roof_variant> found{{"plain", &widen_plain<Bits>}};
#if defined(__x86_64__)
  using narrowfloat::Isa;
  if (narrowfloat::isa_available(Isa::avx2)) {
    found.push_back({"avx2", &avx2::widen_packed<Bits, caches>});
    found.push_back({"avx2_stream", &avx2::widen_packed<Bits, stream>});
  }
  if (narrowfloat::isa_available(Isa::avx512)) {
    found.push_back({"avx512", &avx512::widen_packed<Bits, caches>});
    found.push_back({"avx512_stream", &avx512::widen_packed<Bits, stream>});
    found.push_back({"avx512_prefetch_stream", &avx512::widen_packed<Bits, both>});
  }
#endif
  return found;
}

/// The copies of codes of 4, 6, 8 or 32 bits, from f32 or to f32.
inline std::vector<roof_variant> packed_roof(int bits, bool widens) {
  if (bits == 32) return roof_variants({4, 4});
  if (bits == 8) return roof_variants(widens ? shape{1, 4} : shape{4, 1});
  if (bits == 6) return widens ? widening_from_packed<6>() : narrowing_to_packed<6>();
  if (bits == 4) return widens ? widening_from_packed<4>() : narrowing_to_packed<4>();
  throw std::logic_error("no same-shape copy of codes of " + std::to_string(bits) + " bits");
}

}  // namespace bench
