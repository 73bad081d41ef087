// SPDX-License-Identifier: MIT
// One product of MXFP8 activations and MXFP4 weights under several policies: what each costs, and
// how far its sums are from the exact ones. The last is a BLAS's, in free order.
#include <fmt/core.h>
#include <narrowfloat/narrowfloat.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "blas.hpp"

namespace nf = narrowfloat;

namespace {

constexpr std::size_t tokens = 128, inputs = 1024, outputs = 512;

std::vector<float> normal_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> all(count);
  for (float& x : all) x = normal(random);
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) {
    fmt::print(stderr, "products: takes no arguments, not {}\n", arguments[1]);
    return 2;
  }
  const auto x =
      nf::BlockTensor<nf::mxfp8_e4m3>::quantize(normal_numbers(tokens * inputs, 1), tokens, inputs);
  const auto w = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(normal_numbers(outputs * inputs, 2),
                                                           outputs, inputs);
  std::vector<float> exact(tokens * outputs);
  fmt::print("{} x {} MXFP8 by {} x {} MXFP4; BLAS: {}\n\n{:<34}{:>12}{:>14}\n", tokens, inputs,
             inputs, outputs, example::blas_name(), "sums", "GMAC/s", "rms error");
  const auto row = [&](const char* name, const auto& policy, auto number) {
    std::vector<decltype(number)> y(tokens * outputs);
    double best = 1e9;
    for (int repetition = 0; repetition < 3; ++repetition) {
      const auto start = std::chrono::steady_clock::now();
      nf::matmul(x, w, y, tokens, outputs, inputs, policy, {.b_transposed = true});
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      best = std::min(best, elapsed.count());
    }
    if (exact[0] == 0) std::copy(y.begin(), y.end(), exact.begin());
    double squares = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
      squares += std::pow(static_cast<double>(static_cast<float>(y[i]) - exact[i]), 2);
    fmt::print("{:<34}{:>12.1f}{:>14.2g}\n", name, 1e-9 * tokens * outputs * inputs / best,
               std::sqrt(squares / static_cast<double>(y.size())));
    return std::isfinite(squares);
  };
  using E6M9 = nf::FusedAccumulator<nf::float16_e6m9>;
  bool fine = row("exact, rounded once", nf::ExactAccumulator{}, 0.0f);
  fine &= row("float", nf::FusedAccumulator<float>{}, 0.0f);
  fine &= row("1-6-9", E6M9{}, nf::float16_e6m9());
  fine &= row("1-6-9 in chunks of 64", nf::ChunkedAccumulator<E6M9, E6M9>{}, nf::float16_e6m9());
  fine &= row("float, in the BLAS's order", nf::FreeOrderAccumulator{example::Blas{}}, 0.0f);
  return fine ? 0 : 1;
}
