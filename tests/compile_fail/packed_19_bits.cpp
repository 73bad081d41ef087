// SPDX-License-Identifier: MIT
// Packed codes have at most 16 bits.
// expect: constraint
#include <narrowfloat/packed.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using packed = PackedSpan<const bfloat16>;
#else
using packed = PackedSpan<const tfloat32>;
#endif
constexpr packed nothing{};
