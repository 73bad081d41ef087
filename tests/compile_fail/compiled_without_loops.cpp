// SPDX-License-Identifier: MIT
// A program that links narrowfloat::compiled brings the loops of its own formats.
// expect: narrowfloat::compiled has the loops of the named formats
#define NARROWFLOAT_COMPILED
#include <narrowfloat/convert.hpp>
#ifdef NARROWFLOAT_VALID
#include <narrowfloat/loops.hpp>
#endif

#include <vector>

using namespace narrowfloat;

void f(const std::vector<float>& in, std::vector<Float<3, 2, 5, Specials::finite>>& out) {
  convert(in, out);
}
