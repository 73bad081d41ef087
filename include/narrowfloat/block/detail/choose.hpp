// SPDX-License-Identifier: MIT
// The scale of a tensor and of one block, exactly; the exact quotient of a value by its scale.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "../../convert/detail/elements.hpp"
#include "../../detail/codec/scale_rule.hpp"
#include "../../detail/exact/sum.hpp"
#include "element_traits.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// With amax = (1 + fraction / 2^23) * 2^e, the fraction above which a rule other than search takes the scale's exponent
/// from e + 1.
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

/// The bits of x / 2^e as a float, exact but near the ends of float's range: a nonzero magnitude below
/// the smallest normal float stands as that one, one above the largest float as that one. Elements
/// have neither values nor random decisions there.
constexpr NF_FN std::uint32_t scaled_down(std::uint32_t bits, int e) {
  const std::uint32_t sign = bits & 0x80000000u, magnitude = bits - sign;
  const std::uint32_t integer = float_bits(magnitude & 0x7fffffu);  // a subnormal, normalized
  const bool normal = magnitude >= 0x800000u;
  const std::uint32_t fraction = (normal ? magnitude : integer) & 0x7fffffu;
  const int field = static_cast<int>((normal ? magnitude : integer) >> 23) - (normal ? 0 : 149) - e;
  std::uint32_t scaled = (static_cast<std::uint32_t>(field) << 23) | fraction;
  if (field < 1) scaled = 0x800000u;
  if (field > 254) scaled = float_infinity - 1;
  if (magnitude == 0 || magnitude >= float_infinity) scaled = magnitude;
  return sign | scaled;
}

/// The squared error of a block less the sum of the squared values, which all candidates share: the
/// sum of y * y - 2 * x * y over its finite values x and their images y.
inline exact_sum squared_error(std::span<const float> values, std::span<const double> images) {
  exact_sum sum;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t x = bits_of_float(values[i]) & 0x7fffffffu;
    const std::uint64_t y = __builtin_bit_cast(std::uint64_t, images[i]) << 1;
    if (x >= float_infinity || x == 0 || y == 0) continue;  // x = 0 gives y = 0
    const binary image = odd_binary(images[i]);
    sum.add(image, image, 0, false);
    sum.add(binary_of(x), image, 1, true);  // y has the sign of x
  }
  return sum;
}

/// The scale of a tensor, and the float by which Transformer Engine multiplies instead of dividing.
struct tensor_factors {
  float decode = 1, encode = 1;
};

/// The largest float for Inf.
constexpr NF_FN float finite_float(float x) {
  return float_of_bits(std::min(bits_of_float(x), float_infinity - 1));
}

/// The tensor scale that the largest magnitude needs: the largest block scale times the largest
/// element stand for it; 1 where it is 0, or where the scale rounds to 0.
template <class Format>
tensor_factors factors_of_tensor(std::uint32_t amax, const QuantizeOptions& options) {
  if constexpr (Format::tensor_scale == TensorScale::none) {
    return {};
  } else {
    const bool folds = options.pipeline == ScalePipeline::transformer_engine;
    const auto reciprocal = [](float x) { return finite_float(float_quotient(1.0f, x)); };
    if (bits_of_float(options.tensor_scale) != 0) {  // a comparison would see DAZ
      return {options.tensor_scale, folds ? reciprocal(options.tensor_scale) : 1.0f};
    }
    if (amax == 0) return {};
    binary top = largest_binary<typename Format::scale>();
    if (options.four_over_six) {  // leaves room for a block scale half as large again
      const int width = static_cast<int>(std::bit_width(top.significand));
      const bool room = top.significand << 1 >= std::uint64_t{3} << (width - 1);
      top = {1, top.exponent + width - (room ? 1 : 2)};
    }
    const binary range = product(top, largest_binary<typename Format::element>());
    if (folds) {
      const float encode = finite_float(
          float_quotient(real_number<float>(exact_double(range)), float_of_bits(amax)));
      if (bits_of_float(encode) == 0) return {};
      return {reciprocal(encode), encode};
    }
    const float scale = nearest_float(quotient(exact_binary(binary_of(amax)), exact_binary(range)));
    return {bits_of_float(scale) == 0 ? 1.0f : scale, 1.0f};
  }
}

/// The type of quotients that are compared by their errors.
template <class Element>
using quotient_type = std::conditional_t<float_suffices<Element>, float, double>;

