// SPDX-License-Identifier: MIT
// Which instruction sets the processor and the operating system offer, and how large the caches
// are.
#pragma once

#include <cstddef>

#include "../../config.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

struct cpu_features {
  bool avx2 = false;         ///< AVX2, F16C and FMA
  bool avx512 = false;       ///< AVX-512 F, BW, VL and DQ
  bool avx512_vbmi = false;  ///< and VBMI
  /// Reads are ahead of streaming stores by themselves, so that prefetching costs more than it
  /// brings: AMD.
  bool reads_ahead = false;
  /// Bytes of the largest cache that one core sees; a guess where the processor does not tell.
  std::size_t last_level_cache = std::size_t{32} << 20;
};

#if defined(__x86_64__) || defined(__i386__)
/// The largest data or unified cache that cpuid lists in a leaf, in bytes; 0 if it lists none.
inline std::size_t largest_cache(unsigned leaf) noexcept {
  std::size_t largest = 0;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  for (unsigned index = 0; index < 8; ++index) {
    if (__get_cpuid_count(leaf, index, &eax, &ebx, &ecx, &edx) == 0 || (eax & 31) == 0) break;
    constexpr unsigned instructions = 2;
    if ((eax & 31) == instructions) continue;
    const std::size_t ways = (ebx >> 22) + 1, partitions = ((ebx >> 12) & 0x3ff) + 1;
    const std::size_t line = (ebx & 0xfff) + 1, sets = std::size_t{ecx} + 1;
    const std::size_t size = ways * partitions * line * sets;
    if (size > largest) largest = size;
  }
  return largest;
}
#endif

/// Reads cpuid and, because the operating system must save the wide registers, XCR0.
inline cpu_features detect_cpu_features() noexcept {
  cpu_features found;
#if defined(__x86_64__) || defined(__i386__)
  const auto bit = [](unsigned word, int n) { return ((word >> n) & 1u) != 0; };
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  const std::size_t intel_cache = largest_cache(4), amd_cache = largest_cache(0x8000001d);
  if (intel_cache != 0 || amd_cache != 0)
    found.last_level_cache = intel_cache > amd_cache ? intel_cache : amd_cache;
  if (__get_cpuid(0, &eax, &ebx, &ecx, &edx) == 0) return found;
  found.reads_ahead = ecx == 0x444d4163;  // the end of "AuthenticAMD"
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return found;
  const bool osxsave = bit(ecx, 27), avx = bit(ecx, 28), f16c = bit(ecx, 29), fma = bit(ecx, 12);
  if (!osxsave || !avx) return found;
  unsigned xcr0 = 0;
  [[maybe_unused]] unsigned xcr0_high = 0;
  __asm__("xgetbv" : "=a"(xcr0), "=d"(xcr0_high) : "c"(0));
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return found;
  const bool saves_ymm = (xcr0 & 0x06u) == 0x06u;  // SSE and AVX state
  const bool saves_zmm = (xcr0 & 0xe6u) == 0xe6u;  // and opmask and both halves of the ZMM state
  found.avx2 = saves_ymm && f16c && fma && bit(ebx, 5);
  found.avx512 =
      found.avx2 && saves_zmm && bit(ebx, 16) && bit(ebx, 17) && bit(ebx, 30) && bit(ebx, 31);
  found.avx512_vbmi = found.avx512 && bit(ecx, 1);
#endif
  return found;
}

/// The same, found once.
inline const cpu_features& find_cpu_features() noexcept {
  static const cpu_features found = detect_cpu_features();
  return found;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
