// SPDX-License-Identifier: MIT
// The instruction sets that the array kernels are built for, and which one a call uses.
#pragma once

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "errors.hpp"
#include "isa/detail/cpu_features.hpp"

namespace narrowfloat {

/// An instruction set of the array kernels. Results never depend on it.
enum class Isa {
  generic,  ///< whatever the compiler's baseline offers
  avx2,     ///< x86 AVX2, F16C and FMA
  avx512,   ///< x86 AVX-512 F, BW, VL and DQ
  neon      ///< AArch64 Advanced SIMD
};

/// Every instruction set, in the order of the enumeration.
inline constexpr std::array all_isas{Isa::generic, Isa::avx2, Isa::avx512, Isa::neon};

/// The name of an instruction set, as NARROWFLOAT_ISA takes it.
constexpr std::string_view isa_name(Isa isa) noexcept {
  constexpr std::array<std::string_view, 4> names{"generic", "avx2", "avx512", "neon"};
  return names[static_cast<unsigned>(isa)];
}

namespace detail {
inline namespace NF_BASELINE {

inline bool find_isa(Isa isa) noexcept {
  switch (isa) {
    case Isa::generic:
      return true;
    case Isa::avx2:
      return find_cpu_features().avx2;
    case Isa::avx512:
      return find_cpu_features().avx512;
    case Isa::neon:
#if defined(__aarch64__)
      return true;  // a part of the architecture
#else
      return false;
#endif
  }
  return false;
}

inline Isa choose_isa() noexcept {
  static const Isa chosen = [] {
    Isa best = Isa::generic;
    const char* const wanted = std::getenv("NARROWFLOAT_ISA");
    for (const Isa isa : all_isas) {
      if (!find_isa(isa)) continue;
      if (wanted != nullptr && isa_name(isa) == wanted) return isa;
      best = isa;
    }
    return best;
  }();
  return chosen;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Whether this processor and this build can run an instruction set.
NF_INLINE bool isa_available(Isa isa) noexcept { return detail::find_isa(isa); }

namespace detail {
/// What a ScopedIsa asks for; -1: nothing.
inline constinit int isa_override = -1;

inline namespace NF_BASELINE {
inline void require_isa(const char* call, Isa isa) {
  if (!isa_available(isa))
    fail<std::invalid_argument>(call, "the instruction set " + std::string(isa_name(isa)) +
                                          " is not available on this machine");
}
}  // namespace NF_BASELINE
}  // namespace detail

/// The instruction set that array calls use: the widest available one.
///
/// Special   the environment variable NARROWFLOAT_ISA, read once, names another; a name that is
///           unknown or not available here is ignored. A ScopedIsa names another for its scope.
/// Promises  noexcept, thread-safe.
NF_INLINE Isa active_isa() noexcept {
  const int wanted = __atomic_load_n(&detail::isa_override, __ATOMIC_RELAXED);
  return wanted < 0 ? detail::choose_isa() : static_cast<Isa>(wanted);
}

/// Makes another instruction set the active one, in all threads, until the scope ends: for tests
/// and measurements, since results do not depend on it.
///
/// Special   one that is not available here throws std::invalid_argument with its name.
/// Requires  scopes end in the reverse of the order in which they began.
///
/// Example   const ScopedIsa plain(Isa::generic);
///           std::vector<float8_e4m3fn> codes(x.size());
///           convert(x, codes);
class ScopedIsa {
 public:
  /// Begins the scope, with this instruction set.
  NF_INLINE explicit ScopedIsa(Isa isa) {
    detail::require_isa("ScopedIsa", isa);
    before_ = __atomic_exchange_n(&detail::isa_override, static_cast<int>(isa), __ATOMIC_RELAXED);
  }
  /// Ends the scope. There are no copies: each scope ends once.
  NF_INLINE ~ScopedIsa() { __atomic_store_n(&detail::isa_override, before_, __ATOMIC_RELAXED); }
  ScopedIsa(const ScopedIsa&) = delete;
  ScopedIsa& operator=(const ScopedIsa&) = delete;

 private:
  int before_;
};

}  // namespace narrowfloat
