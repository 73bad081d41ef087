// SPDX-License-Identifier: MIT
// An array of codes is one of Floats, not of bytes.
// expect: narrowfloat::convert: the output is no contiguous range of float, .*__bf16 or Float
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using output = std::vector<float8_e4m3fn>;
#else
using output = std::vector<unsigned char>;
#endif

void write(const std::vector<float>& in, output& out);
void write(const std::vector<float>& in, output& out) { convert(in, out, Stochastic{42}); }
