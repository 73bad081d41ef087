// SPDX-License-Identifier: MIT
// FP8 codes that carry their scale: made in one read, which records the largest magnitude in the
// recipe's state.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../stats.hpp"
#include "current.hpp"
#include "delayed.hpp"
#include "detail/measured.hpp"
#include "detail/scales.hpp"
#include "fp8_lm.hpp"

namespace narrowfloat {

/// What a ScaledTensor<F> takes its scale from: a recipe's state, CurrentScalingOptions, or a scale
/// of one's own.
template <class S, class F>
concept scale_source = std::same_as < S,
        DelayedScaling<F>
& > || std::same_as<S, ScalingMeta<F>&> ||
    std::same_as<std::remove_cvref_t<S>, CurrentScalingOptions> ||
    std::same_as<std::remove_cvref_t<S>, Scale>;

/// A tensor of codes of the format F with one scale: the value of a code is code * scale_inv.
/// FP8-LM's ScalingTensor and Transformer Engine's Float8Tensor.
///
/// quantize() and assign() convert and measure in one read, and give the largest magnitude to the
/// state that the scale comes from:
///   DelayedScaling    converts with its scale, then record()s; its update() stays the caller's,
///                     once a step
///   ScalingMeta       as FP8-LM: in time it records, updates, then converts, which is a second
///                     read; with a filled window it converts, then records and updates
///   CurrentScalingOptions    the current_scale() of the tensor itself: a second read
///   Scale             this factor; nothing is recorded: for evaluation, and for AllReduceScale
///
/// Special   a state with a scale or history that is none throws std::invalid_argument before
///           anything is written.
/// Promises  the same bits on every instruction set, in every floating-point environment and for
///           every executor.
///
/// Example   DelayedScaling<float8_e4m3fn> state{.history_length = 16};
///           // one read; amax(x) is recorded
///           auto q = ScaledTensor<float8_e4m3fn>::quantize(x, state);
///           state.update();                                           // at the end of the step
///           q.assign(x, state);  // the next step, in the same memory
///           std::vector<float> back(q.size());
///           q.dequantize(back);
///           assert(q.scale() == 448 / amax(x) && std::abs(back[0] - x[0]) < amax(x) / 16);
template <narrow_float F>
requires lossless_to<F, float>
class ScaledTensor {
 public:
  /// The format of the codes.
  using value_type = F;

  ScaledTensor() = default;

  /// Makes a tensor. Saturating unless told otherwise.
  template <float_source In, scale_source<F> Source, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE ScaledTensor quantize(const In& values, Source&& source,
                                                       R rounding = {},
                                                       Saturation saturation = Saturation::finite,
                                                       E&& executor = {}) {
    ScaledTensor made;
    made.write("ScaledTensor::quantize", values, source, rounding, saturation, executor);
    return made;
  }
  /// Replaces all elements; allocates memory only where there are more than before.
  template <float_source In, scale_source<F> Source, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE void assign(const In& values, Source&& source, R rounding = {},
                        Saturation saturation = Saturation::finite, E&& executor = {}) {
    write("ScaledTensor::assign", values, source, rounding, saturation, executor);
  }
  /// Replaces the elements from `first` on, with the scale that the tensor has; nothing is
  /// recorded. A keyed rounding draws the bits of an element's place in the tensor.
  ///
  /// Special   a range beyond the end throws std::invalid_argument with the numbers.
  template <float_source In, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void assign(std::size_t first, const In& values, R rounding = {},
                        Saturation saturation = Saturation::finite, E&& executor = {}) {
    constexpr const char* call = "ScaledTensor::assign";
    const auto n = static_cast<std::size_t>(std::ranges::size(values));
    require_range(call, first, n);
    detail::convert_measured(detail::executor_of(executor), std::ranges::data(values),
                             codes_.data() + first, n, scale_,
                             rounding_of_range(call, rounding, first, n), saturation);
  }

  /// The values, as numbers of any type: codes times scale_inv, each rounded once.
  ///
  /// Special   another number of elements throws std::invalid_argument with both.
  template <number_range Out, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(Out&& out, R rounding = {},
                            Saturation saturation = default_saturation<detail::number_of<Out>>,
                            E&& executor = {}) const {
    read("ScaledTensor::dequantize", 0, size(), out, rounding, saturation, executor);
  }
  /// Writes `count` values from element `first` on.
  template <number_range Out, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(std::size_t first, std::size_t count, Out&& out, R rounding = {},
                            Saturation saturation = default_saturation<detail::number_of<Out>>,
                            E&& executor = {}) const {
    require_range("ScaledTensor::dequantize", first, count);
    read("ScaledTensor::dequantize", first, count, out, rounding, saturation, executor);
  }

  /// A tensor of its parts: codes(), scale_inv(), scale().
  ///
  /// Special   scales that are no positive floats throw std::invalid_argument.
  static NF_INLINE ScaledTensor from_parts(std::vector<F> codes, float scale_inv, float scale) {
    require_inverse(scale_inv);
    detail::require_scale_of_state("ScaledTensor::from_parts", "the scale", scale);
    ScaledTensor made;
    made.codes_ = std::move(codes);
    made.scale_inv_ = scale_inv;
    made.scale_ = scale;
    return made;
  }
  /// A tensor of codes and their inverse scale alone, as some files have them: the scale is 1 /
  /// scale_inv, at most the largest float.
  static NF_INLINE ScaledTensor from_parts(std::vector<F> codes, float scale_inv) {
    require_inverse(scale_inv);
    return from_parts(
        std::move(codes), scale_inv,
        detail::limited_scale(detail::float_quotient(1.0f, scale_inv), detail::largest_float));
  }

