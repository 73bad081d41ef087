// SPDX-License-Identifier: MIT
// ShardedOptimizer: each rank keeps the state, and the master weights, of some of the tensors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../detail/array/tasks.hpp"
#include "../executor.hpp"
#include "detail/pieces.hpp"
#include "detail/shard_plan.hpp"
#include "gather_state.hpp"

namespace narrowfloat {

/// What a rank keeps of a sharded model, in bytes.
struct ShardBytes {
  std::size_t state = 0;    ///< of the optimizers of its own tensors
  std::size_t weights = 0;  ///< of the weights of its own tensors, in their form
  std::size_t model = 0;    ///< of the weights of all tensors, as the layers read them
};

/// The state of one tensor, on the rank that saves it.
struct GatheredShard {
  /// Those of the weights' form, and of the optimizer.
  GatheredState weights, optimizer;
};

/// The optimizers of a model whose tensors are shared out among ranks, whole tensors by their sizes
/// (ZeRO, Rajbhandari et al., arXiv 1910.02054, stage 1, in the way of FP8-LM, Peng et al., arXiv
/// 2310.18313). A rank keeps the optimizers and the weights' forms, master copies and all, of its
/// own tensors alone; what layers read, codes and scales, is gathered to all ranks after each step.
///
/// Optimizer is one of optim/ (AdamW<...>, Muon<...>) or of your own, with step(), parts() and
/// size_bytes(); Weights a range of numbers, or a form with values(), or with make_codes() and
/// code_scale(). Where these give bytes (std::byte), of whatever formats, a tensor's size is
/// counted in bytes, and the optimizer alone looks whether there is a gradient for each weight.
///
/// Result    step() is Optimizer::step() of each tensor, by one norm of all gradients (measured
///           here, unless options.measured is given), added up in the order of the tensors. Under
///           OnOverflow::skip_tensor each tensor is looked at, and clipped, by itself. Tensor i
///           draws the bits that it would draw where its weights lie behind those of tensors 0 ...
///           i - 1: the offset of the rounding plus so many. The report has the sums of all
///           tensors' counts, their largest update, and whether any was skipped.
/// Special   gradients that are not as many as the weights, of all tensors or of one that this rank
///           keeps, throw std::invalid_argument on every rank, and change nothing. So do, on the
///           rank that has them, options that make no sense, which all ranks have alike, and a
///           group other than the one that it was made on.
/// Promises  the same bits for every number of ranks, SingleRank's included, skipped steps, norms
///           and clipping too; for every executor and instruction set.
/// Cost      a step sends a rank's weights as the layers read them (FP8-LM: 1 byte each) to all,
///           and 16 + 8 bytes a tensor and 64 a rank, after a sum of three integers by which the
///           ranks agree. All ranks hold these weights, in memory of this object.
///
/// Example   SingleRank ranks;
///           using Adam = AdamW<Fp8LmFirst, Fp8LmSecond>;
///           ShardedOptimizer<Adam, Fp8LmWeights> adam(
///               ranks, std::vector{weights.size()}, [&](std::size_t) {
///                 return std::pair(Fp8LmWeights(weights), Adam({.lr = 1e-3}, weights.size()));
///               });
///           adam.step(ranks, std::vector(1, gradients), {.max_norm = 1});
///           std::vector<float> w(weights.size());
///           convert(adam.values(0), w, Scale{adam.scale(0)});  // as the layers read them
///           assert(std::abs(w[0] - weights[0]) < 0.01f);
template <class Optimizer, class Weights>
class ShardedOptimizer {
 public:
  /// What layers read of a weight.
  using number = decltype(detail::number_of_form<Weights>());
  /// A tensor that this rank keeps.
  struct Shard {
    std::size_t tensor;   ///< its number in the model
    Weights weights;      ///< with what only the optimizer reads
    Optimizer optimizer;  ///< whose options, such as lr, may be set before a step
  };

  /// For tensors of these sizes; make(i) gives the weights and the optimizer of tensor i, a pair,
  /// and is called for those that this rank keeps. All ranks call it together.
  ///
  /// Special   a pair of another size, and ranks whose models have different numbers of weights,
  ///           throw std::invalid_argument on every rank. What make(i) throws leaves the others
  ///           waiting.
  template <rank_group Ranks, class Make>
  NF_INLINE ShardedOptimizer(Ranks& ranks, std::span<const std::size_t> sizes, const Make& make)
      : plan_(sizes, ranks.rank(), ranks.size()), codes_(plan_.whole()), scales_(sizes.size(), 1) {
    std::string problem;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (!plan_.is_own(i)) continue;
      auto made = make(i);
      if (const std::size_t n = detail::size_of_form(made.first); n != sizes[i])
        problem = "tensor " + std::to_string(i) + " has " + std::to_string(sizes[i]) +
                  " weights, not " + std::to_string(n);
      own_.push_back({i, std::move(made.first), std::move(made.second)});
    }
    detail::require_agreement("ShardedOptimizer", ranks, plan_.whole(), problem);
    publish(ranks);
  }

