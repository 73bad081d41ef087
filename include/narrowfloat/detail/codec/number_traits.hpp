// SPDX-License-Identifier: MIT
// What the library sees of a number type: its layout and its codes.
#pragma once

#include <cstdint>

#include "layout.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// layout, and code <-> value, of float, double and every Float (whose own specialization is in
/// float.hpp).
template <class T>
struct number_traits;

template <>
struct number_traits<float> {
  using layout = binary32;
  using code = std::uint32_t;
  static constexpr NF_FN code to_code(float x) { return __builtin_bit_cast(code, x); }
  static constexpr NF_FN float from_code(code c) { return __builtin_bit_cast(float, c); }
};

template <>
struct number_traits<double> {
  using layout = binary64;
  using code = std::uint64_t;
  static constexpr NF_FN code to_code(double x) { return __builtin_bit_cast(code, x); }
  static constexpr NF_FN double from_code(code c) { return __builtin_bit_cast(double, c); }
};

template <class T>
using layout_of = typename number_traits<T>::layout;

/// Whether a format has a name in formats.hpp.
template <class T>
inline constexpr bool is_named = false;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
