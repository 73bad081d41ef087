// SPDX-License-Identifier: MIT
// An executor stands last, after what is rounded by.
// expect: narrowfloat::convert: an executor is the last argument
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out);
void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out) {
  const SerialExecutor executor;
#ifdef NARROWFLOAT_VALID
  convert(in, out, toward_zero, executor);
#else
  convert(in, out, executor, toward_zero);
#endif
}
