// SPDX-License-Identifier: MIT
// State in FP8: in blocks (torchao), with one scale, and FP8-LM's with a power of two.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/sources.hpp"
#include "detail/limit_state.hpp"
#include "detail/one_scale.hpp"
#include "storage.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// The limits of numbers that are divided by a normal float, which is their amax / largest F or
/// more: none is too large.
template <class F>
NF_INLINE state_limits limits_below_amax(float scale, bool lifts) {
  const auto bits = [&](int exponent) {
    exact x = exact_of(scale);
    x.exponent += exponent;
    return std::max(1u, bits_of_float(nearest_float(x)));
  };
  const std::uint32_t unit = bits(layout_of<F>::quantum);
  return {lifts ? unit - 1 : bits(layout_of<F>::quantum - 1), float_infinity - 1, lifts, unit};
}

}  // namespace NF_BASELINE
}  // namespace detail

/// State in float8_e4m3fn, in blocks of 256 that share a float scale (OptimStateFp8 of torchao):
/// 1.02 bytes a number.
///
/// Result    the scale of a block is amax / 448 rounded to a float, at least 2^-126; a code is the
///           float8_e4m3fn nearest to the exact quotient x / scale; it is read as code * scale,
///           rounded once.
/// Special   a block of zeros is zeros. One with NaN is NaN; Inf is taken as the largest float. A
///           positive number of a storage made for Signedness::is_unsigned never becomes 0 but
///           scale * 2^-9.
///
/// Example   AdamW<Fp8BlockState, Fp8BlockState> adam({.lr = 1e-3f}, weights.size());
///           assert(adam.size_bytes() * 100 <= weights.size() * 204);
class Fp8BlockState {
 public:
  /// Numbers that share a scale.
  static constexpr std::size_t block_size = 256;

  Fp8BlockState() = default;
  /// n zeros. Signedness::is_unsigned says that no number will be negative.
  NF_INLINE explicit Fp8BlockState(std::size_t n, Signedness signedness)
      : codes_(n),
        scales_(detail::ceil_divided(n, block_size)),
        floor_(signedness == Signedness::is_unsigned) {}

  /// What storage asks for: how many numbers there are, and where ranges of them begin.
  NF_INLINE std::size_t size() const noexcept { return codes_.size(); }
  NF_INLINE std::size_t block() const noexcept { return block_size; }
  /// The codes, one a number.
  NF_INLINE std::span<const float8_e4m3fn> codes() const noexcept { return codes_; }
  /// The scales, one for each 256 numbers.
  NF_INLINE std::span<const float> scales() const noexcept { return scales_; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    for_each_block(
        first, out.size(), [&](std::size_t i, std::size_t count, std::size_t block) NF_INLINED {
          convert(codes().subspan(first + i, count), out.subspan(i, count), Scale{scales_[block]});
        });
  }
  template <class R>
  NF_INLINE StorageCounts write(std::size_t first, std::span<const float> values, const R&) {
    const Isa isa = active_isa();
    StorageCounts counts;
    for_each_block(
        first, values.size(), [&](std::size_t i, std::size_t count, std::size_t block) NF_INLINED {
          const auto from = values.subspan(i, count);
          const auto to = std::span(codes_).subspan(first + i, count);
          const std::uint32_t amax =
              detail::largest_bits(detail::place_of<true>(), isa, from.data(), count);
          if (amax == 0 || amax > detail::float_infinity) {
            scales_[block] = detail::float_of_bits(amax == 0 ? 0 : 0x7fc00000u);
            std::fill(to.begin(), to.end(), float8_e4m3fn());
            return;
          }
          const float scale = scales_[block] = detail::scale_for<float8_e4m3fn, false>(
              detail::float_of_bits(std::min(amax, detail::float_infinity - 1)));
          counts += detail::write_within(from, to, Divide{scale},
                                         detail::limits_below_amax<float8_e4m3fn>(scale, floor_),
                                         nearest_even);
        });
    return counts;
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  template <class F>
  static NF_INLINE void for_each_block(std::size_t first, std::size_t n, F f) {
    for (std::size_t i = 0; i < n; i += block_size)
      f(i, std::min(block_size, n - i), (first + i) / block_size);
  }
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    return {state_part("codes", std::span(self.codes_)),
            state_part("scales", std::span(self.scales_))};
  }
  std::vector<float8_e4m3fn> codes_;
  std::vector<float> scales_;
  bool floor_ = false;
};

