// SPDX-License-Identifier: MIT
// What a preset of compat.hpp is.
#pragma once

#include <concepts>

#include "detail/cast.hpp"

namespace narrowfloat::compat {

/// What the type of each preset is derived from.
struct Preset {};
/// The type of a preset.
template <class T>
concept preset = std::derived_from<T, Preset>;

}  // namespace narrowfloat::compat
