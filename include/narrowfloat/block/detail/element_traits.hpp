// SPDX-License-Identifier: MIT
// What a block format sees of its element and scale types.
#pragma once

#include "../../convert/detail/calls.hpp"
#include "../../convert/detail/codes.hpp"
#include "../../detail/exact/binary.hpp"
#include "../format.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The sign-magnitude format with the values of a two's-complement one of Bits bits below the sign.
template <int Bits, int FractionBits>
using fixed_magnitude = Float<0, Bits, 1 - Bits + FractionBits, Specials::finite>;

/// What a block format sees of its element type.
template <class Element>
struct element_traits {
  using rounded = Element;  ///< the format that values are rounded to
  using code = float_code<layout_of<Element>>;
};
template <int Width, int FractionBits>
struct element_traits<FixedPoint<Width, FractionBits>> {
  using rounded = fixed_magnitude<Width - 1, FractionBits>;
  using code = fixed_code<Width, FractionBits>;
};

template <class Element>
inline constexpr exact largest_element =
    exact_value<layout_of<typename element_traits<Element>::rounded>>(
        layout_of<typename element_traits<Element>::rounded>::max_code);
template <class Element>
inline constexpr int largest_exponent = largest_element<Element>.exponent + exact::leading;

/// The largest element without trailing zeros.
template <class Element>
constexpr NF_FN binary largest_binary() {
  constexpr std::uint64_t significand = largest_element<Element>.significand;
  constexpr int zeros = __builtin_ctzll(significand);
  return {significand >> zeros, largest_element<Element>.exponent + zeros};
}

template <class Scale>
struct scale_traits;
template <>
struct scale_traits<ExponentInt8> {
  static constexpr int lowest = -127, highest = 127;
  static constexpr NF_FN ExponentInt8 from_exponent(int e) {
    return ExponentInt8::from_bits(static_cast<std::uint8_t>(e));
  }
  static constexpr NF_FN int exponent(ExponentInt8 scale) { return scale.exponent(); }
  static constexpr NF_FN ExponentInt8 nan() { return ExponentInt8::from_bits(0x80); }
};
template <power_of_two_scale Scale>
requires narrow_float<Scale>
struct scale_traits<Scale> {
  using layout = layout_of<Scale>;
  static constexpr int lowest = -layout::bias,
                       highest = static_cast<int>(layout::max_code) - layout::bias;
  static constexpr NF_FN Scale from_exponent(int e) {
    return Scale::from_bits(static_cast<typename Scale::Storage>(e - lowest));
  }
  static constexpr NF_FN int exponent(Scale scale) {
    return static_cast<int>(scale.bits()) + lowest;
  }
  static constexpr NF_FN Scale nan() { return Scale::from_bits(layout::nan_code); }
};

/// Whether a block of the format may choose between two scales (FourOverSix).
template <class Format>
inline constexpr bool has_four_over_six =
    std::is_same_v<typename Format::element, Float<2, 1, 1, Specials::finite>> &&
    !power_of_two_scale<typename Format::scale>;

/// Whether every element is zero or a normal float, so far within the range of float that
/// scaled_down() rounds as the exact quotient does.
template <class Element>
inline constexpr bool float_suffices =
    layout_of<typename element_traits<Element>::rounded>::quantum >= -90 &&
    layout_of<typename element_traits<Element>::rounded>::max_exponent <= 120;

/// Whether float holds every scale.
template <class Scale>
inline constexpr bool float_holds = true;
template <narrow_float Scale>
inline constexpr bool float_holds<Scale> = exact_in<layout_of<Scale>, std::uint32_t>;

/// The value of a scale.
template <class Scale>
NF_INLINE double scale_value(Scale scale) {
  if constexpr (number<Scale>) {
    return real_number<double>(scale);
  } else {
    return real_number<double>(static_cast<float>(scale));
  }
}

/// The exact values of n elements or scales.
template <class Element, class Real>
void decode_elements(const Element* in, std::size_t n, Real* out) {
  if constexpr (number<Element>) {
    convert_by_kernel(active_isa(), in, out, n, nearest_even, Saturation::none, Subnormals::keep);
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = real_number<Real>(static_cast<float>(in[i]));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
