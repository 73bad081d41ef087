// SPDX-License-Identifier: MIT
// Shapes of tensors in files: as text, and how many elements they have.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "../../config.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A shape as messages show it: "[2, 3]", of more than 16 extents the first.
inline std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < std::min<std::size_t>(shape.size(), 16); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + (shape.size() > 16 ? ", ...]" : "]");
}

/// The product of a number and all extents; none where it cannot be counted. Extents of 0 count
/// last, so that [0, n, n] may be multiplied in any order by whoever reads it.
inline std::optional<std::size_t> times_extents(std::size_t number,
                                                const std::vector<std::size_t>& shape) {
  for (const std::size_t extent : shape)
    if (extent != 0 && __builtin_mul_overflow(number, extent, &number)) return std::nullopt;
  return std::ranges::find(shape, std::size_t{0}) == shape.end() ? number : 0;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
