// SPDX-License-Identifier: MIT
// Forms of weights: what an optimizer updates, and what a model computes with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "../detail/array/sources.hpp"
#include "../detail/array/tasks.hpp"
#include "storage.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// Weights that are a range of the caller's.
template <class T>
struct range_weights {
  std::span<T> values;

  NF_INLINE std::size_t size() const { return values.size(); }
  NF_INLINE float* direct(std::size_t first) {
    if constexpr (std::is_same_v<T, float>)
      return values.data() + first;
    else
      return nullptr;
  }
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    call_for(values.data() + first + out.size(), out.size() * sizeof(T));
    convert(std::span<const T>(values).subspan(first, out.size()), out);
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R& rounding) {
    convert(from, values.subspan(first, from.size()), rounding_from(rounding, first));
  }
};

/// A form that the caller owns.
template <class W>
struct form_reference {
  W& form;

  NF_INLINE std::size_t size() const { return form.size(); }
  NF_INLINE std::size_t block() const { return block_of(form); }
  NF_INLINE float* direct(std::size_t first) { return direct_of(form, first); }
  NF_INLINE void read(std::size_t first, std::span<float> out) const { form.read(first, out); }
  template <class R>
  NF_INLINE StorageCounts write(std::size_t first, std::span<const float> from, const R& rounding) {
    return write_to(form, first, from, rounding);
  }
  static constexpr bool draws = storage_draws<W>;
  NF_INLINE void observe(float amax) requires observes<W> { form.observe(amax); }
  NF_INLINE void commit() requires observes<W> { form.commit(); }
};

/// Writes all numbers of a form, to nearest, by the tasks of an executor.
template <class W, class T>
void write_numbers(W& form, const T* values, const executor_ref& executor) {
  run_cuts(executor, task_cuts{form.size()}, [&](std::size_t begin, std::size_t length) {
    for_each_part(values, begin, begin + length,
                  [&](const float* x, std::size_t count, std::size_t first) {
                    form.write(first, std::span(x, count), nearest_even);
                  });
  });
}
template <class W, class Range, class E>
NF_INLINE void write_range(W& form, const Range& values, E& executor) {
  write_numbers(form, std::ranges::data(values), executor_ref::of(executor));
}

template <class W>
NF_INLINE auto form_of(W& weights) {
  if constexpr (number_range<W>) {
    using T = std::remove_reference_t<std::ranges::range_reference_t<W>>;
    static_assert(!std::is_const_v<T>,
                  "narrowfloat: an optimizer changes the weights: they may not be const");
    static_assert(float_holds_all<std::remove_const_t<T>>,
                  "narrowfloat: weights are floats, or of a format that float holds");
    return range_weights<T>{{std::ranges::data(weights), std::ranges::size(weights)}};
  } else {
    static_assert(storage<W>,
                  "narrowfloat: weights are a range of numbers, or a storage (optim/storage.hpp)");
    return form_reference<W>{weights};
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Weights of a narrow format F for the model, and floats, the master copy, for the optimizer
/// (Mixed Precision Training, Micikevicius et al., arXiv 1710.03740): 4 bytes a weight and the
/// bytes of F.
///
/// Result    values() are the floats, each rounded once to F: by the rounding of the step, and at
///           first by that of the constructor.
/// Promises  the same for every executor of the constructor.
///
/// Example   MasterWeights<bfloat16> w(weights);
///           AdamW<> adam({.lr = 1e-3f}, w.size());
///           adam.step(w, gradients);
///           assert(w.values()[0] == convert<bfloat16>(w.master()[0]));
template <narrow_float F>
requires lossless_to<F, float>
class MasterWeights {
 public:
  MasterWeights() = default;
  /// A master copy of these weights, and the weights rounded to F, by an executor.
  template <float_source Range, rounding_policy R = NearestEven, task_executor E = SerialExecutor>
  NF_INLINE explicit MasterWeights(const Range& weights, const R& rounding = {}, E&& executor = {})
      : values_(std::ranges::size(weights)), master_(std::ranges::size(weights)) {
    convert(weights, master_, executor);
    convert(master_, values_, rounding, executor);
  }

  /// How many weights there are.
  NF_INLINE std::size_t size() const noexcept { return values_.size(); }
  /// The weights as the layers read them.
  NF_INLINE std::span<const F> values() const noexcept { return values_; }
  /// The weights as the optimizer reads them.
  NF_INLINE std::span<const float> master() const noexcept { return master_; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    std::copy_n(master_.data() + first, out.size(), out.data());
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R& rounding) {
    std::copy_n(from.data(), from.size(), master_.data() + first);
    convert(from, std::span(values_).subspan(first, from.size()),
            detail::rounding_from(rounding, first));
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of(*this); }

 private:
  template <class Self>
  static NF_INLINE auto parts_of(Self& self) {
    return std::vector{state_part("values", std::span(self.values_)),
                       state_part("master", std::span(self.master_))};
  }
  std::vector<F> values_;
  std::vector<float> master_;
};

}  // namespace narrowfloat
