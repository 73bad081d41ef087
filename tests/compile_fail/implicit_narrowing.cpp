// SPDX-License-Identifier: MIT
// What may lose a value is said aloud; the message names both formats.
// expect: from.*Float<5, ?10.*to.*Float<4, ?3
#include <narrowfloat/formats.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
float16 assign(float8_e4m3fn x) { return x; }
#else
float8_e4m3fn assign(float16 x) { return x; }
#endif