/// The squared error of a block whose quotients are rounded to nearest even.
template <class Element>
exact_sum block_error(std::span<const float> values,
                      std::span<const quotient_type<Element>> quotients, double factor,
                      bool full_range) {
  std::vector<Element> codes(values.size());
  std::vector<double> images(values.size());
  const element_encoding how{.most_negative = most_negative(Element::width, full_range)};
  for (std::size_t i = 0; i < values.size(); i += part_elements)
    encode_elements<typename element_traits<Element>::code>(
        &quotients[i], std::min(part_elements, values.size() - i), nearest_even, how, &codes[i]);
  decode_elements(codes.data(), values.size(), images.data());
  for (double& image : images) image = scaled_up(image, factor);
  return squared_error(values, images);
}

/// The scale of each block; the two kinds of scale share this interface.
template <class Format, bool PowerOfTwo = power_of_two_scale<typename Format::scale>>
class scale_chooser;

/// What both kinds have.
class scale_options {
 public:
  explicit scale_options(const QuantizeOptions& options)
      : options_(options),
        last_number_(options.non_finite == NonFinite::nan_block ? float_infinity - 1
                                                                : float_infinity) {}
  /// Whether a block with this largest magnitude has a scale that is NaN and no numbers.
  bool is_blank(std::uint32_t amax) const { return amax > last_number_; }
  /// Whether scales are products in float, as Transformer Engine's, not exact quotients.
  bool folds() const { return options_.pipeline == ScalePipeline::transformer_engine; }

 protected:
  QuantizeOptions options_;
  std::uint32_t last_number_;
};

/// Powers of two: exponents, by a rule.
template <class Format>
class scale_chooser<Format, true> : public scale_options {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  using traits = scale_traits<Scale>;

 public:
  scale_chooser(const QuantizeOptions& options, const tensor_factors&) : scale_options(options) {}

  /// What the largest magnitude is multiplied by where the scale folds().
  static float reciprocal() {
    return float_quotient(1.0f, real_number<float>(exact_double(largest_binary<Element>())));
  }

  exponent_rule rule() const {
    const int offset = step_bias + (folds() ? 0 : largest_exponent<Element>);
    return {.threshold = folds() ? 0 : fraction_threshold<Element>(options_.rule),
            .least = static_cast<std::uint32_t>(traits::lowest + offset),
            .most = static_cast<std::uint32_t>(traits::highest + offset),
            .last_number = last_number_,
            .one_field = static_cast<std::uint32_t>(127 - traits::lowest)};
  }
  static Scale scale_of(std::uint32_t steps) {
    return traits::from_exponent(traits::lowest + static_cast<int>(steps));
  }
  std::uint32_t inverse_of(std::uint32_t steps) const {
    return inverse_power(steps, rule().one_field);
  }

  /// The steps of the exponent with the least error.
  std::uint32_t searched_steps(std::uint32_t amax, std::span<const float> values) const {
    const int floor = binary_of(amax).exponent + 23 - largest_exponent<Element>;
    int best = clamped(floor - 1);
    exact_sum least = error(values, best);
    for (int e = best + 1; e <= clamped(floor + 2); ++e) {
      const exact_sum sum = error(values, e);
      if (least < sum) continue;
      least = sum;
      best = e;
    }
    return static_cast<std::uint32_t>(best - traits::lowest);
  }

  double quotient(float x, Scale scale, std::uint32_t amax) const {
    if (is_blank(amax)) return 0;
    const double factor = scale_value(scale);
    const int e = static_cast<int>(__builtin_bit_cast(std::uint64_t, factor) >> 52) - 1023;
    const double numerator = options_.three_quarters ? 0.75 : 1;
    return scaled_up(scaled_up(real_number<double>(x), power_of_two<double>(-e)), numerator);
  }

 private:
  static int clamped(int e) { return std::clamp(e, traits::lowest, traits::highest); }
  exact_sum error(std::span<const float> values, int e) const {
    std::vector<quotient_type<Element>> quotients(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if constexpr (float_suffices<Element>)
        quotients[i] = float_of_bits(scaled_down(bits_of_float(values[i]), e));
      else
        quotients[i] = scaled_up(real_number<double>(values[i]), power_of_two<double>(-e));
    }
    return block_error<Element>(values, quotients, power_of_two<double>(e), options_.full_range);
  }
};

