// SPDX-License-Identifier: MIT
// The scale of a tensor and of one block, exactly; the exact quotient of a value by its scale. Long
// because both kinds of scale share an interface.
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
#include "element_traits.hpp"
#include "errors.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The type of quotients that are compared by their errors.
template <class Element>
using quotient_type = std::conditional_t<float_suffices<Element>, float, double>;

/// The elements nearest to the quotients of a block, as numbers.
template <class Element>
std::vector<double> nearest_elements(std::span<const quotient_type<Element>> quotients,
                                     bool full_range) {
  const std::size_t n = quotients.size();
  std::vector<Element> codes(n);
  std::vector<double> numbers(n);
  const element_encoding how{.most_negative = most_negative(Element::width, full_range)};
  for (std::size_t i = 0; i < n; i += part_elements)
    encode_elements<typename element_traits<Element>::code>(
        &quotients[i], std::min(part_elements, n - i), nearest_even, how, &codes[i]);
  decode_elements(codes.data(), n, numbers.data());
  return numbers;
}

/// The images of values whose quotients are rounded to nearest even, under the factor of their
/// elements.
template <class Element>
block_images images_under(std::span<const float> values,
                          std::span<const quotient_type<Element>> quotients, double factor,
                          bool full_range) {
  block_images images{nearest_elements<Element>(quotients, full_range)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    images.of[i] = scaled_up(images.of[i], factor);
    const std::uint64_t magnitude = __builtin_bit_cast(std::uint64_t, images.of[i]) << 1 >> 1;
    if (magnitude >= __builtin_bit_cast(std::uint64_t, least_infinite) && is_finite(values[i]))
      images.have_infinity = true;
  }
  return images;
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

  exponent_rule rule() const { return power_rule<Format>(options_.rule, folds(), last_number_); }
  static Scale scale_of(std::uint32_t steps) {
    return traits::from_exponent(traits::lowest + static_cast<int>(steps));
  }
  std::uint32_t inverse_of(std::uint32_t steps) const {
    return inverse_power(steps, rule().one_field);
  }

  /// The steps of the exponent with the least error; makes_infinity(e): whether the rounding may
  /// make Inf of a value.
  template <class Predicate>
  int searched_steps(std::uint32_t amax, std::span<const float> values,
                     const Predicate& makes_infinity) const {
    const int floor = binary_of(amax).exponent + 23 - largest_exponent<Element>;
    const auto images_at = [&](int e) {
      block_images found = images(values, e);
      if (amax >= near_the_end && makes_infinity(e)) found.have_infinity = true;
      return found;
    };
    int best = clamped(floor - 1);
    block_images of_best = images_at(best);
    for (int e = best + 1; e <= clamped(floor + 2); ++e) {
      block_images other = images_at(e);
      if (loses_less(FourOverSix::squared_error, values, of_best, other)) continue;
      of_best = std::move(other);
      best = e;
    }
    return best - traits::lowest;
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
  block_images images(std::span<const float> values, int e) const {
    std::vector<quotient_type<Element>> quotients(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if constexpr (float_suffices<Element>)
        quotients[i] = float_of_bits(scaled_down(bits_of_float(values[i]), e));
      else
        quotients[i] = scaled_up(real_number<double>(values[i]), power_of_two<double>(-e));
    }
    return images_under<Element>(values, quotients, power_of_two<double>(e), options_.full_range);
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
  scale_chooser(const QuantizeOptions& options, const tensor_factors& tensor)
      : scale_options(options), tensor_(tensor) {
    multiplier_ = float_product(tensor.encode, float_quotient(1.0f, largest_float()));
  }

  static constexpr binary four_binary{1, 2};

  static Scale nan() {
    return convert_number<Scale>(float_of_bits(wide<std::uint32_t>::quiet_nan), nearest_even,
                                 default_saturation<Scale>);
  }
  double tensor_scale() const { return real_number<double>(tensor_.decode); }

  /// 1 / (an element * tensor scale), to a unit in the last place.
  double inverse_of(const binary& element) const {
    return quotient_to_odd(binary_of(bits_of_float(1.0f)), product(element, tensor_binary()));
  }

  /// Transformer Engine's scale.
  Scale folded(std::uint32_t amax) const {
    return nearest(float_product(float_of_bits(amax), multiplier_));
  }
  /// The float by which Transformer Engine multiplies instead of dividing by a scale, neither Inf
  /// nor 0.
  float reciprocal(Scale scale) const {
    const float number = real_number<float>(scale);
    const float decode = float_product(number, tensor_.decode);
    float inverse = float_of_bits(float_infinity);  // of 0
    if (!is_finite(decode))
      inverse = nearest_float(detail::quotient(
          exact_float(1.0f), product(exact_float(number), exact_float(tensor_.decode))));
    else if (!is_zero(decode))
      inverse = float_quotient(1.0f, decode);
    return is_zero(inverse) ? float_of_bits(1) : finite_float(inverse);
  }

  /// The scale RN(amax / (tensor scale * to)), which maps amax to the element `to`.
  Scale mapped(std::uint32_t amax, const binary& to) const {
    return mapped_scale<Scale>(amax, product(to, tensor_binary()));
  }

  /// Of the scales that map amax to 6 and to 4 the one that loses less; 6 of equals.
  Scale four_or_six(std::uint32_t amax, std::span<const float> values, std::size_t rows) const {
    if (folds()) return folded_four_or_six(amax, values, rows);
    const Scale six = usable(mapped(amax, largest_binary<Element>()), amax),
                four = usable(mapped(amax, four_binary), 0);
    if (amax >= near_the_end && is_beyond_float(four)) return six;
    const bool takes_four = loses_less(options_.four_over_six, values, images(values, four, amax),
                                       images(values, six, amax));
    return takes_four ? four : six;
  }

  /// The scale itself, or the nearest one that the options allow: none below the smallest normal
  /// one, none under which a finite value would read back as Inf.
  Scale usable(Scale scale, std::uint32_t amax) const {
    if constexpr (narrow_float_scale<Format>) {
      using storage = typename Scale::Storage;
      constexpr auto normal = static_cast<storage>(storage{1} << Scale::mantissa_bits);
      if (options_.normal_scales) scale = Scale::from_bits(std::max(scale.bits(), normal));
    }
    return scale_within_float<Format>(scale, amax, tensor_binary(), options_.full_range);
  }

  double quotient(float x, Scale scale, std::uint32_t amax) const {
    if (is_blank(amax)) return 0;
    if (folds()) return real_number<double>(float_product(x, reciprocal(scale)));
    const std::uint32_t bits = bits_of_float(x), magnitude = magnitude_bits(x);
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
  static float largest_float() {
    return real_number<float>(exact_double(largest_binary<Element>()));
  }
  static Scale nearest(float x) {
    return convert_number<Scale>(x, nearest_even, Saturation::finite);
  }
  bool is_beyond_float(Scale scale) const {
    return detail::is_beyond_float<Format>(scale, tensor_binary(), options_.full_range);
  }

  block_images images(std::span<const float> values, Scale scale, std::uint32_t amax) const {
    std::vector<quotient_type<Element>> quotients(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      quotients[i] = real_number<quotient_type<Element>>(quotient(values[i], scale, amax), to_odd);
    return images_under<Element>(values, quotients, scaled_up(scale_value(scale), tensor_scale()),
                                 options_.full_range);
  }

  /// Transformer Engine's choice, its scales and its sums in float.
  Scale folded_four_or_six(std::uint32_t amax, std::span<const float> values,
                           std::size_t rows) const {
    const float ratio =
        float_product(float_quotient(float_of_bits(amax), largest_float()), tensor_.encode);
    const Scale six = nearest(ratio), four = nearest(float_product(ratio, 1.5f));
    if (amax >= float_infinity) return six;
    if (amax >= near_the_end && is_beyond_float(four)) return six;
    return is_less(folded_error(values, four, rows), folded_error(values, six, rows)) ? four : six;
  }
  float folded_error(std::span<const float> values, Scale scale, std::size_t rows) const {
    std::vector<quotient_type<Element>> quotients(values.size());
    const float inverse = reciprocal(scale), number = real_number<float>(scale);
    for (std::size_t i = 0; i < values.size(); ++i)
      quotients[i] = real_number<quotient_type<Element>>(float_product(values[i], inverse));
    const std::vector<double> elements = nearest_elements<Element>(quotients, options_.full_range);
    std::vector<float> terms(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!is_finite(values[i])) continue;
      const float scaled = float_product(real_number<float>(elements[i]), number);
      const float image = float_quotient(float_product(scaled, tensor_.amax), tensor_.range);
      const float difference = float_total(image, -values[i]);
      terms[i] = options_.four_over_six == FourOverSix::squared_error
                     ? float_product(difference, difference)
                     : float_of_bits(magnitude_bits(difference));
    }
    const bool is_square = Format::block_rows != 1;
    return folded_total(terms, is_square ? values.size() / rows : values.size(),
                        is_square ? rows : 1);
  }
  /// Of numbers that are not negative.
  static bool is_less(float a, float b) { return bits_of_float(a) < bits_of_float(b); }

  /// The tensor scale without trailing zeros.
  binary tensor_binary() const { return odd_binary(real_number<double>(tensor_.decode)); }

  tensor_factors tensor_;
  float multiplier_ = 0;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
