// SPDX-License-Identifier: MIT
// Misuse of arrays is told of a call with a preset too.
// expect: narrowfloat::convert: the output is const
#include <narrowfloat/compat.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using output = std::vector<float8_e4m3fn>;
#else
using output = const std::vector<float8_e4m3fn>;
#endif

void write(const std::vector<float>& in, output& out);
void write(const std::vector<float>& in, output& out) { convert(in, out, compat::torch_2); }
