// SPDX-License-Identifier: MIT
// Lengths in whole units.
#pragma once

#include <cstddef>

#include "../../config.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// How many units, the last of which may be shorter, a length is; nothing exceeds it.
constexpr NF_FN std::size_t ceil_divided(std::size_t length, std::size_t unit) {
  return length / unit + (length % unit != 0 ? 1 : 0);
}
/// A length and what is missing to whole units.
constexpr NF_FN std::size_t rounded_up(std::size_t length, std::size_t unit) {
  return ceil_divided(length, unit) * unit;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
