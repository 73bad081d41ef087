// SPDX-License-Identifier: MIT
// No rounding mode, no flush-to-zero flag and no unmasked exception moves a result, and no call moves them.
#include <cfenv>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "support/catch.hpp"
#include "support/checksum.hpp"

namespace {

std::uint64_t expected() {
  static const std::uint64_t sum = test::checksum();
  return sum;
}

}  // namespace

TEST_CASE("the four rounding modes change no result", "[environment]") {
  const std::uint64_t wanted = expected();
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    REQUIRE(std::fesetround(mode) == 0);
    const std::uint64_t got = test::checksum();
    const int after = std::fegetround();
    std::fesetround(FE_TONEAREST);
    CHECK(after == mode);
    CHECK(got == wanted);
  }
}

#if defined(__x86_64__)
TEST_CASE("flush to zero, denormals are zero and unmasked exceptions change no result",
          "[environment]") {
  const std::uint64_t wanted = expected();
  const unsigned before = _mm_getcsr();
  constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
  constexpr unsigned invalid_and_zero_divide_mask = 0x0280, overflow_mask = 0x0400;
  for (const unsigned state : {before | flush_to_zero, before | denormals_are_zero,
                               before | flush_to_zero | denormals_are_zero,
                               before & ~invalid_and_zero_divide_mask & ~overflow_mask}) {
    constexpr unsigned sticky_flags = 0x3f;
    _mm_setcsr(state & ~sticky_flags);
    const std::uint64_t got = test::checksum();
    const unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    CHECK((after & ~sticky_flags) == (state & ~sticky_flags));
    CHECK(got == wanted);
  }
}
#endif
