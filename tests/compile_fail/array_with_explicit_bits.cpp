// SPDX-License-Identifier: MIT
// One word of random bits does not serve an array: a key does.
// expect: array_rounding_policy
#include <narrowfloat/convert.hpp>

#include <vector>

using namespace narrowfloat;

void round_all(const std::vector<float>& in, std::vector<float16>& out) {
#ifdef NARROWFLOAT_VALID
  convert(in, out, Stochastic<16>{.seed = 1, .stream = 2, .offset = 0});
#else
  convert(in, out, StochasticC<16>{1});
#endif
}
