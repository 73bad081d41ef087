// SPDX-License-Identifier: MIT
// What a preset of compat.hpp is.
#pragma once

#include <concepts>

#include "detail/cast.hpp"

namespace narrowfloat::compat {

/// What the type of each preset is derived from.
///
/// has<T> says whether the stack has the format T, cast<To, From>() which casts it has and how they
/// round, nan<To>(x) which code it makes of a NaN.
struct Preset {};
/// The type of a preset.
///
/// Example   const auto nan_in = [](compat::preset auto stack) {
///             return convert<float8_e5m2>(NAN, stack).bits();
///           };
///           assert(nan_in(compat::torch_2) == 0x7f && nan_in(compat::ml_dtypes) == 0x7e);
template <class T>
concept preset = std::derived_from<T, Preset>;

}  // namespace narrowfloat::compat
