// SPDX-License-Identifier: MIT
// A power-of-two scale has range enough: it takes no tensor scale.
// expect: power-of-two scales need no tensor scale
#include <narrowfloat/mx.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
using format = BlockFormat<float4_e2m1fn, float8_e8m0fnu, 32>;
#else
using format = BlockFormat<float4_e2m1fn, float8_e8m0fnu, 32, 1, TensorScale::float32>;
#endif
constexpr int size = format::block_size;
