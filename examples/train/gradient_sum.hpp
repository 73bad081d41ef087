// SPDX-License-Identifier: MIT
// The gradients of a step's micro-batches, added up on all ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "executor.hpp"
#include "ranks.hpp"

namespace train {

/// The mean of the micro-batches' gradients, the same on every rank. Exact, it is rounded once and
/// does not depend on how many ranks there are, nor on which of them has which micro-batch; else a
/// rank adds its own as floats, and then those of the ranks, in their order.
class GradientSum {
 public:
  GradientSum(std::size_t size, bool is_exact)
      : exact_(is_exact ? size : 0), floats_(is_exact ? 0 : size), is_exact_(is_exact) {}

  void add(std::span<const float> gradients, Executor& run) {
    if (is_exact_) return exact_.add(gradients, run);
    for (std::size_t i = 0; i < gradients.size(); ++i) floats_[i] += gradients[i];
  }
  /// Writes the sum of all ranks over `micro_batches`, and begins anew.
  void all_reduce(Ranks& ranks, std::span<float> mean, std::size_t micro_batches, Executor& run) {
    const auto count = static_cast<float>(micro_batches);
    if (is_exact_) return exact_.all_reduce(ranks, mean, nf::Divide{count}, run);
    std::ranges::copy(floats_, mean.begin());
    if (ranks.size() > 1) all_sum(ranks, mean);
    for (float& x : mean) x /= count;
    std::ranges::fill(floats_, 0.0f);
  }

 private:
  /// Each rank adds up a piece of all, which all gather then.
  static void all_sum(Ranks& ranks, std::span<float> values) {
    const auto count = static_cast<std::size_t>(ranks.size()),
               me = static_cast<std::size_t>(ranks.rank());
    const auto begin_of = [&](std::size_t r) { return values.size() * r / count; };
    std::vector<std::size_t> bytes(count);
    for (std::size_t r = 0; r < count; ++r)
      bytes[r] = (begin_of(r + 1) - begin_of(r)) * sizeof(float);
    const std::span<float> mine = values.subspan(begin_of(me), begin_of(me + 1) - begin_of(me));
    std::vector<float> pieces(mine.size() * count);
    ranks.exchange(std::as_bytes(values), bytes, std::as_writable_bytes(std::span(pieces)),
                   std::vector<std::size_t>(count, bytes[me]));
    std::vector<float> sum(mine.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) sum[i % mine.size()] += pieces[i];
    ranks.all_gather(std::as_bytes(std::span(sum)), std::as_writable_bytes(values), bytes);
  }

  nf::ExactGradientSum exact_;
  std::vector<float> floats_;
  bool is_exact_;
};

}  // namespace train
