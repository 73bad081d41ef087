// SPDX-License-Identifier: MIT
// Every finite value must be exact in double: here the smallest is 2^-1074, and 2^-1075.
// expect: with this bias some finite value is not exact in double
#include <narrowfloat/float.hpp>

#ifdef NARROWFLOAT_VALID
using format = narrowfloat::Float<5, 2, 1073>;
#else
using format = narrowfloat::Float<5, 2, 1074>;
#endif
static_assert(format::mantissa_bits == 2);