/// Scales of any value: the largest magnitude over the largest element, rounded to nearest.
template <class Format>
class scale_chooser<Format, false> : public scale_options {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  static_assert(
      Format::tensor_scale == TensorScale::none ||
          (std::bit_width(largest_binary<Element>().significand) <= 8 &&
           layout_of<Scale>::mantissa_bits <= 7),
      "BlockFormat<...>: with a tensor scale the largest element and the block scales have "
      "at most 8 significant bits");
  static_assert(std::same_as<Scale, float> || layout_of<Scale>::mantissa_bits <= 19,
                "BlockFormat<...>: a scale is float or has at most 19 mantissa bits");

 public:
  struct folded_scale {
    Scale scale;
    float reciprocal;
  };

  scale_chooser(const QuantizeOptions& options, const tensor_factors& tensor)
      : scale_options(options), tensor_scale_(tensor.decode) {
    const float largest = real_number<float>(exact_double(largest_binary<Element>()));
    multiplier_ = float_product(tensor.encode, float_quotient(1.0f, largest));
  }

  static Scale nan() {
    return convert_number<Scale>(float_of_bits(wide<std::uint32_t>::quiet_nan), nearest_even,
                                 default_saturation<Scale>);
  }
  double tensor_scale() const { return real_number<double>(tensor_scale_); }

  /// 1 / (largest element * tensor scale), to a unit in the last place.
  double inverse_range() const {
    return quotient_to_odd(binary_of(bits_of_float(1.0f)),
                           product(largest_binary<Element>(), tensor_binary()));
  }

  /// Transformer Engine's scale and what it multiplies by.
  folded_scale folded(std::uint32_t amax) const {
    const Scale scale = convert_number<Scale>(float_product(float_of_bits(amax), multiplier_),
                                              nearest_even, Saturation::finite);
    const float decode = float_product(real_number<float>(scale), tensor_scale_);
    const std::uint32_t bits = bits_of_float(decode);
    float reciprocal = finite_float(float_of_bits(float_infinity));  // of 0
    if (bits != 0 && bits < float_infinity) reciprocal = finite_float(float_quotient(1.0f, decode));
    if (bits == float_infinity) reciprocal = 0;
    return {scale, reciprocal};
  }

  /// The scale RN(amax / (tensor scale * to)), which maps amax to the element `to`.
  Scale mapped(std::uint32_t amax, const binary& to) const {
    double ratio = 0;
    if (amax == float_infinity)
      ratio = double_of_bits(wide<std::uint64_t>::infinity);
    else if (amax != 0)
      ratio = quotient_to_odd(binary_of(amax), product(to, tensor_binary()));
    return convert_number<Scale>(ratio, nearest_even, Saturation::finite);
  }

  /// Of the scales that map amax to 6 and to 4 the one with the smaller error; 6 of equals.
  Scale four_or_six(std::uint32_t amax, std::span<const float> values) const {
    const Scale six = mapped(amax, largest_binary<Element>()), four = mapped(amax, {1, 2});
    return error(values, four, amax) < error(values, six, amax) ? four : six;
  }

  double quotient(float x, Scale scale, std::uint32_t amax) const {
    if (is_blank(amax)) return 0;
    if (folds()) return real_number<double>(float_product(x, folded(amax).reciprocal));
    const std::uint32_t bits = bits_of_float(x), magnitude = bits & 0x7fffffffu;
    const double value = real_number<double>(scale);
    const bool no_scale = __builtin_bit_cast(std::uint64_t, value) == 0;
    if (magnitude >= float_infinity) return real_number<double>(x);
    if (magnitude == 0 || no_scale) return real_number<double>(float_of_bits(bits - magnitude));
    const double exact =
        quotient_to_odd(binary_of(magnitude), product(odd_binary(value), tensor_binary()));
    return double_of_bits(__builtin_bit_cast(std::uint64_t, exact) |
                          (std::uint64_t{bits & 0x80000000u} << 32));
  }

 private:
  exact_sum error(std::span<const float> values, Scale scale, std::uint32_t amax) const {
    std::vector<quotient_type<Element>> quotients(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      quotients[i] = real_number<quotient_type<Element>>(quotient(values[i], scale, amax), to_odd);
    return block_error<Element>(values, quotients, scaled_up(scale_value(scale), tensor_scale()),
                                options_.full_range);
  }

  /// The tensor scale without trailing zeros.
  binary tensor_binary() const { return odd_binary(real_number<double>(tensor_scale_)); }

  float tensor_scale_, multiplier_ = 0;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
