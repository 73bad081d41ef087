// SPDX-License-Identifier: MIT
// Gradients are unscaled to float: in a narrow format they would be rounded, or vanish, once more.
// expect: no matching function for call to .*unscale
#include <narrowfloat/scaling/loss.hpp>

#include <array>

using namespace narrowfloat;

bool remove_scale(std::array<float16, 4>& gradients, std::array<float, 4>& master);
bool remove_scale(std::array<float16, 4>& gradients,
                  [[maybe_unused]] std::array<float, 4>& master) {
#ifdef NARROWFLOAT_VALID
  return unscale(gradients, master, 1024.0f);
#else
  return unscale(gradients, 1024.0f);
#endif
}
