// SPDX-License-Identifier: MIT
// A format has at most 8 exponent bits.
// expect: number of exponent bits, must be 0 to 8
#include <narrowfloat/float.hpp>

#ifdef NARROWFLOAT_VALID
using format = narrowfloat::Float<8, 2>;
#else
using format = narrowfloat::Float<9, 2>;
#endif
static_assert(format::mantissa_bits == 2);
