// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. Chooses the scale of a block and divides its values by it.
#pragma once

#include <bit>

#include "block_elements.hpp"
#include "block_error.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

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
      const float encode =
          finite_float(float_quotient(convert<float>(exact_double(range)), float_of_bits(amax)));
      if (bits_of_float(encode) == 0) return {};
      return {reciprocal(encode), encode};
    }
    const float scale = convert<float>(quotient_to_odd(binary_of(amax), range));
    return {bits_of_float(scale) == 0 ? 1.0f : scale, 1.0f};
  }
}

/// The scale of each block and the division by it; the two kinds of scale share this interface.
template <class Format, bool PowerOfTwo = power_of_two_scale<typename Format::scale>>
class block_divider;

/// The divider of a format with power-of-two scales: divides by moving exponents.
template <class Format>
class block_divider<Format, true> {
  using Element = typename Format::element;
  using Scale = typename Format::scale;

 public:
  using real = std::conditional_t<float_suffices<Element>, float, double>;
  struct divisor {
    int exponent = 0;
    bool blank = false;
  };
  struct choice {
    Scale scale;
    divisor by;
  };

  block_divider(const QuantizeOptions& options, const tensor_factors&) : options_(options) {}

  bool needs_values() const { return options_.rule == ScaleRule::search; }

  choice choose(std::uint32_t amax, std::span<const float> values) const {
    using traits = scale_traits<Scale>;
    if (amax > float_infinity ||
        (amax == float_infinity && options_.non_finite == NonFinite::nan_block))
      return {traits::nan(), {.blank = true}};
    if (amax == float_infinity) return chosen(traits::highest);
    if (amax == 0) return chosen(traits::lowest);
    if (options_.rule != ScaleRule::search)
      return chosen(clamped(scale_exponent<Element>(amax, options_.rule)));
    const int floor = scale_exponent<Element>(amax, ScaleRule::floor);
    int best = clamped(floor - 1);
    exact_sum least = error(values, best);
    for (int e = clamped(floor - 1) + 1; e <= clamped(floor + 2); ++e) {
      const exact_sum sum = error(values, e);
      if (least < sum) continue;
      least = sum;
      best = e;
    }
    return chosen(best);
  }

  NF_INLINE void divide(const float* values, std::size_t n, const divisor& by, real* out) const {
    if constexpr (std::same_as<real, float>) {
      if (n == 1) {  // blocks down the columns
        *out = by.blank ? 0 : float_of_bits(scaled_down(bits_of_float(*values), by.exponent));
        return;
      }
    }
    divide_many(values, n, by, out);
  }

 private:
  void divide_many(const float* values, std::size_t n, const divisor& by, real* out) const {
    if (by.blank) {
      std::fill_n(out, n, real{0});
    } else if constexpr (std::same_as<real, double>) {
      const double factor = exact_double({1, -by.exponent});
      for (std::size_t i = 0; i < n; ++i) out[i] = scaled_up(convert<double>(values[i]), factor);
    } else if (options_.non_finite == NonFinite::nan_block) {
      divide_by_power<Element>(values, n, by.exponent, out);
    } else {
      for (std::size_t i = 0; i < n; ++i)
        out[i] = float_of_bits(scaled_down(bits_of_float(values[i]), by.exponent));
    }
  }

  static choice chosen(int e) { return {scale_traits<Scale>::from_exponent(e), {.exponent = e}}; }
  static int clamped(int e) {
    return std::clamp(e, scale_traits<Scale>::lowest, scale_traits<Scale>::highest);
  }
  exact_sum error(std::span<const float> values, int e) const;

  QuantizeOptions options_;
};

/// The divider of a format with scales of any value: divides exactly, to a double rounded to odd.
template <class Format>
class block_divider<Format, false> {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  static_assert(
      Format::tensor_scale == TensorScale::none ||
          (std::bit_width(largest_binary<Element>().significand) <= 8 &&
           layout_of<Scale>::mantissa_bits <= 7),
      "BlockFormat<...>: with a tensor scale the largest element and the block scales have "
      "at most 8 significant bits");

 public:
  using real = double;
  struct divisor {
    enum class kind { blank, zero, exact, reciprocal } what = kind::blank;
    binary value{1, 0};
    double inverse = 1;  // of value, to a unit or two in the last place
    float reciprocal = 0;
  };
  struct choice {
    Scale scale;
    divisor by;
  };

  block_divider(const QuantizeOptions& options, const tensor_factors& tensor)
      : options_(options), tensor_scale_(tensor.decode) {
    const float largest = convert<float>(exact_double(largest_binary<Element>()));
    multiplier_ = float_product(tensor.encode, float_quotient(1.0f, largest));
  }

  bool needs_values() const { return options_.four_over_six; }

  choice choose(std::uint32_t amax, std::span<const float> values) const {
    if (amax > float_infinity ||
        (amax == float_infinity && options_.non_finite == NonFinite::nan_block))
      return {convert<Scale>(float_of_bits(wide<std::uint32_t>::quiet_nan)), {}};
    if (options_.pipeline == ScalePipeline::transformer_engine) return folded(amax);
    const choice usual = mapped(amax, largest_binary<Element>());
    if (!options_.four_over_six) return usual;
    const choice four = mapped(amax, {1, 2});
    return error(values, four) < error(values, usual) ? four : usual;
  }

