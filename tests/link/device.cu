// SPDX-License-Identifier: MIT
// Device code may use the value type and its operations, without a flag and without a warning.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/limits.hpp>
#include <narrowfloat/math.hpp>

using namespace narrowfloat;

__global__ void round_and_multiply(const float* in, float8_e4m3fn* codes, float* out, int n) {
  const int i = static_cast<int>(threadIdx.x);
  if (i >= n) return;
  codes[i] = float8_e4m3fn(in[i]);
  const bfloat16 product = bfloat16(in[i]) * bfloat16(codes[i]) + 1;
  const float16 root = sqrt(float16(in[i]), Stochastic<>{1, 2, static_cast<std::uint64_t>(i)});
  out[i] = codes[i] < codes[0] || isnan(root) ? 0.0f : static_cast<float>(product) + root;
}