  /// How many tensors there are, and which rank keeps one.
  NF_INLINE std::size_t size() const noexcept { return plan_.sizes.size(); }
  NF_INLINE int owner(std::size_t tensor) const {
    plan_.require_tensor("ShardedOptimizer::owner", tensor);
    return plan_.owners[tensor];
  }
  /// The tensors that this rank keeps, in their order.
  NF_INLINE std::span<Shard> own() noexcept { return own_; }
  NF_INLINE std::span<const Shard> own() const noexcept { return own_; }
  /// The weights of any tensor as the layers read them, and what they are multiplied by.
  NF_INLINE std::span<const number> values(std::size_t tensor) const {
    plan_.require_tensor("ShardedOptimizer::values", tensor);
    return std::span(codes_).subspan(plan_.place[tensor], plan_.sizes[tensor]);
  }
  NF_INLINE float scale(std::size_t tensor) const {
    plan_.require_tensor("ShardedOptimizer::scale", tensor);
    return scales_[tensor];
  }

  /// Steps the tensors that this rank keeps, and gathers the weights of all. gradients[i] are those
  /// of tensor i, summed over the ranks already; others' may be empty. All ranks call it together,
  /// with the same options and rounding.
  template <rank_group Ranks, std::ranges::random_access_range G, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  requires float_source<std::ranges::range_reference_t<const G>> NF_INLINE StepReport
  step(Ranks& ranks, const G& gradients, StepOptions options = {}, R rounding = {},
       E&& executor = {}) {
    const char* const call = "ShardedOptimizer::step";
    plan_.require_group(call, ranks.rank(), ranks.size());
    detail::require_options(call, options);
    detail::require_agreement(call, ranks, plan_.whole(), problem_of(gradients));
    GradientNorm all;
    const bool looks = options.on_overflow != OnOverflow::unchecked || options.max_norm > 0;
    if (options.measured == nullptr && looks && options.on_overflow != OnOverflow::skip_tensor) {
      all = norm(ranks, gradients, options.inverse_loss_scale, executor);
      options.measured = &all;
    }
    detail::joined_report mine;
    for (Shard& each : own_)
      mine.add(each.optimizer.step(each.weights, gradient_of(gradients, each.tensor), options,
                                   detail::rounding_from(rounding, plan_.before[each.tensor]),
                                   executor));
    StepReport report =
        gather(ranks, mine, detail::executor_ref::of(executor)).report(plan_.whole());
    if (options.measured != nullptr) report.gradient_norm = options.measured->norm();
    return report;
  }

  /// The norm of the gradients of all tensors, each of which its own rank reads: what GradientNorm
  /// finds that add()s them in their order. All ranks call it together.
  template <rank_group Ranks, std::ranges::random_access_range G, task_executor E = SerialExecutor>
  requires float_source<std::ranges::range_reference_t<const G>> NF_INLINE GradientNorm
  norm(Ranks& ranks, const G& gradients, float inverse_loss_scale = 1, E&& executor = {})
  const {
    std::vector<detail::sent_measure> mine, all(size());
    for (const Shard& each : own_) {
      const auto found = detail::measure(detail::span_of(gradient_of(gradients, each.tensor)),
                                         inverse_loss_scale, detail::executor_ref::of(executor));
      mine.push_back({found.squares, found.largest});
    }
    detail::gather_numbers<detail::sent_measure>(ranks, mine, all, plan_.tensors);
    GradientNorm joined;
    for (const std::size_t slot : plan_.slot)
      joined.join({static_cast<std::uint32_t>(all[slot].largest), all[slot].squares});
    return joined;
  }

  /// Gathers the weights, as a step does: after own() weights were set, or read from a file.
  template <rank_group Ranks, task_executor E = SerialExecutor>
  NF_INLINE void publish(Ranks& ranks, E&& executor = {}) {
    plan_.require_group("ShardedOptimizer::publish", ranks.rank(), ranks.size());
    gather(ranks, {}, detail::executor_ref::of(executor));
  }

