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

/// A 16-bit type of the compiler, whose codes are those of float16 or bfloat16.
template <class T>
inline constexpr bool is_native_half = false;
template <class T, class Layout>
struct native_half_traits {
  using layout = Layout;
  using code = std::uint16_t;
  static constexpr NF_FN code to_code(T x) { return __builtin_bit_cast(code, x); }
  static constexpr NF_FN T from_code(code c) { return __builtin_bit_cast(T, c); }
};

#if defined(NF_HAS_FLOAT16)
__extension__ typedef _Float16 native_float16;
template <>
inline constexpr bool is_native_half<native_float16> = true;
template <>
struct number_traits<native_float16>
    : native_half_traits<native_float16, layout<5, 10, 15, Specials::ieee, Signedness::is_signed>> {
};
#endif
#if defined(NF_HAS_BFLOAT16)
__extension__ typedef __bf16 native_bfloat16;
template <>
inline constexpr bool is_native_half<native_bfloat16> = true;
template <>
struct number_traits<native_bfloat16>
    : native_half_traits<native_bfloat16,
                         layout<8, 7, 127, Specials::ieee, Signedness::is_signed>> {};
#endif

template <class T>
using layout_of = typename number_traits<T>::layout;

/// The type whose loops an array takes: T, but the Float of the same codes for a type of the
/// compiler.
template <class T>
struct looped {
  using type = T;
};
template <class T>
using looped_t = typename looped<T>::type;

/// Whether a format has a name in formats.hpp.
template <class T>
inline constexpr bool is_named = false;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
