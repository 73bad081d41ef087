// SPDX-License-Identifier: MIT
// Bytes are no numbers either: codes are Floats.
// expect: narrowfloat::convert: the input is no contiguous range of float, .*__bf16 or Float
#include <narrowfloat/convert.hpp>

#include <cstdint>
#include <vector>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using input = std::vector<float8_e4m3fn>;
#else
using input = std::vector<std::uint8_t>;
#endif

void read(const input& in, std::vector<float>& out);
void read(const input& in, std::vector<float>& out) { convert(in, out); }