/// State in a narrow format F with one scale of all numbers.
///
/// Result    scale() is what codes are multiplied by: the amax of the new numbers over the largest
///           F, rounded to a float, at least 2^-126; where PowerOfTwo is true, the least power of
///           two that is not less, as in FP8-LM. Codes are nearest.
/// Special   an amax of 0, Inf or NaN resets the scale to 1. A positive number of a storage made
///           for Signedness::is_unsigned never becomes 0 but the least positive F.
/// Cost      a step makes the new numbers twice: their largest magnitude comes first.
///
/// Example   // 3 bytes a weight
///           AdamW<Fp8LmFirst, Fp8LmSecond> adam({.lr = 1e-3f}, weights.size());
///           std::vector<float> w = weights;
///           adam.step(w, gradients);
///           const float most = 448 * std::get<0>(adam.states).scale();
///           assert(amax(gradients) * 0.1f <= most && most < amax(gradients) * 0.2f);
template <narrow_float F, bool PowerOfTwo = false>
requires lossless_to<F, float>
class ScaledState {
 public:
  ScaledState() = default;
  /// n zeros. Signedness::is_unsigned says that no number will be negative.
  NF_INLINE explicit ScaledState(std::size_t n, Signedness signedness)
      : codes_(n), floor_(signedness == Signedness::is_unsigned) {}

  /// How many numbers there are.
  NF_INLINE std::size_t size() const noexcept { return codes_.size(); }
  /// The codes, one a number.
  NF_INLINE std::span<const F> codes() const noexcept { return codes_; }
  /// What codes are multiplied by.
  NF_INLINE float scale() const noexcept { return scale_; }
  /// What storage asks for: numbers are read, written, measured before and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    convert(codes().subspan(first, out.size()), out, Scale{scale_});
  }
  template <class R>
  NF_INLINE StorageCounts write(std::size_t first, std::span<const float> values, const R&) {
    const auto to = std::span(codes_).subspan(first, values.size());
    if (detail::bits_of_float(new_scale_) == detail::bits_of_float(1.0f))
      return detail::write_limited(values, to, floor_, nearest_even);
    const auto limits = detail::limits_below_amax<F>(new_scale_, floor_);
    if constexpr (PowerOfTwo)
      return detail::write_within(values, to, Scale{detail::inverse_power(new_scale_)}, limits,
                                  nearest_even);
    else
      return detail::write_within(values, to, Divide{new_scale_}, limits, nearest_even);
  }
  NF_INLINE void observe(float amax) { new_scale_ = detail::scale_for<F, PowerOfTwo>(amax); }
  NF_INLINE void commit() { scale_ = new_scale_; }
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    return {state_part("codes", std::span(self.codes_)),
            detail::one_scale_part("scale", self.scale_)};
  }
  std::vector<F> codes_;
  float scale_ = 1, new_scale_ = 1;
  bool floor_ = false;
};

/// FP8 with one scale of all numbers.
using Fp8State = ScaledState<float8_e4m3fn>;
/// The moments of FP8-LM (Peng et al., arXiv 2310.18313): FP8 for the first one, and float16 for
/// the second, which does not bear FP8.
using Fp8LmFirst = ScaledState<float8_e4m3fn, true>;
using Fp8LmSecond = ScaledState<float16, true>;

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/limit_loop.hpp"
#endif
