// SPDX-License-Identifier: MIT
// No rounding mode, no flush-to-zero flag and no unmasked exception moves a result, and no array
// call moves them: the control register is the same after it as before, the sticky flags included.
#include <cfenv>

#include "support/catch.hpp"
#include "support/checksum.hpp"
#include "support/mismatches.hpp"

namespace {

std::uint64_t expected() {
  static const std::uint64_t sum = test::checksum();
  return sum;
}

#if defined(__x86_64__)
#define HAS_CONTROL_REGISTER
/// MXCSR, all of it: sticky flags in the low 6 bits.
std::uint64_t control_register() {
  std::uint32_t state = 0;
  __asm__ volatile("stmxcsr %0" : "=m"(state) : : "memory");
  return state;
}
void set_control_register(std::uint64_t state) {
  const auto low = static_cast<std::uint32_t>(state);
  __asm__ volatile("ldmxcsr %0" : : "m"(low) : "memory");
}
constexpr std::uint64_t all_masked = 0x1f80, flush_to_zero = 0x8000, denormals_are_zero = 0x0040,
                        sticky = 0x003f;
constexpr int rounding_at = 13;
#elif defined(__aarch64__)
#define HAS_CONTROL_REGISTER
/// FPCR above the sticky flags of FPSR.
std::uint64_t control_register() {
  std::uint64_t control = 0, status = 0;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control) : : "memory");
  __asm__ volatile("mrs %0, fpsr" : "=r"(status) : : "memory");
  return control << 32 | status;
}
void set_control_register(std::uint64_t state) {
  __asm__ volatile("msr fpcr, %0" : : "r"(state >> 32) : "memory");
  __asm__ volatile("msr fpsr, %0" : : "r"(state & 0xffffffffu) : "memory");
}
// Here flush to zero is of inputs too. The other flag gives default NaNs; few processors can trap.
constexpr std::uint64_t all_masked = 0, flush_to_zero = std::uint64_t{1} << 56,
                        denormals_are_zero = std::uint64_t{1} << 57, sticky = 0x9f;
constexpr int rounding_at = 54;
#endif

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

#ifdef HAS_CONTROL_REGISTER
TEST_CASE("no flag of the control register changes the result of a scalar call", "[environment]") {
  const std::uint64_t wanted = test::scalar_checksum(), before = control_register();
  for (const std::uint64_t flags :
       {flush_to_zero, denormals_are_zero, flush_to_zero | denormals_are_zero}) {
    set_control_register(all_masked | flags);
    const std::uint64_t got = test::scalar_checksum();
    set_control_register(before);
    CHECK(got == wanted);
  }
}

TEST_CASE("no array call sees or moves the control register, whatever is in it", "[environment]") {
  const std::uint64_t wanted = test::array_checksum(), before = control_register();
  test::Mismatches bad;
  for (const narrowfloat::Isa isa : narrowfloat::all_isas) {
    if (!narrowfloat::isa_available(isa)) continue;
    // rounding, flags, masks (with nothing masked a single inexact result would trap), sticky flags
    for (std::uint64_t k = 0; k < 64; ++k) {
      const std::uint64_t state = k % 4 << rounding_at | (k & 4 ? flush_to_zero : 0) |
                                  (k & 8 ? denormals_are_zero : 0) | (k & 16 ? all_masked : 0) |
                                  (k & 32 ? sticky : 0);
      set_control_register(state);
      const std::uint64_t held = control_register(), got = test::array_checksum(isa),
                          after = control_register();
      set_control_register(before);
      const auto where = [&](const char* what) {
        return [&, what] { return std::string(narrowfloat::isa_name(isa)) + ": " + what; };
      };
      bad.expect_equal(where("the result"), state, wanted, got);
      bad.expect_equal(where("the register"), state, held, after);
    }
  }
  CHECK(bad.report() == "");
}
#endif
