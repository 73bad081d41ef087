// SPDX-License-Identifier: MIT
// private: include <narrowfloat/isa.hpp>. Which instruction sets the processor and the operating
// system offer.
#pragma once

#include "../config.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

struct cpu_features {
  bool avx2 = false;    ///< AVX2 and F16C
  bool avx512 = false;  ///< AVX-512 F, BW, VL and DQ
};

/// Reads cpuid and, because the operating system must save the wide registers, XCR0.
inline cpu_features detect_cpu_features() noexcept {
  cpu_features found;
#if defined(__x86_64__) || defined(__i386__)
  const auto bit = [](unsigned word, int n) { return ((word >> n) & 1u) != 0; };
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return found;
  const bool osxsave = bit(ecx, 27), avx = bit(ecx, 28), f16c = bit(ecx, 29);
  if (!osxsave || !avx) return found;
  unsigned xcr0 = 0, xcr0_high = 0;
  __asm__("xgetbv" : "=a"(xcr0), "=d"(xcr0_high) : "c"(0));
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return found;
  const bool saves_ymm = (xcr0 & 0x06u) == 0x06u;  // SSE and AVX state
  const bool saves_zmm = (xcr0 & 0xe6u) == 0xe6u;  // and opmask and both halves of the ZMM state
  found.avx2 = saves_ymm && f16c && bit(ebx, 5);
  found.avx512 =
      found.avx2 && saves_zmm && bit(ebx, 16) && bit(ebx, 17) && bit(ebx, 30) && bit(ebx, 31);
#endif
  return found;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
