// SPDX-License-Identifier: MIT
// A block tensor times a vector of floats, with sums in float: which are made from the codes as
// they lie in memory, and how. The loop stands in row_sums.hpp.
#pragma once

#include <array>
#include <bit>
#include <vector>

#include "operands.hpp"
#include "row_task.hpp"
#include "wide_plan.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The binades of some floats but for zeros, Inf and NaN: the lowest bit and the highest.
struct float_range {
  int low = 200, high = -200;
};
inline float_range binades_of(const std::vector<float>& x) {
  std::uint32_t least = 255, most = 0;
  for (const float each : x) {
    const std::uint32_t bits = magnitude_bits(each), field = std::max(bits >> 23, 1u);
    if (bits == 0 || bits >= float_infinity) continue;
    least = std::min(least, field);
    most = std::max(most, field);
  }
  return most == 0 ? float_range{}
                   : float_range{static_cast<int>(least) - 150, static_cast<int>(most) - 127};
}
/// The scales 2^(code - 127) that may stand beside each other where k products of elements of a
/// shape and of such floats are added up: no bit lies below the least float, and no sum reaches
/// Inf, whichever of them all is divided by.
constexpr near_scales near_scales_of(const number_shape& element, const float_range& x,
                                     std::size_t k, int bias, int fraction_bits) {
  const int least = element.quantum + x.low,
            most = element.max_exponent + x.high + static_cast<int>(std::bit_width(k)) + 3;
  near_scales near;
  near.bias = static_cast<std::uint8_t>(bias);
  near.up = static_cast<std::uint32_t>(127 - fraction_bits);
  near.lowest = 127 - 149 - least;
  near.highest = std::min(254, 127 + 127 - most);
  near.spread = std::min({126, 149 + least, 127 - most - fraction_bits});
  near.there_are = near.spread >= 0;
  return near;
}

/// How the elements of a block format are read.
template <class Format>
struct row_format {
  using element = typename Format::element;
  using scale = typename Format::scale;
  static constexpr int width = element::width;
  static constexpr number_shape shape = shape_of<element>();
  static constexpr code_kind kind = [] {
    if constexpr (width == 4) {
      return code_kind::nibbles;
    } else if constexpr (is_fixed_point<element>) {
      return code_kind::fixed;
    } else {
      return layout_of<element>::has_nan || layout_of<element>::has_infinity ? code_kind::specials
                                                                             : code_kind::finite;
    }
  }();
  static constexpr bool has_kind = [] {
    if constexpr (width == 4) {
      return true;
    } else if constexpr (is_fixed_point<element>) {
      return width == 8;
    } else if constexpr (width == 6 || width == 8) {
      using of = layout_of<element>;
      return of::is_signed && of::exponent_bits > 0 && !of::nan_is_negative_zero && of::bias >= 0 &&
             of::bias <= 126 && (1 << of::exponent_bits) - 1 - of::bias <= 127 &&
             (width == 8) == (kind == code_kind::specials);
    } else {
      return false;
    }
  }();
  static constexpr bool serves =
      has_kind && sizeof(scale) == 1 && scale::width == 8 &&
      static_cast<std::size_t>(Format::block_size) % codes_of_unit(width) == 0;
  /// Steps of a fixed-point element, which the factors take in.
  static constexpr int fraction_bits = [] {
    if constexpr (kind == code_kind::fixed) return element::fraction_bits;
    return 0;
  }();

  static constexpr int scale_bias = std::same_as<scale, ExponentInt8> ? 127 : 0;

  static constexpr code_values values() {
    code_values of;
    if constexpr (kind == code_kind::nibbles) {
      for (unsigned code = 0; code < 16; ++code)
        of.nibble[code] = nearest_float(
            operand_value(element::from_bits(static_cast<std::uint8_t>(code)), Subnormals::keep));
    } else if constexpr (kind != code_kind::fixed) {
      using layout = layout_of<element>;
      of.magnitude_mask = layout::magnitude_mask;
      of.last = layout::max_code;
      if (layout::has_infinity) of.infinity = layout::infinity_code;
      of.up = 23 - layout::mantissa_bits;
      of.bias = static_cast<std::uint32_t>(127 - layout::bias) << 23;
      of.least_normal = power_of_two<float>(1 - layout::bias);
    }
    return of;
  }
  /// The factors of all scales.
  static constexpr std::array<float, 256> factors(float tensor_scale) {
    std::array<float, 256> all{};
    for (unsigned code = 0; code < 256; ++code) {
      const exact by = product(exact_block_scale(scale::from_bits(static_cast<std::uint8_t>(code))),
                               exact_float(tensor_scale));
      all[code] = nearest_float(by.what != exact::kind::finite || float_holds_block(by)
                                    ? scaled(by)
                                    : exact::infinity(false));
    }
    return all;
  }

