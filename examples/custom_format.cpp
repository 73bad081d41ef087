// SPDX-License-Identifier: MIT
// A format of one's own: defined in one line, exact in every operation, converted at SIMD speed.
#include <narrowfloat/narrowfloat.hpp>

#include <iostream>
#include <vector>

namespace nf = narrowfloat;

// 6 bits: sign, 3 exponent bits of bias 5, 2 mantissa bits; every code is a number.
using my_float = nf::Float<3, 2, 5, nf::Specials::finite>;
static_assert(std::numeric_limits<my_float>::max() == 7.0f);
static_assert(my_float(1.0f) / 3 == 0.3125f);  // 1/3, rounded once, to nearest even

int main() {
  const std::vector<float> weights{0.1f, -0.73f, 2.9f, 1000.0f};
  std::vector<my_float> codes(weights.size());

  nf::convert(weights, codes);  // to nearest even; too large becomes 7
  for (const my_float x : codes) std::cout << x << ' ';

  nf::convert(weights, codes, nf::Stochastic<>{.seed = 42});  // the same bits on every machine
  for (const my_float x : codes) std::cout << x << ' ';
  std::cout << '\n';
}
