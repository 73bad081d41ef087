// SPDX-License-Identifier: MIT
// The rounding stands before the saturation.
// expect: narrowfloat::convert: the argument after the numbers is neither a rounding
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
constexpr auto argument = toward_zero;
#else
constexpr auto argument = Saturation::finite;
#endif

float8_e4m3fn write(float x);
float8_e4m3fn write(float x) { return convert<float8_e4m3fn>(x, argument); }
