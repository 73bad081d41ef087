// SPDX-License-Identifier: MIT
// Loss scaling: the factor of the loss that keeps small gradients from vanishing, and its removal
// from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/sources.hpp"
#include "../detail/array/tasks.hpp"
#include "detail/calls.hpp"
#include "detail/saved.hpp"
#include "detail/scales.hpp"

namespace narrowfloat {

/// A loss scale that never changes. With unscale_each() it is the one of SwitchBack (Wortsman et
/// al., arXiv 2304.13013): 65536, and where a tensor's gradient overflows only that tensor's update
/// is skipped.
///
/// Example   StaticLossScale s;
///           std::vector<std::vector<float>> tensors{{s.scale, 0.0f}, {__builtin_inff()}};
///           const std::size_t skipped = unscale_each(tensors, s.scale, [&](std::size_t i) {
///             assert(i == 0 && tensors[i][0] == 1);  // here the optimizer updates tensor i
///           });
///           assert(skipped == 1);
struct StaticLossScale {
  /// What the loss is multiplied by.
  float scale = 65536;

  /// What is saved: the scale.
  NF_INLINE std::vector<StatePart> parts() { return {detail::scale_part("scale", scale)}; }
  NF_INLINE std::vector<ConstStatePart> parts() const {
    return {detail::scale_part("scale", scale)};
  }
};

/// How DynamicLossScale rounds its product with a factor.
enum class LossScaleRounding {
  once,  ///< to the nearest float
  /// to a double, then to a float, as PyTorch: another float for 3 % of the scales times 1.7
  torch
};

/// A loss scale that adapts: as large as gradients stay finite. The state machine and the constants
/// of PyTorch's GradScaler; loss scaling is of Micikevicius et al., "Mixed Precision Training",
/// arXiv 1710.03740. Its members are its options, then its state; copying it saves it.
///
/// Each step: multiply the loss by `scale`; unscale() every gradient; skip the step if one
/// overflowed; update().
///
/// Result    update(true) multiplies the scale by backoff_factor and starts to count anew;
///           update(false) counts, and after growth_interval in a row multiplies the scale by
///           growth_factor. Each product is rounded as `rounding` says; by powers of two, as the
///           defaults are, it is exact.
/// Special   a product that is no finite float, or is below 2^-126, leaves the scale as it is.
/// Requires  a scale from 2^-127 to the largest float: else std::invalid_argument with it.
/// Promises  the same bits in every floating-point environment.
///
/// Example   DynamicLossScale s;
///           std::vector<float> gradient{s.scale, -3 * s.scale};
///           const bool found_inf = unscale(gradient, s.scale);
///           if (!found_inf) assert(gradient[1] == -3);  // here the optimizer updates
///           s.update(found_inf);
///           assert(s.scale == 65536 && s.growth_tracker == 1);
struct DynamicLossScale {
  /// The factors of the scale: after growth_interval finite steps in a row, and after one that
  /// overflowed.
  double growth_factor = 2.0;
  double backoff_factor = 0.5;
  /// Finite steps in a row before the scale grows.
  std::int32_t growth_interval = 2000;
  /// How the new scale is rounded.
  LossScaleRounding rounding = LossScaleRounding::once;
  /// What the loss is multiplied by.
  float scale = 65536;
  std::int32_t growth_tracker = 0;  ///< finite steps in a row

  /// Ends a step: whether an Inf or NaN was found in its gradients.
  NF_INLINE void update(bool found_inf) {
    detail::require_scale_of_state("DynamicLossScale::update", "the scale", scale);
    if (found_inf) {
      multiply(backoff_factor);
      growth_tracker = 0;
    } else if (++growth_tracker >= growth_interval) {
      multiply(growth_factor);
      growth_tracker = 0;
    }
  }

  /// What is saved: scale and growth_tracker.
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    return {detail::scale_part("scale", self.scale),
            state_part("growth_tracker", self.growth_tracker)};
  }
  NF_INLINE void multiply(double factor) noexcept {
    auto product = detail::product(detail::exact_of(scale), detail::exact_of(factor));
    if (rounding == LossScaleRounding::torch)
      product = detail::exact_of(detail::nearest_double(product));
    const float rounded = detail::nearest_float(product);
    const bool usable = detail::bits_of_float(rounded) >= 0x00800000u && detail::is_finite(rounded);
    if (usable) scale = rounded;
  }
};

/// What unscale() calls an overflow.
enum class OverflowCheck {
  /// an Inf or NaN among the results: a product that overflows too, which takes a scale below 1
  results,
  inputs  ///< an Inf or NaN among the gradients as they came: PyTorch's
};

