// SPDX-License-Identifier: MIT
// Scaling biases: the integer b of a tensor that is multiplied by 2^b before it becomes FP8.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/checks.hpp"
#include "../detail/array/tasks.hpp"
#include "../detail/exact/sum.hpp"
#include "detail/saved.hpp"
#include "detail/scales.hpp"

namespace narrowfloat {

/// The scaling bias of a tensor (Perez et al., "Training and inference of large language models
/// using 8-bit floating point", arXiv 2309.17224): it is multiplied by 2^bias before its cast, and
/// a product of two tensors by output_scale() after it. A constant bias for all tensors of a kind
/// is the paper's CSCALE: ScalingBias{b}.
///
/// Requires  lowest <= bias <= highest.
///
/// Example   std::vector<float8_e4m3fnuz> q_w(weights.size()), q_x(x.size());
///           // CSCALE: 4
///           const ScalingBias b_w = amax_bias<float8_e4m3fnuz>(amax(weights)), b_x{4};
///           convert(weights, q_w, Scale{b_w.scale()}, nearest_even, Saturation::finite);
///           convert(x, q_x, Scale{b_x.scale()}, nearest_even, Saturation::finite);
///           assert(output_scale(b_w, b_x) == b_w.scale_inv() / 16);
struct ScalingBias {
  /// The biases that the hardware takes.
  static constexpr int lowest = -31, highest = 31;
  /// The exponent of the scale.
  int bias = 0;

  constexpr NF_INLINE float scale() const noexcept {
    return detail::power_of_two<float>(bias);
  }  ///< 2^bias
  constexpr NF_INLINE float scale_inv() const noexcept {
    return detail::power_of_two<float>(-bias);
  }  ///< 2^-bias
  /// What is saved: the bias.
  NF_INLINE std::vector<StatePart> parts() {
    return {detail::limited_part<lowest, highest>("bias", bias)};
  }
  NF_INLINE std::vector<ConstStatePart> parts() const {
    return {detail::limited_part<lowest, highest>("bias", bias)};
  }
  friend constexpr bool operator==(ScalingBias, ScalingBias) = default;
};

/// What a product of two scaled tensors is multiplied by: 2^-(a + b).
constexpr NF_INLINE float output_scale(ScalingBias a, ScalingBias b) noexcept {
  return detail::power_of_two<float>(-(a.bias + b.bias));
}

/// The headroom that the authors' code leaves to gradients: 3 bits, against overflow in the matrix
/// products of the backward pass.
inline constexpr int gradient_bias_margin = 3;

/// FP8-AMAX: the bias by the largest magnitude of the tensor.
///
/// Result    floor(log2(largest F / amax)) within [-31, 31], less `margin` bits, within [-31, 31];
///           from exponent bits.
/// Special   an amax of 0 counts as an infinite quotient: 31 - margin. Inf and NaN give -31.
/// Promises  noexcept, constexpr; the same in every floating-point environment.
///
/// Example   std::vector<float8_e5m2fnuz> q(gradients.size());
///           const auto b = amax_bias<float8_e5m2fnuz>(amax(gradients), gradient_bias_margin);
///           convert(gradients, q, Scale{b.scale()}, nearest_even, Saturation::finite);
///           assert(amax(gradients) * b.scale() <= 57344 / 8);
template <narrow_float F>
constexpr NF_INLINE ScalingBias amax_bias(float amax, int margin = 0) noexcept {
  if (!detail::is_finite(amax)) return {ScalingBias::lowest};
  const int bias = detail::is_zero(amax) ? ScalingBias::highest
                                         : detail::floor_log2_quotient(
                                               detail::largest_of<F>,
                                               detail::exact_of(detail::larger_magnitude(amax, 0)));
  const auto limited = [](int b) {
    return std::clamp(b, ScalingBias::lowest, ScalingBias::highest);
  };
  return {limited(limited(bias) - std::clamp(margin, -64, 64))};
}

namespace detail {
inline namespace NF_BASELINE {

/// For each bias the exact squared error of what it makes of a tensor, less the sum of the squares,
/// which all share.
template <class F>
class bias_errors {
 public:
  /// Of values, each as often as its count says, once where there are no counts: by the tasks of an
  /// executor, a bias each.
  template <class E>
  bias_errors(E& executor, std::span<const float> values, std::span<const std::uint64_t> counts) {
    const Isa isa = active_isa();
    run_tasks(executor, sums_.size(), [&](std::size_t task) {
      for (std::size_t done = 0, n = 0; done < values.size(); done += n) {
        n = std::min(part_elements, values.size() - done);
        add_part(isa, values.subspan(done, n), counts.empty() ? counts : counts.subspan(done, n),
                 ScalingBias::lowest + static_cast<int>(task), sums_[task]);
      }
    });
  }
  /// The bias with the least error; on a tie the one closest to 0, then the negative one.
  ScalingBias best() const {
    int best = 0;
    for (int distance = 1; distance <= ScalingBias::highest; ++distance) {
      for (const int bias : {-distance, distance}) {
        if (error(bias) < error(best)) best = bias;
      }
    }
    return {best};
  }

 private:
  const exact_sum& error(int bias) const {
    return sums_[static_cast<std::size_t>(bias - ScalingBias::lowest)];
  }

  void add_part(Isa isa, std::span<const float> values, std::span<const std::uint64_t> counts,
                int bias, exact_sum& sum) {
    F codes[part_elements];
    float images[part_elements];
    convert_scaled(isa, values.data(), codes, values.size(), power_of_two<float>(bias),
                   NearestEven{}, Saturation::finite, Subnormals::keep);
    convert_part(isa, codes, images, values.size(), NearestEven{}, Saturation::none,
                 Subnormals::keep, false);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint32_t x = magnitude_bits(values[i]), y = magnitude_bits(images[i]);
      const std::uint64_t count = counts.empty() ? 1 : counts[i];
      if (!is_usable(values[i]) || y == 0 || count == 0) continue;
      // times 2^bias: y * y - 2 x y, y with the sign of x
      binary image = binary_of(y), value = binary_of(x);
      image.exponent -= bias;
      const binary times{count, 0};
      sum.add(shortened(product(shortened(image), shortened(image))), times, 0, false);
      sum.add(product(value, shortened(image)), times, 1, true);
    }
  }
  /// Without trailing zeros.
  static binary shortened(binary x) {
    const int zeros = __builtin_ctzll(x.significand);
    return {x.significand >> zeros, x.exponent + zeros};
  }

  std::array<exact_sum, ScalingBias::highest - ScalingBias::lowest + 1> sums_;
};

}  // namespace NF_BASELINE
}  // namespace detail

