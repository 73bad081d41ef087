// SPDX-License-Identifier: MIT
// fnuz keeps its NaN at the code of -0, which an unsigned format lacks.
// expect: fnuz puts NaN at the code of -0, so the format must be signed
#include <narrowfloat/float.hpp>

using enum narrowfloat::Signedness;

#ifdef NARROWFLOAT_VALID
using format = narrowfloat::Float<4, 3, 8, narrowfloat::Specials::fnuz, is_signed>;
#else
using format = narrowfloat::Float<4, 3, 8, narrowfloat::Specials::fnuz, is_unsigned>;
#endif
static_assert(format::mantissa_bits == 3);
