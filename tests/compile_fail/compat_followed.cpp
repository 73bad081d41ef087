// SPDX-License-Identifier: MIT
// A preset takes the place of all policies.
// expect: narrowfloat::convert: a preset takes the place of rounding, Saturation and Subnormals
#include <narrowfloat/compat.hpp>

#include <vector>

using namespace narrowfloat;

void write(const std::vector<float>& in, std::vector<float8_e5m2>& out);
#ifdef NARROWFLOAT_VALID
void write(const std::vector<float>& in, std::vector<float8_e5m2>& out) {
  convert(in, out, compat::jax);
}
#else
void write(const std::vector<float>& in, std::vector<float8_e5m2>& out) {
  convert(in, out, compat::jax, Saturation::finite);
}
#endif
