// SPDX-License-Identifier: MIT
// Arrays of integers are no numbers of a format.
// expect: narrowfloat::convert: the input is no contiguous range of float, .*__bf16 or Float
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using input = std::vector<float>;
#else
using input = std::vector<int>;
#endif

void write(const input& in, std::vector<float8_e4m3fn>& out);
void write(const input& in, std::vector<float8_e4m3fn>& out) { convert(in, out); }
