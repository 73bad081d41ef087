// SPDX-License-Identifier: MIT
// RemainderWeights: bfloat16 weights and 16 more bits that make a float of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "detail/form_calls.hpp"
#include "weights.hpp"

namespace narrowfloat {

/// bfloat16 weights for the model, and beside each the lower 16 bits of a float: together exactly a
/// float master copy, in 4 bytes a weight instead of 6 (store_param_remainders of NVIDIA's
/// Transformer Engine).
///
/// Result    values() are the weights rounded to nearest, ties away from zero; the optimizer reads
///           the floats, bit by bit. Ties to even would have too many floats for one pair of
///           halves.
/// Special   Inf and NaN come back with all their bits. Every NaN that arithmetic makes is one
///           among values(); one whose payload lies in the lower 16 bits alone shows as Inf or 0.
///           (Transformer Engine rounds NaN too: 0x7fffffff is -0 there.)
///
/// Example   RemainderWeights w(weights);
///           AdamW<> adam({.lr = 1e-3f}, w.size());
///           adam.step(w, gradients);
///           std::vector<float> master(w.size());
///           w.read(0, master);  // moves as plain floats do
///           assert(w.values()[0] == convert<bfloat16>(master[0], NearestAway{}));
class RemainderWeights {
 public:
  RemainderWeights() = default;
  /// These weights, each as a bfloat16 and the 16 bits that it lacks, by an executor.
  template <float_source Range, task_executor E = SerialExecutor>
  NF_INLINE explicit RemainderWeights(const Range& weights, E&& executor = {})
      : values_(std::ranges::size(weights)), remainders_(std::ranges::size(weights)) {
    detail::write_range(*this, weights, executor);
  }

  /// How many weights there are.
  NF_INLINE std::size_t size() const noexcept { return values_.size(); }
  /// The weights as the layers read them.
  NF_INLINE std::span<const bfloat16> values() const noexcept { return values_; }
  /// The lower 16 bits of each weight.
  NF_INLINE std::span<const std::uint16_t> remainders() const noexcept { return remainders_; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    detail::join_floats(detail::place_of<true>(), active_isa(), values_.data() + first,
                        remainders_.data() + first, out.data(), out.size());
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R&) {
    detail::split_floats(detail::place_of<true>(), active_isa(), from.data(),
                         values_.data() + first, remainders_.data() + first, from.size());
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    return {state_part("values", std::span(self.values_)),
            state_part("remainders", std::span(self.remainders_))};
  }
  std::vector<bfloat16> values_;
  std::vector<std::uint16_t> remainders_;
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/form_loop.hpp"
#endif
