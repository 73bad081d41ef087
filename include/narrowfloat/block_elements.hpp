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
                             rounding_from(rounding, first), saturation);
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

template <class Element, class Real>
void decode_elements(std::span<const Element> in, std::span<Real> out) {
  if constexpr (narrow_float<Element>) {
    narrowfloat::convert(in, out);
  } else {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert<Real>(static_cast<float>(in[i]));
  }
}

/// Whether float has room around the elements: every one is a normal float or zero, and so far within
/// its range that scaled_down() is as good as the exact quotient.
template <class Element>
inline constexpr bool float_suffices =
    layout_of<typename element_traits<Element>::rounded>::quantum >= -90 &&
    layout_of<typename element_traits<Element>::rounded>::max_exponent <= 120;

/// Divides by 2^e, as scaled_down() does.
///
/// Requires  finite values, |x| / 2^e below 2^126.
template <class Element>
void divide_by_power(const float* values, std::size_t n, int e, float* out) {
  // Below 2^(quantum - 34) no rounding sees more of a magnitude than that it is not zero, so subnormal
  // values need not be normalized where they end there.
  constexpr int quantum = layout_of<typename element_traits<Element>::rounded>::quantum;
  if (e < -92 - quantum) {
    for (std::size_t i = 0; i < n; ++i)
      out[i] = float_of_bits(scaled_down(bits_of_float(values[i]), e));
    return;
  }
  const auto step = static_cast<std::uint32_t>(e) << 23;
  const std::uint32_t first_normal = static_cast<std::uint32_t>(e < 0 ? 1 : e + 1) << 23;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of_float(values[i]), magnitude = bits & 0x7fffffffu;
    const std::uint32_t tiny = magnitude == 0 ? 0 : 0x800000u;
    out[i] =
        float_of_bits((bits - magnitude) | (magnitude >= first_normal ? magnitude - step : tiny));
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

/// The multiplication of the elements of a block by its scale.
template <class Element>
struct block_multiplier {
  double factor = 0;
  std::uint32_t step = 0;   ///< what it adds to the bits of a nonzero float
  bool all_normal = false;  ///< where every product of an element and this power of two is normal

  template <class Scale>
  static NF_INLINE block_multiplier of(Scale scale, float tensor_scale) {
    using layout = layout_of<typename element_traits<Element>::rounded>;
    block_multiplier by{scale_factor(scale, tensor_scale)};
    if constexpr (power_of_two_scale<Scale> && float_suffices<Element>) {
      const int e = static_cast<int>(__builtin_bit_cast(std::uint64_t, by.factor) >> 52) - 1023;
      by.step = static_cast<std::uint32_t>(e) << 23;
      // From the smallest element to one step beyond the largest, which -2^(Width-1) is.
      by.all_normal = -126 - layout::quantum <= e && e <= 126 - layout::max_exponent;
    }
    return by;
  }

  /// Multiplies floats of elements in place, rounded once.
  NF_INLINE void multiply(float* values, std::size_t n) const {
    if (!all_normal) {
      for (std::size_t i = 0; i < n; ++i)
        values[i] = convert<float>(scaled_up(convert<double>(values[i]), factor));
      return;
    }
    const std::uint32_t move = step;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t bits = bits_of_float(values[i]), magnitude = bits & 0x7fffffffu;
      values[i] = float_of_bits(bits + (magnitude == 0 || magnitude >= float_infinity ? 0u : move));
    }
  }
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
