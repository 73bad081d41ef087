// SPDX-License-Identifier: MIT
// Sums in free order are of floats: numbers that float does not hold have none.
// expect: matmul: float does not hold the numbers of an operand
#include <narrowfloat/linalg.hpp>

#include <vector>

using namespace narrowfloat;

struct Gemm {
  void operator()(std::size_t, std::size_t, std::size_t, const float*, std::size_t, const float*,
                  std::size_t, float*, std::size_t) const {}
};
#ifdef NARROWFLOAT_VALID
using Number = Float<5, 2>;
#else
using Number = Float<5, 2, 200>;
#endif
void multiply(const std::vector<Number>& a, std::vector<float>& c) {
  matmul(a, a, c, 1, 1, 1, FreeOrderAccumulator<Gemm>{});
}
