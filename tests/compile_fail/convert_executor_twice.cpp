// SPDX-License-Identifier: MIT
// One executor runs a call.
// expect: narrowfloat::convert: an executor is the last argument
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out);
void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out) {
#ifdef NARROWFLOAT_VALID
  convert(in, out, toward_zero, SerialExecutor{});
#else
  const auto threads = [](std::size_t tasks, auto f) { SerialExecutor{}(tasks, f); };
  convert(in, out, toward_zero, threads, SerialExecutor{});
#endif
}