  /// The codes.
  NF_INLINE std::span<const F> codes() const& noexcept { return codes_; }
  /// The codes of a tensor that is not needed any more, without a copy.
  NF_INLINE std::vector<F> codes() && noexcept { return std::move(codes_); }
  /// What a code is multiplied by: as a range of one, and as a number.
  NF_INLINE std::span<const float> scales() const noexcept { return {&scale_inv_, 1}; }
  NF_INLINE float scale_inv() const noexcept { return scale_inv_; }
  /// What the values were multiplied by.
  NF_INLINE float scale() const noexcept { return scale_; }

  /// How many elements there are.
  NF_INLINE std::size_t size() const noexcept { return codes_.size(); }
  /// The bytes of codes and inverse scale.
  NF_INLINE std::size_t size_bytes() const noexcept {
    return codes_.size() * sizeof(F) + sizeof scale_inv_;
  }
  /// Bits an element, the inverse scale included; 0 for an empty tensor.
  NF_INLINE double bits_per_element() const noexcept {
    return detail::share_of(8 * size_bytes(), size());
  }

  /// Whether codes and scales have the same bits.
  friend bool operator==(const ScaledTensor& a, const ScaledTensor& b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.codes_.begin(), a.codes_.end(), b.codes_.begin(),
                      [](F x, F y) { return x.bits() == y.bits(); }) &&
           detail::bits_of_float(a.scale_) == detail::bits_of_float(b.scale_) &&
           detail::bits_of_float(a.scale_inv_) == detail::bits_of_float(b.scale_inv_);
  }

 private:
  /// That of the largest float is subnormal.
  static NF_INLINE void require_inverse(float scale_inv) {
    if (!detail::is_usable(scale_inv) || detail::exact_of(scale_inv).negative) {
      detail::throw_invalid("ScaledTensor::from_parts",
                            "the inverse scale is " +
                                detail::shown(static_cast<double>(scale_inv)) +
                                ", not a positive number");
    }
  }
  NF_INLINE void require_range(const char* call, std::size_t first, std::size_t count) const {
    if (first > size() || count > size() - first) {
      detail::throw_invalid(call, std::to_string(count) + " elements from " +
                                      std::to_string(first) + " on, of a tensor of " +
                                      std::to_string(size()));
    }
  }

  /// The policy for the elements from `first` on: words are as many as there are elements.
  template <class R>
  static NF_INLINE R rounding_of_range(const char* call, const R& rounding, std::size_t first,
                                       std::size_t count) {
    if constexpr (requires { rounding.size(); }) {
      detail::require_words(call, rounding.size(), count);
      return rounding;
    } else {
      return detail::rounding_from(rounding, first);
    }
  }

  template <class Out, class R, class E>
  NF_INLINE void read(const char* call, std::size_t first, std::size_t count, Out& out,
                      const R& rounding, Saturation saturation, E& executor) const {
    detail::require_equal_sizes(call, count, std::ranges::size(out));
    detail::convert_array(detail::executor_of(executor), active_isa(), codes_.data() + first,
                          std::ranges::data(out), count, Scale{scale_inv_},
                          rounding_of_range(call, rounding, first, count), saturation,
                          Subnormals::keep);
  }

  /// Converts with a scale and its inverse; both are kept.
  template <class In, class R, class E>
  NF_INLINE detail::measured_magnitude encode(const In& values, float scale, float scale_inv,
                                              const R& rounding, Saturation saturation,
                                              E& executor) {
    const auto n = static_cast<std::size_t>(std::ranges::size(values));
    codes_.resize(n);
    scale_ = scale;
    scale_inv_ = scale_inv;
    return detail::convert_measured(detail::executor_of(executor), std::ranges::data(values),
                                    codes_.data(), n, scale, rounding, saturation);
  }

  template <class In, class Source, class R, class E>
  NF_INLINE void write(const char* call, const In& values, Source& source, const R& rounding,
                       Saturation saturation, E& executor) {
    if constexpr (requires { rounding.size(); })
      detail::require_words(call, rounding.size(), std::ranges::size(values));
    using kind = std::remove_cv_t<Source>;
    if constexpr (std::same_as<kind, DelayedScaling<F>>) {
      detail::require_history(call, source.amax_history.size(), source.history_length);
      detail::require_scale_of_state(call, "the scale", source.scale);
      const auto found =
          encode(values, source.scale, source.scale_inv(), rounding, saturation, executor);
      const bool drop = source.non_finite == NonFiniteAmax::drop_nan;
      source.record(detail::float_of_bits(drop ? found.numbers : found.all));
    } else if constexpr (std::same_as<kind, ScalingMeta<F>>) {
      detail::require_history(call, source.amax.size(), source.window);
      detail::require_scale_of_state(call, "the scale", source.scale);
      detail::require_scale_of_state(call, "the inverse scale", source.scale_inv);
      const bool in_time = source.in_time();
      if (in_time) {
        source.record(amax(values, NanAmax::keep, executor));
        source.update();
      }
      const auto found =
          encode(values, source.scale, source.scale_inv, rounding, saturation, executor);
      if (!in_time) {
        source.record(detail::float_of_bits(found.all));
        source.update();
      }
    } else if constexpr (std::same_as<kind, CurrentScalingOptions>) {
      const float scale =
          current_scale<F, detail::number_of<In>>(amax(values, NanAmax::keep, executor), source);
      encode(values, scale, detail::float_quotient(1.0f, scale), rounding, saturation, executor);
    } else {
      detail::require_scale_of_state(call, "the scale", source.factor);
      encode(values, source.factor, detail::float_quotient(1.0f, source.factor), rounding,
             saturation, executor);
    }
  }

  std::vector<F> codes_;
  float scale_inv_ = 1, scale_ = 1;
};

}  // namespace narrowfloat