  void divide(const float* values, std::size_t n, const divisor& by, real* out) const {
    switch (by.what) {
      case divisor::kind::blank:
        std::fill_n(out, n, real{0});
        return;
      case divisor::kind::zero:
        for (std::size_t i = 0; i < n; ++i) out[i] = zero_quotient(values[i]);
        return;
      case divisor::kind::reciprocal:
        for (std::size_t i = 0; i < n; ++i)
          out[i] = convert<double>(float_product(values[i], by.reciprocal));
        return;
      case divisor::kind::exact:
        for (std::size_t i = 0; i < n; ++i) out[i] = quotient(values[i], by);
        return;
    }
  }

 private:
  /// Where the scale is 0: zeros with the signs of the finite values.
  static real zero_quotient(float x) {
    const std::uint32_t bits = bits_of_float(x);
    const bool finite = (bits & 0x7fffffffu) < float_infinity;
    return convert<double>(finite ? float_of_bits(bits & 0x80000000u) : x);
  }

  /// x divided exactly, or a double that every rounding to an element takes for the exact quotient: in any
  /// rounding mode, the product by the inverse is within 4 units in its last place, and that matters
  /// only next to the points where a rounding changes its mind. These are multiples of the unit M + 34
  /// bits below the leading one: M mantissa bits, one for ties, 33 for 32 random bits.
  static real quotient(float x, const divisor& by) {
    constexpr int below =
        52 - 34 - layout_of<typename element_traits<Element>::rounded>::mantissa_bits;
    constexpr std::uint64_t near = 4, mask = below > 4 ? (std::uint64_t{1} << below) - 1 : 0;
    const std::uint32_t bits = bits_of_float(x), magnitude = bits & 0x7fffffffu;
    if (magnitude >= 0x800000u && magnitude < float_infinity) {  // a subnormal may read as zero
      const double estimate = static_cast<double>(x) * by.inverse;
      if (((__builtin_bit_cast(std::uint64_t, estimate) + near) & mask) > 2 * near) return estimate;
    }
    if (magnitude == 0 || magnitude >= float_infinity) return convert<double>(x);
    const double exact = quotient_to_odd(binary_of(magnitude), by.value);
    return double_of_bits(__builtin_bit_cast(std::uint64_t, exact) |
                          (std::uint64_t{bits & 0x80000000u} << 32));
  }

  /// The scale RN(amax / (tensor scale * to)), which maps amax to the element `to`.
  choice mapped(std::uint32_t amax, const binary& to) const {
    double ratio = 0;
    if (amax == float_infinity)
      ratio = double_of_bits(wide<std::uint64_t>::infinity);
    else if (amax != 0)
      ratio = quotient_to_odd(binary_of(amax), product(to, tensor_binary()));
    const Scale scale = convert<Scale>(ratio, nearest_even, Saturation::finite);
    const double value = convert<double>(scale);
    if (__builtin_bit_cast(std::uint64_t, value) == 0)
      return {scale, {.what = divisor::kind::zero}};
    const binary by = product(odd_binary(value), tensor_binary());
    return {scale,
            {.what = divisor::kind::exact,
             .value = by,
             .inverse = quotient_to_odd(binary_of(bits_of_float(1.0f)), by)}};
  }

  choice folded(std::uint32_t amax) const {
    const Scale scale = convert<Scale>(float_product(float_of_bits(amax), multiplier_),
                                       nearest_even, Saturation::finite);
    const float decode = float_product(convert<float>(scale), tensor_scale_);
    const std::uint32_t bits = bits_of_float(decode);
    float reciprocal = finite_float(float_of_bits(float_infinity));  // of 0
    if (bits != 0 && bits < float_infinity) reciprocal = finite_float(float_quotient(1.0f, decode));
    if (bits == float_infinity) reciprocal = 0;
    return {scale, {.what = divisor::kind::reciprocal, .reciprocal = reciprocal}};
  }

  /// The tensor scale without trailing zeros.
  binary tensor_binary() const { return odd_binary(convert<double>(tensor_scale_)); }
  exact_sum error(std::span<const float> values, const choice& candidate) const;

  QuantizeOptions options_;
  float tensor_scale_, multiplier_ = 0;
};

/// The squared error of a block divided by `by` and rounded to nearest even.
template <class Divider, class Element>
exact_sum block_error(const Divider& divider, std::span<const float> values,
                      const typename Divider::divisor& by, double factor, bool full_range) {
  std::vector<typename Divider::real> scaled(values.size());
  std::vector<Element> codes(values.size());
  std::vector<double> images(values.size());
  divider.divide(values.data(), values.size(), by, scaled.data());
  encode_elements<Element>(std::span<const typename Divider::real>(scaled), std::span(codes),
                           NearestEven{}, Saturation::finite, full_range);
  decode_elements(std::span<const Element>(codes), std::span(images));
  for (double& image : images) image = scaled_up(image, factor);
  return squared_error(values, images);
}

template <class Format>
exact_sum block_divider<Format, true>::error(std::span<const float> values, int e) const {
  return block_error<block_divider, Element>(*this, values, {.exponent = e}, exact_double({1, e}),
                                             options_.full_range);
}
template <class Format>
exact_sum block_divider<Format, false>::error(std::span<const float> values,
                                              const choice& candidate) const {
  return block_error<block_divider, Element>(*this, values, candidate.by,
                                             scale_factor(candidate.scale, tensor_scale_),
                                             options_.full_range);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