  /// Brings the state of a tensor to the rank that writes the file: the same parts, for every
  /// number of ranks, as weights and optimizer have where nothing is sharded. To go on, on any
  /// number of ranks, each reads its own() ones, and all publish(). All ranks call it together.
  ///
  /// Result    nothing on other ranks than `to`.
  template <rank_group Ranks>
  NF_INLINE GatheredShard gathered(Ranks& ranks, std::size_t tensor, int to = 0) const {
    const char* const call = "ShardedOptimizer::gathered";
    plan_.require_group(call, ranks.rank(), ranks.size());
    plan_.require_tensor(call, tensor);
    std::vector<ConstStatePart> weights, optimizer;
    for (const Shard& each : own_) {
      if (each.tensor != tensor) continue;
      weights = detail::parts_of_form(each.weights);
      optimizer = each.optimizer.parts();
    }
    const int from = plan_.owners[tensor];
    GatheredState of_weights = gather_state(ranks, weights, from, to);
    return {std::move(of_weights), gather_state(ranks, optimizer, from, to)};
  }

  /// What this rank keeps.
  NF_INLINE ShardBytes bytes() const {
    ShardBytes kept{.model = codes_.size() * sizeof(number) + scales_.size() * sizeof(float)};
    for (const Shard& each : own_) {
      kept.state += each.optimizer.size_bytes();
      for (const auto& part : detail::parts_of_form(each.weights))
        kept.weights += part.bytes.size();
    }
    return kept;
  }

 private:
  template <class G>
  static NF_INLINE decltype(auto) gradient_of(const G& gradients, std::size_t tensor) {
    return std::ranges::begin(
        gradients)[static_cast<std::ranges::range_difference_t<const G>>(tensor)];
  }
  /// What is wrong with the gradients of this rank's tensors; empty: nothing.
  template <class G>
  NF_INLINE std::string problem_of(const G& gradients) const {
    if (const std::size_t n = std::ranges::size(gradients); n != size())
      return "gradients of " + std::to_string(n) + " tensors for " + std::to_string(size());
    if constexpr (!std::is_same_v<number, std::byte>) {
      for (const Shard& each : own_) {
        const std::size_t n = detail::span_of(gradient_of(gradients, each.tensor)).size();
        if (n != plan_.sizes[each.tensor])
          return "tensor " + std::to_string(each.tensor) + " has " +
                 std::to_string(plan_.sizes[each.tensor]) + " weights, " + std::to_string(n) +
                 " gradients";
      }
    }
    return {};
  }
  /// Gathers codes, scales and reports.
  template <class Ranks>
  NF_INLINE detail::joined_report gather(Ranks& ranks, const detail::joined_report& mine,
                                         const detail::executor_ref& executor) {
    constexpr std::size_t words = detail::joined_report::words;
    const std::size_t count = plan_.weights.size();
    std::vector<number> codes(plan_.weights[static_cast<std::size_t>(plan_.rank)]);
    std::vector<std::uint64_t> sent(mine.sent().begin(), mine.sent().end()),
        all(words * count + size());
    sent.resize(words + own_.size());
    detail::run_tasks(executor, own_.size(), [&](std::size_t i) {
      const std::size_t tensor = own_[i].tensor,
                        first = plan_.place[tensor] - plan_.place[own_[0].tensor];
      const auto out = std::span(codes).subspan(first, plan_.sizes[tensor]);
      sent[words + i] = detail::bits_of_float(detail::read_form(own_[i].weights, out));
    });
    detail::gather_numbers<number>(ranks, codes, codes_, plan_.weights);
    std::vector<std::size_t> counts = plan_.tensors;
    for (std::size_t& each : counts) each += words;
    detail::gather_numbers<std::uint64_t>(ranks, sent, all, counts);
    detail::joined_report joined;
    std::vector<std::uint64_t> bits;
    std::size_t at = 0;
    for (const std::size_t each : counts) {
      std::array<std::uint64_t, words> report{};
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(at), words, report.begin());
      joined.join(report);
      bits.insert(bits.end(), all.begin() + static_cast<std::ptrdiff_t>(at + words),
                  all.begin() + static_cast<std::ptrdiff_t>(at + each));
      at += each;
    }
    for (std::size_t i = 0; i < size(); ++i)
      scales_[i] = detail::float_of_bits(static_cast<std::uint32_t>(bits[plan_.slot[i]]));
    return joined;
  }

  detail::shard_plan plan_;
  std::vector<Shard> own_;
  std::vector<number> codes_;  ///< of all tensors, by rank
  std::vector<float> scales_;  ///< of all tensors, in their order
};

}  // namespace narrowfloat
