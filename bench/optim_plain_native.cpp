// SPDX-License-Identifier: MIT
// The plain loop with -O3 and every instruction of the machine that compiles it.
#include "optim_plain.hpp"

#include <cmath>

namespace bench {

void plain_adamw(float* __restrict w, const float* __restrict g, float* __restrict m,
                 float* __restrict v, std::size_t n, int t) {
  const float lr = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f, decay = 1e-2f;
  const float size = lr / (1 - std::pow(beta1, static_cast<float>(t))),
              root = std::sqrt(1 - std::pow(beta2, static_cast<float>(t)));
  for (std::size_t i = 0; i < n; ++i) {
    w[i] *= 1 - lr * decay;
    m[i] += (g[i] - m[i]) * (1 - beta1);
    v[i] = v[i] * beta2 + (1 - beta2) * g[i] * g[i];
    w[i] -= size * m[i] / (std::sqrt(v[i]) / root + eps);
  }
}

}  // namespace bench
