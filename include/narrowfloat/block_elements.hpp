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

/// Rounds values to elements; element i takes the random bits of index `rounding.offset` + i.
template <class Element, class Real, class R>
void encode_elements(std::span<const Real> in, std::span<Element> out, const R& rounding,
                     Saturation saturation, bool full_range) {
  if constexpr (narrow_float<Element>) {
    narrowfloat::convert(in, out, rounding, saturation);
  } else {
    constexpr int bits = Element::width - 1;  // below the sign
    const auto encode = [&]<class Magnitude>(Magnitude, std::uint32_t most_negative) {
      Magnitude codes[packed_chunk];
      for (std::size_t first = 0; first < in.size(); first += packed_chunk) {
        const std::size_t count = std::min(packed_chunk, in.size() - first);
        narrowfloat::convert(in.subspan(first, count), std::span(codes, count),
                             advanced(rounding, first), saturation);
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

template <class Element>
void decode_elements(std::span<const Element> in, std::span<double> out) {
  if constexpr (narrow_float<Element>) {
    narrowfloat::convert(in, out);
  } else {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert<double>(static_cast<float>(in[i]));
  }
}

/// The factor of a block's elements.
template <class Scale>
NF_INLINE double scale_factor(Scale scale, float tensor_scale) {
  double factor;
  if constexpr (number<Scale>) {
    factor = convert<double>(scale);
  } else {
    factor = convert<double>(static_cast<float>(scale));
  }
  return scaled_up(factor, convert<double>(tensor_scale));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