namespace detail {
inline namespace NF_BASELINE {

/// 1 / scale as a float. In double first, then in float, it would be the same: the quotient of 1
/// and a float lies further from the middle of two floats than double's rounding moves it.
constexpr float inverse_scale(const char* call, float scale) {
  const float factor = float_quotient(1.0f, scale);
  if (!is_usable(scale) || exact_of(scale).negative || !is_finite(factor)) {
    throw_invalid(call, "a scale of " + shown(static_cast<double>(scale)) +
                            " has no inverse among the positive floats");
  }
  return factor;
}

/// Writes the products of a piece of an array of `all`, and says whether one of them, or of the
/// inputs, is Inf or NaN.
template <class From>
bool unscale_array(Isa isa, const From* in, float* out, std::size_t n, float factor,
                   OverflowCheck check, std::size_t all) {
  // A product of finite numbers overflows by a factor above 1 alone; Inf and NaN stay what they
  // are.
  const bool by_inputs = check == OverflowCheck::inputs && bits_of_float(factor) > 0x3f800000u;
  if constexpr (std::is_same_v<From, float>) {
    if (!by_inputs) {
      return unscale_floats(place_of<true>(), isa, in, out, n, factor,
                            leaves_caches(all * 2 * sizeof(float))) >=
             wide<std::uint32_t>::infinity;
    }
  }
  std::uint32_t largest = 0;
  float buffer[part_elements];
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = std::min(part_elements, n - done);
    const float* const values = as_floats(in + done, count, buffer);
    const std::uint32_t before = by_inputs ? largest_bits(place_of<true>(), isa, values, count) : 0;
    const std::uint32_t after =
        unscale_floats(place_of<true>(), isa, values, out + done, count, factor, false);
    largest = std::max(largest, by_inputs ? before : after);
  }
  return largest >= wide<std::uint32_t>::infinity;
}

/// The same of a whole array, by the tasks of an executor.
template <class E, class From>
bool unscale_by_tasks(const E& executor, const From* in, float* out, std::size_t n, float factor,
                      OverflowCheck check) {
  const Isa isa = active_isa();
  bool found = false;
  run_pieces(executor, out, n, [&](std::size_t first, std::size_t count) {
    if (unscale_array(isa, in + first, out + first, count, factor, check, n))
      __atomic_store_n(&found, true, __ATOMIC_RELAXED);
  });
  return found;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Divides gradients by a loss scale: out[i] = in[i] * (1 / scale), the inverse and the product
/// each rounded to a float. Gradients of other formats become floats first, which is exact.
///
/// Result    whether there was an overflow, so that the optimizer's step has to be skipped: an
///           element of `out` that is Inf or NaN, or, with OverflowCheck::inputs, one of `in`. The
///           two can differ only under a scale below 1.
/// Special   sizes that differ, and a scale whose inverse is no positive finite float (it is not
///           above 2^-128, or is Inf or NaN), throw std::invalid_argument before anything is
///           written. A NaN stays a NaN.
/// Requires  the ranges are apart, or the same memory of floats.
/// Promises  no allocation; the same bits on every instruction set, in every floating-point
///           environment and for every executor.
/// Cost      one pass; the check is a part of it.
///
/// Example   const std::vector<float16> half{float16(1024), float16(-2)};
///           std::vector<float> master(2);
///           const bool found_inf = unscale(half, master, 1024.0f);
///           assert(!found_inf && master[0] == 1 && master[1] == -1 / 512.0f);
template <float_source In, float_range Out, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE bool unscale(In&& in, Out&& out, float scale,
                                     OverflowCheck check = OverflowCheck::results,
                                     E&& executor = {}) {
  detail::require_equal_sizes("unscale", std::ranges::size(in), std::ranges::size(out));
  return detail::unscale_by_tasks(detail::executor_of(executor), std::ranges::data(in),
                                  std::ranges::data(out),
                                  static_cast<std::size_t>(std::ranges::size(in)),
                                  detail::inverse_scale("unscale", scale), check);
}
/// The same in place.
template <float_range Gradients, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE bool unscale(Gradients&& gradients, float scale,
                                     OverflowCheck check = OverflowCheck::results,
                                     E&& executor = {}) {
  return unscale(gradients, gradients, scale, check, executor);
}

/// Unscales each of several gradients in place and calls update(i) for those that stayed finite, at
/// once, so that an overflow costs one tensor its step and not all of them.
///
/// Result    how many were skipped.
template <std::ranges::random_access_range Tensors, class Update, task_executor E = SerialExecutor>
requires float_range<std::ranges::range_reference_t<Tensors>> NF_INLINE std::size_t unscale_each(
    Tensors&& gradients, float scale, Update&& update, OverflowCheck check = OverflowCheck::results,
    E&& executor = {}) {
  detail::inverse_scale("unscale_each", scale);  // throws, if at all, before the first tensor
  const auto count = static_cast<std::size_t>(std::ranges::size(gradients));
  std::size_t skipped = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (unscale(gradients[i], scale, check, executor)) {
      ++skipped;
    } else {
      update(i);
    }
  }
  return skipped;
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/unscale.hpp"
#endif
