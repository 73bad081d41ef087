// SPDX-License-Identifier: MIT
// A call with an executor is explained as it is without one.
// expect: narrowfloat::convert: the output is const
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using Codes = std::vector<float8_e4m3fn>;
#else
using Codes = const std::vector<float8_e4m3fn>;
#endif

void write(const std::vector<float>& in, Codes& out);
void write(const std::vector<float>& in, Codes& out) { convert(in, out, SerialExecutor{}); }
