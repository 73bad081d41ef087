// SPDX-License-Identifier: MIT
// What convert() writes to is not const.
// expect: narrowfloat::convert: the output is const
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using output = std::vector<float8_e4m3fn>;
#else
using output = const std::vector<float8_e4m3fn>;
#endif

void write(const std::vector<float>& in, output& out);
void write(const std::vector<float>& in, output& out) { convert(in, out); }
