// SPDX-License-Identifier: MIT
// A fixed-point format has no exponent for IEEE's Inf and NaN.
// expect: fixed-point format .E = 0. takes Specials finite, fn or fnuz
#include <narrowfloat/float.hpp>

#ifdef NARROWFLOAT_VALID
using format = narrowfloat::Float<0, 3, 1, narrowfloat::Specials::finite>;
#else
using format = narrowfloat::Float<0, 3, 1, narrowfloat::Specials::ieee>;
#endif
static_assert(format::mantissa_bits == 3);
