// SPDX-License-Identifier: MIT
// Nor do they compare.
// expect: deleted (function .*Float<5, 10>.*Float<8, 7>|operator)
#include <narrowfloat/formats.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
bool equal(float16 a, bfloat16 b) { return tfloat32(a) == b; }
#else
bool equal(float16 a, bfloat16 b) { return a == b; }
#endif
