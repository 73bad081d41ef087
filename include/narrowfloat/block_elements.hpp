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

/// How far below zero an element reaches.
template <class Element>
constexpr NF_FN std::uint32_t most_negative(bool full_range) {
  return (std::uint32_t{1} << (Element::width - 1)) - (full_range ? 0 : 1);
}

/// Rounds n floats, at most 1024, times their factors to elements; element i takes the random bits i of the rounding.
template <class Element, class R>
void encode_products(const float* in, std::size_t n, std::size_t first, int shift,
                     const float* factors, const R& rounding, const element_encoding& how,
                     Element* out) {
  const float_environment environment(direction_of(R::rule));
  encode_kernels<typename element_traits<Element>::code, R>[static_cast<std::size_t>(active_isa())](
      in, n, first, shift, factors, rounding, how, out);
}

/// The shift of the kernels of blocks under which all elements have the first factor.
inline constexpr int one_for_all = 40;

/// Rounds n floats, at most 1024, to elements.
template <class Element, class R>
void encode_elements(const float* in, std::size_t n, const R& rounding, const element_encoding& how,
                     Element* out) {
  const float one = 1;
  encode_products(in, n, 0, one_for_all, &one, rounding, how, out);
}
/// Rounds n doubles to elements.
template <class Element, class R>
void encode_elements(const double* in, std::size_t n, const R& rounding,
                     const element_encoding& how, Element* out) {
  using to = typename element_traits<Element>::code::rounded;
  using W = word_for<binary64, to, R::random_bits>;
  const bounds<W> bound = bounds_for<to, R::rule, R::random_bits, W>(how.policy);
  for (std::size_t i = 0; i < n; ++i) {
    const auto rounded = transcode<binary64, to, R::rule, R::random_bits, W>(
        __builtin_bit_cast(std::uint64_t, in[i]), rounding.word(i), bound);
    using code = typename element_traits<Element>::code;
    const auto x = element_code<code, W>(rounded, how.most_negative);
    out[i] = Element::from_bits(static_cast<typename Element::Storage>(
        join_sign<typename code::stored>(x.magnitude, x.sign)));
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
