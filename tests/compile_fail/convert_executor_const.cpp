// SPDX-License-Identifier: MIT
// An executor is called as it is given.
// expect: narrowfloat::convert: an executor is the last argument
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

struct Counting {
  std::size_t calls = 0;
  template <class F>
  void operator()(std::size_t tasks, const F& f) {
    ++calls;
    for (std::size_t i = 0; i < tasks; ++i) f(i);
  }
};

void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out);
void write(const std::vector<float>& in, std::vector<float8_e4m3fn>& out) {
#ifdef NARROWFLOAT_VALID
  Counting executor;
#else
  const Counting executor;
#endif
  convert(in, out, toward_zero, executor);
}
