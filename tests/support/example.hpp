// SPDX-License-Identifier: MIT
// The names that examples in documentation comments may use without declaring them.
#pragma once

#undef NDEBUG
#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <iostream>
#include <sstream>
#include <thread>
#include <vector>

#include <narrowfloat/narrowfloat.hpp>

using namespace narrowfloat;
namespace narrowfloat::safetensors {}
namespace st = narrowfloat::safetensors;

namespace {

constexpr std::size_t rows = 4, cols = 256;

/// A tensor of rows x cols numbers between -most and most.
std::vector<float> make_tensor(float most) {
  std::vector<float> values(rows * cols);
  std::uint32_t state = 1;
  for (float& x : values) {
    state = state * 1664525u + 1013904223u;
    x = most * (static_cast<float>(state >> 8) * 0x1p-23f - 1);
  }
  return values;
}

[[maybe_unused]] const std::vector<float> x = make_tensor(3), weights = make_tensor(0.1f),
                                          gradients = make_tensor(1e-4f);
[[maybe_unused]] std::vector<float> momentum = make_tensor(1e-3f);

}  // namespace
