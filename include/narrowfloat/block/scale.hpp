// SPDX-License-Identifier: MIT
// The scales of one block and of a tensor from their largest magnitudes, for kernels that quantize
// by themselves.
#pragma once

#include <cstdint>
#include <type_traits>

#include "detail/element_traits.hpp"
#include "format.hpp"

namespace narrowfloat {

/// The scale of a whole tensor whose largest finite magnitude is `amax`, as
/// BlockTensor<Format>::quantize has it: RN(amax / (the largest block scale times the largest
/// element)), which is RN(amax / 2688) in nvfp4.
///
/// Result    1 for an amax of 0, where the quotient rounds to 0, and in formats without a scale of
///           the tensor; one float less where the largest element would read back as Inf.
/// Requires  0 <= amax, which is finite.
/// Promises  noexcept, constexpr; the same bits in every floating-point environment, and in device
///           code.
template <block_format Format>
constexpr NF_HD float scale_of_tensor(float amax) noexcept {
  return detail::factors_of_tensor<Format>(detail::magnitude_bits(amax), QuantizeOptions{}).decode;
}

/// The scale of a block whose largest magnitude is `amax`, as BlockTensor<Format>::quantize has it:
/// a power of two by `rule`, or RN(amax / (the largest element times the scale of the tensor)).
///
/// Result    the least scale for an amax of 0; the largest for Inf under NonFinite::saturate, under
///           which Inf and NaN have the scales that such a block has. ScaleRule::search looks at
///           every value: here it is floor.
/// Special   an amax that is NaN, or Inf under NonFinite::nan_block, gives NaN, or the largest
///           scale where there is no NaN. Of NonFinite::propagate `amax` is that of the finite
///           elements.
/// Requires  a positive finite scale of the tensor, 1 where the format has none.
/// Promises  as scale_of_tensor().
///
/// Example   static_assert(scale_of_block<mxfp4_e2m1>(7.0f) == 1 &&
///                         scale_of_block<mxfp4_e2m1>(7.0f, ScaleRule::ceil) == 2);
///           const float tensor = scale_of_tensor<nvfp4>(5376.0f);
///           assert(tensor == 2 && scale_of_block<nvfp4>(12.0f, ScaleRule::floor, tensor) == 1);
template <block_format Format>
constexpr NF_FN typename Format::scale scale_of_block(
    float amax, ScaleRule rule = ScaleRule::floor, float tensor_scale = 1,
    NonFinite non_finite = NonFinite::nan_block) noexcept {
  using element = typename Format::element;
  using scale = typename Format::scale;
  const std::uint32_t bits = detail::magnitude_bits(amax);
  const std::uint32_t last_number =
      detail::float_infinity - (non_finite == NonFinite::nan_block ? 1 : 0);
  if constexpr (detail::power_of_two_scale<scale>) {
    using traits = detail::scale_traits<scale>;
    const detail::exponent_rule by = detail::power_rule<Format>(rule, false, last_number);
    const std::uint32_t steps =
        detail::exponent_steps(bits, by.threshold, by.least, by.most, by.last_number);
    return traits::from_exponent(traits::lowest + static_cast<int>(steps));
  } else {
    if (bits > last_number)
      return detail::convert_number<scale>(
          detail::float_of_bits(detail::wide<std::uint32_t>::quiet_nan), NearestEven{},
          default_saturation<scale>);
    const detail::binary tensor = detail::odd_binary(detail::real_number<double>(tensor_scale));
    return detail::scale_within_float<Format>(
        detail::mapped_scale<scale>(bits, product(detail::largest_binary<element>(), tensor)), bits,
        tensor, false);
  }
}

}  // namespace narrowfloat
