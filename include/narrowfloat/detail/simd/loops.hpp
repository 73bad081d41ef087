// SPDX-License-Identifier: MIT
// What every loop sees: the packs and edge operations of each instruction set, the floating-point
// environment, random bits, and the table by which one is chosen. A kernel's header includes this,
// then each_isa.inl with its loop text.
#pragma once

#include "avx2.hpp"
#include "avx512.hpp"
#include "environment.hpp"
#include "generic.hpp"
#include "isa_table.hpp"
#include "neon.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

// An instruction set of another architecture has the names of generic here; no call gets through to
// it.
#if !defined(__x86_64__)
namespace avx2 = generic;
namespace avx512 = generic;
#endif
#if !defined(__aarch64__)
namespace neon = generic;
#endif

/// Whether calls on an instruction set may use the loops of AVX-512 with VBMI.
inline bool has_vbmi(Isa isa) { return isa == Isa::avx512 && find_cpu_features().avx512_vbmi; }

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
