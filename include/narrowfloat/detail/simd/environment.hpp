// SPDX-License-Identifier: MIT
// The floating-point environment of an array call: known rounding, subnormals kept, no traps;
// whatever the caller had is back at its end, the sticky flags included.
#pragma once

#include <cstdint>

#include "../codec/word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Sets the control register for its lifetime. On a machine whose register it does not know,
/// `is_known` is false and the array loops do without float operations.
class float_environment {
 public:
#if defined(__x86_64__) || defined(__SSE__)
  static constexpr bool is_known = true;
  NF_INLINE explicit float_environment(direction d) {
    // All exceptions masked; flush to zero and denormals are zero off; the rounding in bits 13 and
    // 14.
    const std::uint32_t rounding = d == direction::to_zero       ? 0x6000
                                   : d == direction::to_positive ? 0x4000
                                   : d == direction::to_negative ? 0x2000
                                                                 : 0;
    __asm__ volatile("stmxcsr %0" : "=m"(before_));
    const std::uint32_t wanted = 0x1f80 | rounding | (before_ & 0x3f);
    if (wanted != before_) __asm__ volatile("ldmxcsr %0" : : "m"(wanted) : "memory");
  }
  NF_INLINE ~float_environment() {
    // whatever it holds: to read it takes ten times as long, since that waits for the flags of all
    // before
    __asm__ volatile("ldmxcsr %0" : : "m"(before_) : "memory");
  }

 private:
  std::uint32_t before_ = 0;
#elif defined(__aarch64__)
  static constexpr bool is_known = true;
  NF_INLINE explicit float_environment(direction d) {
    // FPCR: the rounding in bits 22 and 23; flush to zero, default NaN, alternative half and traps
    // off.
    const std::uint64_t wanted = d == direction::to_zero       ? 0xc00000
                                 : d == direction::to_positive ? 0x400000
                                 : d == direction::to_negative ? 0x800000
                                                               : 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
    __asm__ volatile("mrs %0, fpsr" : "=r"(flags_));
    if (wanted != before_) __asm__ volatile("msr fpcr, %0" : : "r"(wanted) : "memory");
    changed_ = wanted != before_;
  }
  NF_INLINE ~float_environment() {
    if (changed_) __asm__ volatile("msr fpcr, %0" : : "r"(before_) : "memory");
    __asm__ volatile("msr fpsr, %0" : : "r"(flags_) : "memory");
  }

 private:
  std::uint64_t before_ = 0, flags_ = 0;
  bool changed_ = false;
#else
  static constexpr bool is_known = false;
  NF_INLINE explicit float_environment(direction) {}
#endif

 public:
  float_environment(const float_environment&) = delete;
  float_environment& operator=(const float_environment&) = delete;
};

/// Keeps scalar operations within an environment: those on its result begin, and those that make x
/// end, where it stands. Without it Clang moves what touches no memory across the change of the
/// register.
template <class T>
NF_INLINE T held(T x) {
  __asm__ volatile("" : "+m"(x) : : "memory");
  return x;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
