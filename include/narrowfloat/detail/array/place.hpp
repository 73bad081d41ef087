// SPDX-License-Identifier: MIT
// Where the loops of a call are made. Header-only, every translation unit makes those that it
// calls. A program that links narrowfloat::compiled finds those of the named formats in that
// library; formats of its own need loops.hpp.
#pragma once

#include "../../config.hpp"

namespace narrowfloat::detail {

/// The first parameter of a function that runs loops: made in the library narrowfloat::compiled,
struct in_library {};
/// Complete where loops.hpp is included.
template <class... T>
struct loops;

inline namespace NF_BASELINE {

/// or made in this translation unit.
struct here {};

/// The place of a function's loops for types T; `Compiled` if the library has them.
template <bool Compiled, class... T>
consteval auto place_of() {
#if defined(NARROWFLOAT_COMPILED)
  if constexpr (Compiled) {
    return in_library{};
  } else {
    static_assert(
        requires { sizeof(loops<T...>); },
        "narrowfloat::compiled has the loops of the named formats and usual roundings alone: for "
        "others include <narrowfloat/loops.hpp>, from a .cpp file where the call stands in a .cu file");
    return here{};
  }
#else
  return here{};
#endif
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
