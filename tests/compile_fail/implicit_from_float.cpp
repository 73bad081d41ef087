// SPDX-License-Identifier: MIT
// A float becomes a narrow one only on request.
// expect: float.*narrowfloat::(float16|Float<5, 10>)
#include <narrowfloat/formats.hpp>

#ifdef NARROWFLOAT_VALID
narrowfloat::float16 assign(float x) { return narrowfloat::float16(x); }
#else
narrowfloat::float16 assign(float x) { return x; }
#endif
