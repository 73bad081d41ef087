// SPDX-License-Identifier: MIT
// The smallest program that uses the compiled library: an array that survives its narrowing.
#include <narrowfloat/narrowfloat.hpp>

#include <vector>

#ifndef NARROWFLOAT_COMPILED
#error "the target narrowfloat::compiled says so"
#endif

int main() {
  const std::vector<float> values(100, 1.5f);
  std::vector<narrowfloat::float8_e4m3fn> codes(values.size());
  std::vector<float> back(values.size());
  narrowfloat::convert(values, codes);
  narrowfloat::convert(codes, back);
  return back == values ? 0 : 1;
}
