// SPDX-License-Identifier: MIT
// A tensor of a linear layer as a cast quantizes it for its two products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../casts.hpp"
#include "../layer_product.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

inline HadamardOptions hadamard_of(const Rotation& rotation, int axis, std::uint64_t seed,
                                   std::uint64_t step) {
  return {rotation.group, axis,
          rotation.random_signs ? HadamardSigns::random(seed, step) : rotation.signs};
}
inline void require_rotation(const char* call, const char* what, std::size_t length,
                             const Rotation& rotation) {
  if (rotation.group != 0 && length % rotation.group != 0)
    throw_invalid(call, std::string(what) + " = " + std::to_string(length) +
                            " is no multiple of the Hadamard group of " +
                            std::to_string(rotation.group));
}

/// A tensor, and the cast with what it has recorded.
template <class Cast>
struct quantized_tensor {
  cast_tensor<Cast> tensor;
  Cast cast;
};
/// The transforms of a tensor for its two products, and what their random signs come from.
struct tensor_rotations {
  const Rotation &along_rows, &down_columns;
  std::uint64_t seed, step;
};

/// Quantizes a tensor, rotated along its rows for one product, down its columns for the other.
template <class Cast, class Draw, class E>
quantized_tensor<Cast> quantize_tensor(Cast cast, MatrixView<const float> x, Phase phase,
                                       const Draw& draws, const tensor_rotations& rotations,
                                       const E& executor) {
  if (rotations.along_rows.group == 0 && rotations.down_columns.group == 0) {
    auto both = cast.quantize_both(x, phase, draws, executor);
    return {std::move(both), std::move(cast)};
  }
  std::vector<float> memory;
  const auto rotated = [&](const Rotation& by, int axis) {
    if (by.group == 0) return x;
    memory.resize(x.size());
    const MatrixView to(memory, x.rows(), x.cols());
    hadamard(x, to, hadamard_of(by, axis, rotations.seed, rotations.step), executor);
    return MatrixView<const float>(to);
  };
  using tensor = cast_tensor<Cast>;
  auto rows = cast.quantize_rows(rotated(rotations.along_rows, 1), phase, draws, executor);
  if (phase == Phase::evaluation) return {tensor(std::move(rows), std::nullopt), std::move(cast)};
  auto columns = cast.quantize_columns(rotated(rotations.down_columns, 0), phase, draws, executor);
  return {tensor(std::move(rows), std::move(columns)), std::move(cast)};
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
