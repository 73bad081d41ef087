// SPDX-License-Identifier: MIT
// A step whose batch is cut into micro-batches, which the ranks share: what comes of it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "gradient_sum.hpp"
#include "trainer.hpp"

namespace train {

/// What the passes of a step found.
struct Passes {
  double loss = 0;              ///< the mean of the micro-batches'
  Losses seen;                  ///< by watched layers
  bool is_interrupted = false;  ///< a rank was, before its passes ended
};

/// The passes of the micro-batches of a step, which the ranks take in turn. What comes of them is,
/// on every rank, a function of them all; not of who had which, where gradients are summed exactly.
class MicroBatches {
 public:
  MicroBatches(Task& task, Ranks& ranks, Wire wire)
      : task_(task), ranks_(ranks), sum_(sizes_of(task), wire) {
    for (const std::size_t size : sizes_of(task)) gradients_.resize(gradients_.size() + size);
  }

  /// Leaves the mean gradients in the tensors of the task, and layers before their update().
  /// Special: a loss of Inf or NaN ends all ranks together.
  Passes pass(const Context& at, std::uint64_t step, double loss_scale, bool is_watched,
              const volatile std::sig_atomic_t& interrupted) {
    const std::size_t count = task_.micro_batches();
    std::vector<double> losses(count);
    Passes made;
    find_starts(at, step, loss_scale);
    for (auto m = static_cast<std::size_t>(ranks_.rank()); m < count;
         m += static_cast<std::size_t>(ranks_.size())) {
      for (const auto& layer : task_.layers()) {
        layer->start_micro_batch(m);
        layer->watch(is_watched);
      }
      losses[m] = task_.pass(at, step, m, loss_scale);
      for (const auto& layer : task_.layers()) {
        made.seen += layer->losses();
        layer->watch(false);
      }
      for_each_gradient(
          [](std::span<float> from, std::span<float> to) { std::ranges::copy(from, to.begin()); });
      sum_.add(gradients_, at.run);
    }
    made.is_interrupted = interrupted != 0;
    share(step, losses, made);
    sum_.all_reduce(ranks_, gradients_, count, at.run);
    for_each_gradient(
        [](std::span<float> to, std::span<float> from) { std::ranges::copy(from, to.begin()); });
    join_layers();
    return made;
  }

 private:
  static std::vector<std::size_t> sizes_of(Task& task) {
    std::vector<std::size_t> sizes;
    sizes.reserve(task.tensors().size());
    for (const Tensor<float>& t : task.tensors()) sizes.push_back(t.size());
    for (const auto& layer : task.layers())
      for (const std::span<float> learned : layer->gradients()) sizes.push_back(learned.size());
    return sizes;
  }
  /// f(gradients of a tensor or a layer, their place among all of them).
  template <class F>
  void for_each_gradient(const F& f) {
    std::span<float> left = gradients_;
    const auto take = [&](std::span<float> gradient) {
      f(gradient, left.first(gradient.size()));
      left = left.subspan(gradient.size());
    };
    for (Tensor<float>& t : task_.tensors()) take(t.gradient);
    for (const auto& layer : task_.layers())
      for (const std::span<float> learned : layer->gradients()) take(learned);
  }

  /// What layers start from comes from micro-batch 0, on every rank.
  void find_starts(const Context& at, std::uint64_t step, double loss_scale) {
    const auto is_needed = [](const auto& layer) { return layer->needs_first_pass(); };
    if (std::ranges::any_of(task_.layers(), is_needed)) task_.pass(at, step, 0, loss_scale);
  }
  /// Every rank gets the losses of all, and the sums of what the others found.
  void share(std::uint64_t step, const std::vector<double>& losses, Passes& made) {
    std::vector<std::uint64_t> numbers{made.is_interrupted ? 1u : 0u, made.seen.count,
                                       made.seen.saturated, made.seen.flushed};
    const std::size_t first = numbers.size();
    numbers.reserve(first + losses.size());
    for (const double loss : losses)  // 0 but on the rank that has it
      numbers.push_back(std::bit_cast<std::uint64_t>(loss));
    ranks_.all_sum(numbers);
    made.is_interrupted = numbers[0] != 0;
    made.seen = {.count = numbers[1], .saturated = numbers[2], .flushed = numbers[3]};
    for (std::size_t m = 0; m < losses.size(); ++m) {
      const auto loss = std::bit_cast<double>(numbers[first + m]);
      if (!std::isfinite(loss))
        end_together(ranks_, 0,
                     fmt::format("step {}: the loss of micro-batch {} (rank {}) is {}", step + 1, m,
                                 m % static_cast<std::size_t>(ranks_.size()), loss));
      made.loss += loss;
    }
    made.loss /= static_cast<double>(losses.size());
  }
  void join_layers() {
    std::vector<float> largest;
    for (const auto& layer : task_.layers())
      std::ranges::copy(layer->magnitudes(), std::back_inserter(largest));
    ranks_.all_max(largest);
    auto from = largest.begin();
    for (const auto& layer : task_.layers()) {
      for (float& x : layer->magnitudes()) x = *from++;
      layer->join_micro_batches(task_.micro_batches());
    }
  }

  Task& task_;
  Ranks& ranks_;
  std::vector<float> gradients_;
  GradientSum sum_;
};

}  // namespace train
