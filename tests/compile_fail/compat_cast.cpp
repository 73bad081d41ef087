// SPDX-License-Identifier: MIT
// A preset has the casts that its stack has.
// expect: narrowfloat::convert: the preset has no such cast
#include <narrowfloat/compat.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
constexpr auto preset = compat::ml_dtypes;
#else
constexpr auto preset = compat::torch_2;
#endif

float6_e2m3fn write(float x);
float6_e2m3fn write(float x) { return convert<float6_e2m3fn>(x, preset); }