 private:
  static constexpr exact scaled(exact by) {
    if (by.what == exact::kind::finite) by.exponent -= fraction_bits;
    return by;
  }
  /// Whether float holds all elements times a factor, and the factor as it is taken.
  static constexpr bool float_holds_block(const exact& by) {
    const int zeros = __builtin_ctzll(by.significand), bits = 1 + exact::leading - zeros;
    const int low = by.exponent + zeros;
    return is_in_floats(
               {shape.bits + bits, shape.quantum + low,
                shape.max_exponent + by.exponent + exact::leading + (bits == 1 ? 0 : 1)}) &&
           low - fraction_bits >= -149 && by.exponent + exact::leading <= 127;
  }
};
template <class Format>
inline constexpr code_values values_of_rows = row_format<Format>::values();
template <class Format>
inline constexpr std::array<float, 256> factors_of_rows = row_format<Format>::factors(1);

/// Whether the loop makes the sums of a policy of a block tensor's elements by numbers of a type.
template <class Stored, class X, class Acc>
inline constexpr bool has_row_sums = false;
template <class Format, class X, class Acc>
requires row_format<Format>::serves inline constexpr bool
    has_row_sums<BlockTensor<Format>, X, Acc> = [] {
      using plan = wide_plan<Acc, block_value<Format>, X>;
      if constexpr (plan::serves) {
        return std::same_as<typename plan::type, float> && plan::step == wide_step::fused;
      }
      return false;
    }();

/// y = a * x by the loop, part by part; false where it does not serve: then nothing was written.
template <class Format, class X, class Acc, class Put, class E>
bool multiply_rows(const BlockTensor<Format>& a, const X& x, const matrix_cuts& cuts, std::size_t k,
                   const Acc& acc, const Put& put, E& executor) {
  using format = row_format<Format>;
  using plan = wide_plan<Acc, block_value<Format>, typename X::number>;
  constexpr std::size_t unit = codes_of_unit(format::width);
  const std::size_t chunk = std::max(plan::chunk(acc, k), std::size_t{1});
  const Isa isa = active_isa();
  const exact tensor_scale = exact_float(a.tensor_scale());
  if (a.axis() != 1 || !float_environment::is_known || !is_plain(acc) || !is_in_floats(x.shape()) ||
      (plan::has_chunks && chunk % unit != 0) || tensor_scale.what != exact::kind::finite ||
      (tensor_scale.significand & (tensor_scale.significand - 1)) != 0)
    return false;
  const block_values<Format> values(a);
  if (isa == Isa::generic && plan::needs_fused(product_shape_of(values.shape(), x.shape())))
    return false;
  std::array<float, 256> scaled;
  if constexpr (Format::tensor_scale != TensorScale::none)
    scaled = format::factors(a.tensor_scale());
  const float* const factors =
      Format::tensor_scale == TensorScale::none ? factors_of_rows<Format>.data() : scaled.data();
  std::vector<float> floats(k);
  x.floats(Subnormals::keep, 0).read(0, 0, k, floats.data());
  const auto* const scales = reinterpret_cast<const std::uint8_t*>(a.scales().data());
  const std::size_t stride = a.codes().stride();

  near_scales near;
  if constexpr (power_of_two_scale<typename Format::scale>)
    near = near_scales_of(format::shape, binades_of(floats), k, format::scale_bias,
                          format::fraction_bits);
  run_cuts(executor, cuts, [&](const matrix_part& part) {
    const float_environment environment(plan::rounds);
    const std::size_t end = part.left + part.cols;
    for (std::size_t top = part.left; top < end; top += panel_rows) {
      alignas(64) float sums[panel_rows] = {};
      alignas(64) std::uint32_t largest[panel_rows] = {};
      alignas(64) typename plan::total totals[panel_rows] = {};
      row_task task{};
      for (std::size_t r = 0; r < panel_rows; ++r) {
        const std::size_t row = std::min(top + r, end - 1);
        task.codes[r] = a.codes().data() + row * stride;
        task.scales[r] =
            scales + row / static_cast<std::size_t>(Format::block_rows) * a.block_cols();
      }
      task.row_bytes = stride;
      task.row_blocks = a.block_cols();
      task.block = static_cast<std::size_t>(Format::block_size);
      task.next = top + panel_rows < end ? panel_rows * stride : 0;
      task.x = floats.data();
      task.factors = factors;
      task.values = &values_of_rows<Format>;
      task.sums = sums;
      task.largest = largest;
      task.near = near;
      for (std::size_t first = 0; first < k; first = task.last) {
        task.first = first;
        task.last = plan::has_chunks ? first + std::min(chunk, k - first) : k;
        run_row_sums<format::width, format::kind>(place_of<true>(), isa, task);
        if constexpr (plan::has_chunks)
          add_wide_sums<typename plan::part>(place_of<true>(), isa, sums, totals, panel_rows);
      }
      for (std::size_t r = 0; r < panel_rows && top + r < end; ++r) {
        const auto sum = plan::has_chunks ? totals[r] : static_cast<typename plan::total>(sums[r]);
        // A sum of -0 may be that of two zeros, which is +0: lanes do not say.
        if (largest[r] >= float_infinity || is_negative_zero(sum)) {
          put(0, top + r,
              sum_of_products(
                  acc, 0, k, [&](std::size_t l) { return values.at(top + r, l, Subnormals::keep); },
                  [&](std::size_t l) { return x.at(0, l, Subnormals::keep); }));
        } else {
          put(0, top + r, sum_of_lane<typename Acc::type>(sum));
        }
      }
    }
  });
  return true;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
