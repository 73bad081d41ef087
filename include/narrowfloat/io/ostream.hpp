// SPDX-License-Identifier: MIT
// Writes a Float to a std::ostream.
#pragma once

#include <ostream>

#include "../float.hpp"

namespace narrowfloat {

/// Writes the exact value as the stream writes a float or double: with its flags, width and
/// precision.
template <class Char, class Traits, narrow_float F>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, F x) {
  if constexpr (lossless_to<F, float>)
    return out << static_cast<float>(x);
  else
    return out << static_cast<double>(x);
}

}  // namespace narrowfloat
