// SPDX-License-Identifier: MIT
// What convert() writes to outlives the call.
// expect: narrowfloat::convert: the output is a temporary
#include <narrowfloat/convert.hpp>

#include <span>
#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using output = std::span<float8_e4m3fn>;
#else
using output = std::vector<float8_e4m3fn>;
#endif

void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out);
void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out) {
  convert(in, output(out), nearest_even);
}
