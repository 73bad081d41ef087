// SPDX-License-Identifier: MIT
// Weights without a float copy, of two narrow numbers each: one that the model computes with, and
// what it leaves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/parts.hpp"
#include "detail/form_calls.hpp"
#include "weights.hpp"

namespace narrowfloat {
namespace detail {

/// Numbers x = values + rests in a narrow format.
template <class F>
struct two_numbers {
  std::vector<F> values, rests;

  NF_INLINE explicit two_numbers(std::size_t n = 0) : values(n), rests(n) {}

  /// The values nearest to x, or to x + rests, and what they leave, rounded by `rounding`.
  template <bool Adds, class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R& rounding) {
    float x[part_elements], kept[part_elements];
    const Isa isa = active_isa();
    for (std::size_t done = 0; done < from.size(); done += part_elements) {
      const std::size_t at = first + done, count = std::min(part_elements, from.size() - done);
      const auto value = std::span(values).subspan(at, count),
                 rest = std::span(rests).subspan(at, count);
      const float* source = from.data() + done;
      if constexpr (Adds) {
        convert(rest, std::span(x, count));
        sum_floats(place_of<true>(), isa, source, x, x, count);
        source = x;
      }
      convert(std::span(source, count), value);
      convert(value, std::span(kept, count));
      rest_of_floats(place_of<true>(), isa, source, kept, kept, count);
      convert(std::span<const float>(kept, count), rest, rounding_from(rounding, at));
    }
  }
};

}  // namespace detail

/// Weights of a narrow format with Kahan's compensation in the same format (Revisiting BFloat16
/// Training, arXiv 2010.06192; optimi): 4 bytes a weight. An update that is too small for the
/// weight waits in the compensation until enough of them have come.
///
/// Result    the optimizer reads the weight w alone; a new weight x gives y = x + c as a float, w =
///           F(y), c = F(y - w), each to nearest, whatever the rounding of the step.
/// Special   the compensation of a weight that is Inf or NaN is 0.
///
/// Example   KahanWeights<> w(weights);
///           Sgd<> sgd({.lr = 1e-3f}, w.size());
///           sgd.step(w, gradients);
///           assert(w.values()[0] == convert<bfloat16>(weights[0]) &&
///                  w.compensation()[0] != bfloat16());
template <narrow_float F = bfloat16>
requires lossless_to<F, float>
class KahanWeights {
 public:
  KahanWeights() = default;
  /// These weights, rounded to F, and what rounding lost, by an executor.
  template <float_source Range, task_executor E = SerialExecutor>
  NF_INLINE explicit KahanWeights(const Range& weights, E&& executor = {})
      : numbers_(std::ranges::size(weights)) {
    detail::write_range(*this, weights, executor);
  }

  /// How many weights there are.
  NF_INLINE std::size_t size() const noexcept { return numbers_.values.size(); }
  /// The weights w.
  NF_INLINE std::span<const F> values() const noexcept { return numbers_.values; }
  /// The compensation c of each weight.
  NF_INLINE std::span<const F> compensation() const noexcept { return numbers_.rests; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    convert(values().subspan(first, out.size()), out);
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R&) {
    numbers_.template write<true>(first, from, nearest_even);
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of(numbers_); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(numbers_); }

 private:
  template <class Numbers>
  static NF_INLINE auto parts_of(Numbers& numbers) {
    return std::vector{state_part("values", std::span(numbers.values)),
                       state_part("compensation", std::span(numbers.rests))};
  }
  detail::two_numbers<F> numbers_;
};

/// Weights that are sums of two narrow numbers (Collage, arXiv 2405.18710): 4 bytes a weight, and
/// of bfloat16 16 significant bits.
///
/// Result    values() are the weights rounded to nearest, low() what they leave, by the rounding of
///           the step; the optimizer reads values() + low(), rounded to a float.
/// Special   what a weight of Inf or NaN leaves is 0.
///
/// Example   PairWeights<> w(weights);
///           Sgd<> sgd({.lr = 1e-3f}, w.size());
///           sgd.step(w, gradients);
///           assert(w.values()[0] == convert<bfloat16>(weights[0]) && w.low()[0] != bfloat16());
template <narrow_float F = bfloat16>
requires lossless_to<F, float>
class PairWeights {
 public:
  PairWeights() = default;
  /// These weights, each as the sum of two numbers of F, by an executor.
  template <float_source Range, task_executor E = SerialExecutor>
  NF_INLINE explicit PairWeights(const Range& weights, E&& executor = {})
      : numbers_(std::ranges::size(weights)) {
    detail::write_range(*this, weights, executor);
  }

  /// How many weights there are.
  NF_INLINE std::size_t size() const noexcept { return numbers_.values.size(); }
  /// The larger number of each pair: the weight rounded to F.
  NF_INLINE std::span<const F> values() const noexcept { return numbers_.values; }
  /// The smaller number of each pair: what the larger one leaves.
  NF_INLINE std::span<const F> low() const noexcept { return numbers_.rests; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    detail::read_sums(values(), low(), first, out);
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R& rounding) {
    numbers_.template write<false>(first, from, rounding);
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of(numbers_); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(numbers_); }

 private:
  template <class Numbers>
  static NF_INLINE auto parts_of(Numbers& numbers) {
    return std::vector{state_part("values", std::span(numbers.values)),
                       state_part("low", std::span(numbers.rests))};
  }
  detail::two_numbers<F> numbers_;
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/form_loop.hpp"
#endif
