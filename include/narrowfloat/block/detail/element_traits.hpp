// SPDX-License-Identifier: MIT
// What a block format sees of its element and scale types, and the scales that largest magnitudes
// need: exact, in device code too.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "../../convert/detail/calls.hpp"
#include "../../convert/detail/codes.hpp"
#include "../../detail/codec/scale_rule.hpp"
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
  constexpr int zeros = trailing_zeros(significand);
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

/// With amax = (1 + fraction / 2^23) * 2^e, the fraction above which a rule other than search takes
/// the scale's exponent from e + 1.
template <class Element>
constexpr NF_FN std::uint32_t fraction_threshold(ScaleRule rule) {
  using layout = layout_of<typename element_traits<Element>::rounded>;
  constexpr std::uint32_t last = 0x7fffff;
  switch (rule) {
    case ScaleRule::ceil:
      return 0;
    case ScaleRule::rceil:
      return static_cast<std::uint32_t>(largest_element<Element>.significand >>
                                        (exact::leading - 23)) &
             last;
    case ScaleRule::even:
      // Half a unit in the last of the element's mantissa bits carries into the next binade.
      return last - (layout::significant_bits < 23 ? 0x400000u >> layout::significant_bits : 0);
    case ScaleRule::floor:
    case ScaleRule::search:
      return last;
  }
  return last;
}

/// The scale of a tensor, the float by which Transformer Engine multiplies instead of dividing, and
/// what the scale stands for: the tensor's largest magnitude is `amax / range` times the scale.
struct tensor_factors {
  float decode = 1, encode = 1, amax = 1, range = 1;
};

/// The largest magnitude, 2^125, below which no scale makes Inf of a value: it is at most twice
/// what is asked for, and the most negative fixed-point number at most twice the largest one.
inline constexpr std::uint32_t near_the_end = 0x7e000000;

/// The largest float for Inf.
constexpr NF_FN float finite_float(float x) {
  return float_of_bits(least(bits_of_float(x), float_infinity - 1));
}

/// The largest block scale that is meant to be used times the largest element.
template <class Format>
constexpr NF_HD binary range_of_tensor(bool four_over_six) {
  binary top = largest_binary<typename Format::scale>();
  if (four_over_six) {  // leaves room for a block scale half as large again
    const int width = 64 - leading_zeros(top.significand);
    const bool room = top.significand << 1 >= std::uint64_t{3} << (width - 1);
    top = {1, top.exponent + width - (room ? 1 : 2)};
  }
  return product(top, largest_binary<typename Format::element>());
}

/// The tensor scale that the largest magnitude needs: the largest block scale times the largest
/// element stand for it; 1 where it is 0, or where the scale rounds to 0.
template <class Format>
constexpr NF_HD tensor_factors factors_of_tensor(std::uint32_t amax,
                                                 const QuantizeOptions& options) {
  if constexpr (Format::tensor_scale == TensorScale::none) {
    return {};
  } else {
    const binary range = range_of_tensor<Format>(options.four_over_six != FourOverSix::none);
    const float limit = real_number<float>(exact_double(range)), largest = float_of_bits(amax);
    const bool folds = options.pipeline == ScalePipeline::transformer_engine;
    const auto reciprocal = [](float x) { return finite_float(float_quotient(1.0f, x)); };
    if (bits_of_float(options.tensor_scale) != 0) {  // a comparison would see DAZ
      const float encode = folds ? reciprocal(options.tensor_scale) : 1.0f;
      return {options.tensor_scale, encode, options.tensor_scale, 1.0f};
    }
    if (amax == 0) return {1.0f, 1.0f, 1.0f, limit};
    if (folds) {
      const float encode = finite_float(float_quotient(limit, largest));
      if (bits_of_float(encode) == 0) return {1.0f, 1.0f, largest, limit};
      return {reciprocal(encode), encode, largest, limit};
    }
    float scale = nearest_float(quotient(exact_binary(binary_of(amax)), exact_binary(range)));
    if (bits_of_float(scale) == 0) return {1.0f, 1.0f, largest, limit};
    // Rounded up it may make Inf of the largest magnitude.
    if (!is_finite(float_product(scale, limit))) scale = float_of_bits(bits_of_float(scale) - 1);
    return {scale, 1.0f, largest, limit};
  }
}

/// How the largest magnitude of a block becomes the exponent of a power-of-two scale.
template <class Format>
constexpr NF_HD exponent_rule power_rule(ScaleRule rule, bool folds, std::uint32_t last_number) {
  using Element = typename Format::element;
  using traits = scale_traits<typename Format::scale>;
  const int offset = step_bias + (folds ? 0 : largest_exponent<Element>);
  return {.threshold = folds ? 0 : fraction_threshold<Element>(rule),
          .least = static_cast<std::uint32_t>(traits::lowest + offset),
          .most = static_cast<std::uint32_t>(traits::highest + offset),
          .last_number = last_number,
          .one_field = static_cast<std::uint32_t>(127 - traits::lowest)};
}

/// The scale RN(amax / to), which maps amax to the element that is `to` over the scale of the
/// tensor.
template <class Scale>
constexpr NF_HD Scale mapped_scale(std::uint32_t amax, const binary& to) {
  double ratio = 0;
  if (amax == float_infinity)
    ratio = double_of_bits(wide<std::uint64_t>::infinity);
  else if (amax != 0)
    ratio = quotient_to_odd(binary_of(amax), to);
  return convert_number<Scale>(ratio, NearestEven{}, Saturation::finite);
}

/// Whether the element of the largest magnitude under a scale is Inf in float.
template <class Format>
constexpr NF_HD bool is_beyond_float(typename Format::scale scale, const binary& tensor,
                                     bool full_range) {
  using Element = typename Format::element;
  const double value = real_number<double>(scale);
  if (__builtin_bit_cast(std::uint64_t, value) == 0) return false;
  binary top = largest_binary<Element>();
  if (is_fixed_point<Element> && full_range)
    top = {1, top.exponent + 64 - leading_zeros(top.significand)};
  return !is_finite(nearest_float(exact_binary(product(top, product(odd_binary(value), tensor)))));
}

/// The scale itself, or the largest one under which no finite value reads back as Inf.
template <class Format>
constexpr NF_HD typename Format::scale scale_within_float(typename Format::scale scale,
                                                          std::uint32_t amax, const binary& tensor,
                                                          bool full_range) {
  using Scale = typename Format::scale;
  if (amax < near_the_end || amax >= float_infinity ||
      !is_beyond_float<Format>(scale, tensor, full_range))
    return scale;
  using code = typename number_traits<Scale>::code;
  std::uint32_t within = 0, beyond = number_traits<Scale>::to_code(scale);
  while (beyond - within > 1) {
    const std::uint32_t middle = within + (beyond - within) / 2;
    const Scale tried = number_traits<Scale>::from_code(static_cast<code>(middle));
    (is_beyond_float<Format>(tried, tensor, full_range) ? beyond : within) = middle;
  }
  return number_traits<Scale>::from_code(static_cast<code>(within));
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
