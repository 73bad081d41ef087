// SPDX-License-Identifier: MIT
// How many bits the numbers of a type take, and where: what decides how their products are added
// up.
#pragma once

#include "../operand.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The numbers of a type: multiples of 2^quantum with so many significant bits, below
/// 2^(max_exponent + 1).
struct number_shape {
  int bits, quantum, max_exponent;
};
/// Whether T stands for the products of elements and scales, whose exponents come at run time.
template <class T>
inline constexpr bool is_scaled = requires {
  typename T::scaled_element;
};
/// For such products their bits, and the exponents of the elements.
template <class T>
constexpr number_shape shape_of() {
  if constexpr (is_scaled<T>) {
    constexpr number_shape element = shape_of<typename T::scaled_element>();
    return {T::bits, element.quantum, element.max_exponent};
  } else if constexpr (std::integral<T>) {
    constexpr int bits = 8 * static_cast<int>(sizeof(T));
    return {bits, 0, bits};
  } else if constexpr (is_fixed_point<T>) {
    return {T::width, -T::fraction_bits, T::width - T::fraction_bits};
  } else {
    using layout = layout_of<T>;
    return {layout::significant_bits + 1, layout::quantum, layout::max_exponent};
  }
}
constexpr number_shape product_shape_of(const number_shape& a, const number_shape& b) {
  return {a.bits + b.bits, a.quantum + b.quantum, a.max_exponent + b.max_exponent + 1};
}
/// Whether float holds all numbers of a shape.
constexpr bool is_in_floats(const number_shape& x) {
  return x.bits <= 24 && x.quantum >= -149 && x.max_exponent <= 127;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
