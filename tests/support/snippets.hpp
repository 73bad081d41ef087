// SPDX-License-Identifier: MIT
// The names that the snippets of README.md use without declaring them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <narrowfloat/io/safetensors_blocks.hpp>
#include <narrowfloat/loops.hpp>
#include <narrowfloat/narrowfloat.hpp>

// A snippet shows calls: what they return may be of no use, and names may be those of others.
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-value"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"

namespace nf = narrowfloat;

namespace {

constexpr std::size_t rows = 16, cols = 256, m = 16, k = 128, n = 16, size = rows * cols;

std::vector<float> numbers(std::size_t count, float most) {
  std::vector<float> values(count);
  std::uint32_t state = 1;
  for (float& x : values) {
    state = state * 1664525u + 1013904223u;
    x = most * (static_cast<float>(state >> 8) * 0x1p-23f - 1);
  }
  return values;
}

[[maybe_unused]] const std::vector<float> x = numbers(m * k, 3), a = numbers(m * k, 1),
                                          b = numbers(k * n, 1), w = numbers(n * k, 0.1f);
[[maybe_unused]] std::vector<float> weights = numbers(size, 0.1f), gradients = numbers(size, 1e-4f),
                                    momentum = numbers(size, 1e-3f), variance(size, 1e-6f),
                                    out(size), dq = numbers(m * k, 1), dx(m*k), q(m*k),
                                    a_rotated(m*k), b_rotated(k*n), y(m*n), bias(n);
[[maybe_unused]] const std::vector<std::int32_t> sums(m* n, 12345);
[[maybe_unused]] std::vector<nf::float8_e4m3fn> codes(size);
[[maybe_unused]] std::uint64_t seed = 42, step = 3, tensor = 7;

[[maybe_unused]] void step_optimizer(const std::vector<float>&) {}

}  // namespace
