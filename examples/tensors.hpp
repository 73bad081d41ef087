// SPDX-License-Identifier: MIT
// The tensors of a safetensors file as floats.
#pragma once

#include <narrowfloat/convert.hpp>
#include <narrowfloat/io/safetensors.hpp>
#include <optional>
#include <vector>

namespace example {

/// The numbers of a float tensor; nothing of another.
inline std::optional<std::vector<float>> floats_of(const narrowfloat::safetensors::Tensor& tensor) {
  using narrowfloat::safetensors::Dtype;
  const auto all = [](const auto& values) {
    std::vector<float> floats(values.size());
    narrowfloat::convert(values, floats);
    return floats;
  };
  switch (tensor.dtype) {
    case Dtype::f32:
      return all(tensor.as<float>());
    case Dtype::f16:
      return all(tensor.as<narrowfloat::float16>());
    case Dtype::bf16:
      return all(tensor.as<narrowfloat::bfloat16>());
    case Dtype::f64:
      return all(tensor.as<double>());
    default:
      return std::nullopt;
  }
}

}  // namespace example
