// SPDX-License-Identifier: MIT
// A Scale multiplies floats alone, in arrays too.
// expect: narrowfloat::convert: Scale and Divide take floats and Floats, not doubles
#include <narrowfloat/convert.hpp>

#include <array>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using source = std::array<float, 4>;
#else
using source = std::array<double, 4>;
#endif

void scale(const source& in, std::array<float16, 4>& out);
void scale(const source& in, std::array<float16, 4>& out) { convert(in, out, Scale{0.5f}); }
