// SPDX-License-Identifier: MIT
// ResidualWeights: 8-bit weights with a 16-bit residual each, which together move as 16-bit weights
// do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/parts.hpp"
#include "../detail/exact/binary.hpp"
#include "detail/form_calls.hpp"
#include "weights.hpp"

namespace narrowfloat {

/// 8-bit weights for the products, with what they leave of a 16-bit weight beside them (HFP8, Sun
/// et al., NeurIPS 2019): 3 bytes a weight. Workers that each keep their own residuals exchange the
/// 8-bit weights alone.
///
/// Result    a new weight u becomes the 16-bit number S = Wide(u), by the rounding of the step; the
///           8-bit weight is S to nearest, saturating, the residual S less that, exactly. The
///           optimizer reads their sum, S.
/// Special   far beyond the largest 8-bit number, from 2048 on (float16: 4096), Wide has no room
///           for the residual: there, and of Inf and NaN, the 8-bit weight is 0 and the residual S.
/// Promises  the sums move bit for bit as weights of Wide do, under the same rounding.
///
/// Example   ResidualWeights<> w(weights);
///           AdamW<> adam({.lr = 1e-3f}, w.size());
///           adam.step(w, gradients, {}, Stochastic<>{.seed = 1});
///           std::vector<float> sums(w.size());
///           w.read(0, sums);
///           assert(sums[0] == convert<float>(w.values()[0]) + convert<float>(w.residuals()[0]));
template <narrow_float Narrow = float8_e4m3b11, narrow_float Wide = float16_e6m9>
requires lossless_to<Narrow, float> && lossless_to<Wide, float>
class ResidualWeights {
 public:
  ResidualWeights() = default;
  /// These weights, each as a narrow number and its residual, by an executor.
  template <float_source Range, task_executor E = SerialExecutor>
  NF_INLINE explicit ResidualWeights(const Range& weights, E&& executor = {})
      : values_(std::ranges::size(weights)), residuals_(std::ranges::size(weights)) {
    detail::write_range(*this, weights, executor);
  }

  /// How many weights there are.
  NF_INLINE std::size_t size() const noexcept { return values_.size(); }
  /// The weights as the layers read them.
  NF_INLINE std::span<const Narrow> values() const noexcept { return values_; }
  /// What each weight is more than its narrow number.
  NF_INLINE std::span<const Wide> residuals() const noexcept { return residuals_; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    detail::read_sums(values(), residuals(), first, out);
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R& rounding) {
    for (std::size_t done = 0; done < from.size(); done += detail::part_elements)
      write_part(first + done,
                 from.subspan(done, std::min(detail::part_elements, from.size() - done)), rounding);
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(*this); }

 private:
  template <class Self>
  static NF_INLINE auto parts_of(Self& self) {
    return std::vector{state_part("values", std::span(self.values_)),
                       state_part("residuals", std::span(self.residuals_))};
  }
  template <class R>
  NF_INLINE void write_part(std::size_t first, std::span<const float> from, const R& rounding) {
    const std::size_t n = from.size();
    const auto value = std::span(values_).subspan(first, n);
    const auto residual = std::span(residuals_).subspan(first, n);
    float sums[detail::part_elements], kept[detail::part_elements];
    convert(from, residual, detail::rounding_from(rounding, first));
    convert(residual, std::span(sums, n));
    for (std::size_t i = 0; i < n; ++i)
      kept[i] = detail::magnitude_bits(sums[i]) < end_of_exact ? sums[i] : 0;
    convert(std::span<const float>(kept, n), value, nearest_even, Saturation::finite);
    convert(value, std::span(kept, n));
    detail::rest_of_floats(detail::place_of<true>(), active_isa(), sums, kept, kept, n);
    convert(std::span<const float>(kept, n), residual);
  }
  /// Below, the last place of a Wide is no more than that of the largest Narrow, and so is that of
  /// their difference.
  static constexpr std::uint32_t end_of_exact = [] {
    using narrow = detail::layout_of<Narrow>;
    using wide = detail::layout_of<Wide>;
    return detail::bits_of_float(detail::power_of_two<float>(
        narrow::max_exponent - narrow::mantissa_bits + wide::mantissa_bits + 1));
  }();

  std::vector<Narrow> values_;
  std::vector<Wide> residuals_;
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/form_loop.hpp"
#endif
