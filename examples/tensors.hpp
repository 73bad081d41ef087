// SPDX-License-Identifier: MIT
// The tensors of a safetensors checkpoint as floats, by parts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/io/safetensors.hpp>
#include <span>
#include <utility>
#include <vector>

namespace example {

/// How many elements, or bytes, of a tensor are in memory at a time.
inline constexpr std::size_t most_in_memory = 1 << 20;

/// Whether a tensor is of numbers that floats_of() takes: F32, F16, BF16, F64.
inline bool is_float(narrowfloat::safetensors::Dtype dtype) {
  using enum narrowfloat::safetensors::Dtype;
  return dtype == f32 || dtype == f16 || dtype == bf16 || dtype == f64;
}

/// The numbers of a tensor for which is_float() holds.
inline std::vector<float> floats_of(const narrowfloat::safetensors::Tensor& tensor) {
  using narrowfloat::safetensors::Dtype;
  const auto all = [](const auto& values) {
    std::vector<float> floats(values.size());
    narrowfloat::convert(values, floats);
    return floats;
  };
  switch (tensor.dtype) {
    case Dtype::f16:
      return all(tensor.as<narrowfloat::float16>());
    case Dtype::bf16:
      return all(tensor.as<narrowfloat::bfloat16>());
    case Dtype::f64:
      return all(tensor.as<double>());
    default:
      return all(tensor.as<float>());
  }
}

/// Calls use(part) for the bytes of a tensor, part by part in their order.
template <class Use>
void for_each_bytes(const narrowfloat::safetensors::Reader& reader,
                    const narrowfloat::safetensors::Entry& entry, Use use) {
  const std::uint64_t size = entry.size_bytes();
  std::vector<std::byte> part;
  for (std::uint64_t first = 0; first < size; first += part.size()) {
    part.resize(static_cast<std::size_t>(std::min<std::uint64_t>(most_in_memory, size - first)));
    reader.read(entry.name, first, part);
    use(std::span<const std::byte>(part));
  }
}

/// Calls use(floats) for the numbers of a tensor, part by part in their order: multiples of `step`
/// numbers, but the last part.
template <class Use>
void for_each_floats(const narrowfloat::safetensors::Reader& reader,
                     const narrowfloat::safetensors::Entry& entry, Use use, std::size_t step = 1) {
  const std::size_t bytes = narrowfloat::safetensors::dtype_bits(entry.dtype) / 8;
  const std::size_t size = entry.size_bytes() / bytes;
  narrowfloat::safetensors::Tensor part{entry.name, entry.dtype, {}, {}};
  const std::size_t most = std::max<std::size_t>(1, most_in_memory / step) * step;
  for (std::size_t first = 0; first < size; first += most) {
    part.data.resize(bytes * std::min(most, size - first));
    reader.read(entry.name, bytes * first, part.data);
    use(floats_of(part));
  }
}

}  // namespace example
