// SPDX-License-Identifier: MIT
// What follows the arrays is a rounding.
// expect: narrowfloat::convert: the argument after the numbers is neither a rounding
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
constexpr Stochastic rounding{42};
#else
constexpr int rounding = 42;
#endif

void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out);
void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out) {
  convert(in, out, rounding, Saturation::finite);
}
