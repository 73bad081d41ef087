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

/// How products are rounded to elements.
template <class R>
struct element_rounding {
  const R& rounding;
  Saturation saturation = Saturation::finite;
  bool full_range = false;
  bool above_zero = false;  ///< products that are not 0 are above zero for a rounding that sees it
};

/// Rounds n floats, at most 1024, times their factors to elements; element i takes the random bits i of the rounding.
template <class Element, class R>
void encode_products(const float* in, std::size_t n, std::size_t first, int shift,
                     const float* factors, const element_rounding<R>& how, Element* out) {
  using code = typename element_traits<Element>::code;
  const std::uint32_t most = (std::uint32_t{1} << (Element::width - 1)) - (how.full_range ? 0 : 1);
  const float_environment environment(direction_of(R::rule));
  encode_kernels<code, R>[static_cast<std::size_t>(active_isa())](
      in, n, first, shift, factors, how.above_zero, how.rounding, saturates_in(how.saturation),
      most, out);
}

/// Rounds n floats, at most 1024, to elements.
template <class Element, class R>
void encode_elements(const float* in, std::size_t n, Element* out, const element_rounding<R>& how) {
  constexpr int one_for_all = 40;
  const float one = 1;
  encode_products(in, n, 0, one_for_all, &one, how, out);
}
/// Rounds n doubles to elements.
template <class Element, class R>
void encode_elements(const double* in, std::size_t n, Element* out,
                     const element_rounding<R>& how) {
  if constexpr (number<Element>) {
    convert_by_kernel(active_isa(), in, out, n, how.rounding, how.saturation, Subnormals::keep);
  } else {
    using magnitude = fixed_magnitude<Element::width, Element::fraction_bits>;
    const std::uint32_t most =
        (std::uint32_t{1} << (Element::width - 1)) - (how.full_range ? 0 : 1);
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t code =
          convert_number<magnitude>(in[i], how.rounding, how.saturation, Subnormals::keep, i)
              .bits();
      constexpr std::uint32_t sign = layout_of<magnitude>::sign_mask;
      const unsigned_code<std::uint32_t> rounded{code & (sign - 1),
                                                 (code & sign) != 0 ? 1u << 31 : 0};
      out[i] = Element::from_bits(static_cast<typename Element::Storage>(
          element_code<typename element_traits<Element>::code>(rounded, most).magnitude));
    }
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

/// Whether float holds every scale.
template <class Scale>
inline constexpr bool float_holds = true;
template <narrow_float Scale>
inline constexpr bool float_holds<Scale> = exact_in<layout_of<Scale>, std::uint32_t>;

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
