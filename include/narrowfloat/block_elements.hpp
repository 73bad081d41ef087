// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. Between the elements of a block and their exact values:
// rounding quotients to elements, and multiplying elements by the scale.
#pragma once

#include <span>
#include <vector>

#include "block_scale.hpp"
#include "packed.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Rounds n values to elements; element i takes the random bits i of `rounding`.
template <class Element, class Real, class R>
void encode_elements(const Real* in, std::size_t n, Element* out, const R& rounding,
                     Saturation saturation, bool full_range) {
  const Isa isa = active_isa();
  if constexpr (number<Element>) {
    convert_by_kernel(isa, in, out, n, rounding, saturation, Subnormals::keep);
  } else {
    constexpr int bits = Element::width - 1;  // below the sign
    const auto encode = [&]<class Magnitude>(Magnitude, std::uint32_t most_negative) {
      Magnitude codes[packed_chunk];
      for (std::size_t first = 0; first < n; first += packed_chunk) {
        const std::size_t count = std::min(packed_chunk, n - first);
        convert_by_kernel(isa, in + first, codes, count, rounding_from(rounding, first), saturation,
                          Subnormals::keep);
        for (std::size_t i = 0; i < count; ++i) {
          constexpr std::uint32_t sign = layout_of<Magnitude>::sign_mask;
          const std::uint32_t code = codes[i].bits(), magnitude = code & (sign - 1);
          const std::uint32_t integer = (code & sign) != 0 ? 0u - std::min(magnitude, most_negative)
                                                           : std::min(magnitude, (1u << bits) - 1);
          out[first + i] = Element::from_bits(static_cast<typename Element::Storage>(integer));
        }
      }
    };
    if (full_range)
      encode(fixed_magnitude<bits + 1, Element::fraction_bits>{}, 1u << bits);
    else
      encode(fixed_magnitude<bits, Element::fraction_bits>{}, (1u << bits) - 1);
  }
}

/// The exact values of n elements or scales.
template <class Element, class Real>
void decode_elements(const Element* in, std::size_t n, Real* out) {
  if constexpr (number<Element>) {
    convert_by_kernel(active_isa(), in, out, n, nearest_even, Saturation::none, Subnormals::keep);
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = convert<Real>(static_cast<float>(in[i]));
  }
}

/// Whether float has room around the elements: every one is a normal float or zero, and so far within
/// its range that scaled_down() is as good as the exact quotient.
template <class Element>
inline constexpr bool float_suffices =
    layout_of<typename element_traits<Element>::rounded>::quantum >= -90 &&
    layout_of<typename element_traits<Element>::rounded>::max_exponent <= 120;

/// The value of a scale.
template <class Scale>
NF_INLINE double scale_value(Scale scale) {
  if constexpr (number<Scale>) {
    return convert<double>(scale);
  } else {
    return convert<double>(static_cast<float>(scale));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
