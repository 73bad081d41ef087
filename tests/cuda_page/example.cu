// SPDX-License-Identifier: MIT
// The program of docs/cuda.md. Where there is no GPU its host part runs, and it says so.
#include <narrowfloat/narrowfloat.hpp>

#include <cstdio>
#include <vector>

namespace nf = narrowfloat;

// Gradients become E5M2, element i by the random bits that an array call on the host takes for it.
__global__ void to_fp8(const float* x, nf::float8_e5m2* codes, std::size_t n,
                       nf::Stochastic<> rounding) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) codes[i] = nf::convert<nf::float8_e5m2>(x[i], nf::Scale{1024}, rounding.from(i));
}

int main() {
  std::vector<float> x(1000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1e-5f * static_cast<float>(i);
  const nf::Stochastic<> rounding{.seed = 1, .stream = 2};
  std::vector<nf::float8_e5m2> codes(x.size()), on_device(x.size());
  nf::convert(x, codes, nf::Scale{1024}, rounding);  // on the host: a loop of narrowfloat::compiled

  float* in = nullptr;
  nf::float8_e5m2* out = nullptr;
  if (cudaMalloc(&in, 1000 * sizeof *in) != cudaSuccess || cudaMalloc(&out, 1000) != cudaSuccess) {
    std::printf("skipped: no GPU\n");
    return 77;
  }
  cudaMemcpy(in, x.data(), 1000 * sizeof *in, cudaMemcpyHostToDevice);
  to_fp8<<<4, 256>>>(in, out, x.size(), rounding);
  cudaMemcpy(on_device.data(), out, 1000, cudaMemcpyDeviceToHost);
  std::printf("%s\n", codes == on_device ? "the same bits" : "other bits");
  return codes == on_device ? 0 : 1;
}
