// SPDX-License-Identifier: MIT
// Runs something in other floating-point environments: it must give the same, and leave them as
// they were.
#pragma once

#include <cfenv>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "support/catch.hpp"

namespace test {

/// run() in each rounding mode, beside the default environment.
template <class Run>
void check_rounding_modes(const Run& run) {
  const auto wanted = run();
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    REQUIRE(std::fesetround(mode) == 0);
    const auto got = run();
    const int after = std::fegetround();
    std::fesetround(FE_TONEAREST);
    CHECK(after == mode);
    CHECK((got == wanted));
  }
}

#if defined(__x86_64__)
/// run() under a control register, beside the default environment.
template <class Run>
void check_control_register(const Run& run, unsigned state) {
  constexpr unsigned sticky_flags = 0x3f;
  const auto wanted = run();
  const unsigned before = _mm_getcsr();
  _mm_setcsr(state & ~sticky_flags);
  const auto got = run();
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  CHECK((after & ~sticky_flags) == (state & ~sticky_flags));
  CHECK((got == wanted));
}
#endif

/// run() with results flushed to zero, with subnormal operands read as zero, and with both;
/// elsewhere than on x86 nothing.
template <class Run>
void check_flush_flags([[maybe_unused]] const Run& run) {
#if defined(__x86_64__)
  constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
  for (const unsigned flags :
       {flush_to_zero, denormals_are_zero, flush_to_zero | denormals_are_zero})
    check_control_register(run, _mm_getcsr() | flags);
#endif
}

/// run() where an invalid operation, a division by zero and an overflow trap; elsewhere than on x86
/// nothing.
template <class Run>
void check_unmasked_exceptions([[maybe_unused]] const Run& run) {
#if defined(__x86_64__)
  constexpr unsigned invalid_and_zero_divide_mask = 0x0280, overflow_mask = 0x0400;
  check_control_register(run, _mm_getcsr() & ~invalid_and_zero_divide_mask & ~overflow_mask);
#endif
}

}  // namespace test
