// SPDX-License-Identifier: MIT
// Whether gradients overflowed is not dropped: the optimizer's step would be made of Inf and NaN.
// expect: ignoring return value of (.*unscale|function declared)
#include <narrowfloat/scaling/loss.hpp>

#include <array>

#pragma GCC diagnostic error "-Wunused-result"

using namespace narrowfloat;

bool remove_scale(std::array<float, 4>& gradients);
bool remove_scale(std::array<float, 4>& gradients) {
#ifdef NARROWFLOAT_VALID
  return unscale(gradients, 1024.0f);
#else
  unscale(gradients, 1024.0f);
  return false;
#endif
}
