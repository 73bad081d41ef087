// SPDX-License-Identifier: MIT
// Block tensors for the tests of safetensors.
#pragma once

#include <cmath>
#include <cstddef>
#include <narrowfloat/io/safetensors_blocks.hpp>
#include <string>
#include <vector>

inline std::vector<float> numbers(std::size_t n) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i)
    values[i] = std::ldexp(static_cast<float>(i * 7919 % 257) - 128, static_cast<int>(i % 13) - 9);
  return values;
}

inline narrowfloat::safetensors::Tensor floats(const std::string& name,
                                               const std::vector<std::size_t>& shape,
                                               const std::vector<float>& values) {
  return narrowfloat::safetensors::make_tensor(name, shape, values);
}

/// Blocks that a file under these names holds: with a tensor scale that is one over a divisor.
template <class Format>
narrowfloat::BlockTensor<Format> blocks_for(const narrowfloat::safetensors::BlockNames& names,
                                            std::size_t rows, std::size_t cols) {
  const std::vector<float> values = numbers(rows * cols);
  const auto blocks = narrowfloat::BlockTensor<Format>::quantize(values, rows, cols);
  narrowfloat::QuantizeOptions options;
  if (Format::tensor_scale != narrowfloat::TensorScale::none)
    options.tensor_scale = names.stored(blocks.tensor_scale());
  return narrowfloat::BlockTensor<Format>::quantize(values, rows, cols, options);
}
