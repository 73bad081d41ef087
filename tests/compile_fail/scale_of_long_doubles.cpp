// SPDX-License-Identifier: MIT
// Arrays of long double take no factor.
// expect: narrowfloat::convert: a long double becomes .* no Isa, Scale or Divide
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using number = float;
#else
using number = long double;
#endif

void write(const std::vector<number>& in, std::vector<float8_e4m3fn>& out);
void write(const std::vector<number>& in, std::vector<float8_e4m3fn>& out) {
  convert(in, out, Scale{2});
}
