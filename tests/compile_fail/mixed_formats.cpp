// SPDX-License-Identifier: MIT
// Two formats of which neither holds the other do not mix; the message names both.
// expect: deleted (function .*Float<5, 10>.*Float<8, 7>|operator)
#include <narrowfloat/formats.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
auto sum(float16 a, bfloat16 b) { return tfloat32(a) + b; }
#else
auto sum(float16 a, bfloat16 b) { return a + b; }
#endif