/// The bias that loses least: of [-31, 31] the one with the smallest sum of squared errors of the
/// tensor, rounded to nearest even and saturated, then scaled back.
///
/// Result    exact: no sum is rounded. On a tie the bias closest to 0, then the negative one.
/// Special   Inf and NaN do not count; a tensor without other values, and an empty one, gets 0.
/// Requires  F has at most 16 bits.
/// Promises  the same on every instruction set, in every floating-point environment and for every
///           executor, which has a task for each bias; no allocation.
/// Cost      63 conversions and 126 exact sums an element: for a sample or a histogram of a large
///           tensor.
///
/// Example   const ScalingBias b = mse_bias<float8_e4m3fnuz>(x);
///           assert(b.scale() * amax(x) <= 240);
///           const std::vector<float> middles{0.25f, 0.75f, 1.5f};
///           const std::vector<std::uint64_t> counts{100, 20, 1};
///           assert(mse_bias<float8_e4m3fnuz>(middles, counts).bias == 0);
template <narrow_float F, float_range In, task_executor E = SerialExecutor>
requires(lossless_to<F, float>&& F::width <= 16)  //
    NF_INLINE ScalingBias mse_bias(const In& in, E&& executor = {}) {
  const auto run = detail::executor_ref::of(executor);
  return detail::bias_errors<F>(run, {std::ranges::data(in), std::ranges::size(in)}, {}).best();
}
/// The same of a histogram: values, and how often each occurs.
///
/// Special   numbers of values and counts that differ throw std::invalid_argument with both.
template <narrow_float F, float_range In, task_executor E = SerialExecutor>
requires(lossless_to<F, float>&& F::width <= 16)  //
    NF_INLINE ScalingBias
    mse_bias(const In& values, std::span<const std::uint64_t> counts, E&& executor = {}) {
  if (std::ranges::size(values) != counts.size()) {
    detail::throw_invalid("mse_bias", std::to_string(std::ranges::size(values)) + " values and " +
                                          std::to_string(counts.size()) + " counts");
  }
  const auto run = detail::executor_ref::of(executor);
  const std::span<const float> all(std::ranges::data(values), std::ranges::size(values));
  return detail::bias_errors<F>(run, all, counts).best();
}

}  // namespace narrowfloat
