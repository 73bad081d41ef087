// SPDX-License-Identifier: MIT
// The target of a conversion is a number type.
// expect: narrowfloat::convert: the target type is none of float, double, .*__bf16 and Float
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using target = float8_e4m3fn;
#else
using target = int;
#endif

target write(float16 x);
target write(float16 x) { return convert<target>(x); }
