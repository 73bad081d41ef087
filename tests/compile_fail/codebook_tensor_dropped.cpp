// SPDX-License-Identifier: MIT
// A tensor that quantize() makes is not dropped: assign() is what quantizes in place.
// expect: ignoring return value of (.*CodebookTensor::quantize|function declared)
#include <narrowfloat/quantize/codebook_tensor.hpp>

#include <array>

#pragma GCC diagnostic error "-Wunused-result"

using namespace narrowfloat;

void quantize_again(CodebookTensor& state, const std::array<float, 4>& values);
void quantize_again(CodebookTensor& state, const std::array<float, 4>& values) {
#ifdef NARROWFLOAT_VALID
  state.assign(values);
#else
  state.quantize(values, state.codebook());
#endif
}
