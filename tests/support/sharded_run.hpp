// SPDX-License-Identifier: MIT
// A run of an optimizer of several tensors: not sharded, and sharded on any number of ranks.
#pragma once

#include <narrowfloat/collective/sharded.hpp>
#include <narrowfloat/optim.hpp>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/thread_ranks.hpp"

namespace sharded {

namespace nf = narrowfloat;

using Floats = std::vector<float>;
using Tensors = std::vector<Floats>;

inline Tensors random_tensors(const std::vector<std::size_t>& sizes, unsigned seed, float size) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, size);
  Tensors all;
  for (const std::size_t n : sizes) {
    for (float& x : all.emplace_back(n)) x = normal(random);
  }
  return all;
}

/// Names, types and bytes.
inline std::string text_of(const std::vector<nf::ConstStatePart>& parts) {
  std::string all;
  for (const nf::ConstStatePart& part : parts) {
    all += part.name + ":" + std::string(part.type) + ":" + part.layout + ":";
    all.append(reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size());
  }
  return all;
}

inline std::string text_of(const nf::GatheredShard& shard) {
  return text_of(shard.weights.parts()) + text_of(shard.optimizer.parts());
}

/// What is the same for every number of ranks: reports of steps, state, weights for the layers.
struct Outcome {
  std::string state;
  std::vector<double> numbers;
};
inline void add(Outcome& outcome, const nf::StepReport& step) {
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  outcome.numbers.insert(
      outcome.numbers.end(),
      {step.skipped ? 1.0 : 0.0, static_cast<double>(step.largest_update), step.gradient_norm,
       count(step.state.flushed), count(step.state.clipped), count(step.state.at_floor),
       count(step.weights.flushed), count(step.weights.clipped), count(step.weights.at_floor)});
}

template <class Weights>
Weights made_weights(const Floats& initial) {
  if constexpr (nf::number_range<Weights>) {
    Weights made(initial.size());
    nf::convert(initial, made);
    return made;
  } else {
    return Weights(initial);
  }
}

/// A run of four steps: plain, clipped, with an Inf in the middle tensor, plain again.
template <class Optimizer, class Weights, class R = nf::NearestEven>
struct Run {
  std::vector<std::size_t> sizes;
  R rounding{};
  nf::OnOverflow on_overflow = nf::OnOverflow::skip_step;

  static constexpr unsigned steps = 4;
  Tensors gradients(unsigned step) const {
    Tensors all = random_tensors(sizes, 10 + step, 1e-3f);
    if (step == 2 && !all.empty()) all[all.size() / 2][0] = std::numeric_limits<float>::infinity();
    return all;
  }
  nf::StepOptions options(unsigned step) const {
    return {
        .inverse_loss_scale = 0.5f, .max_norm = step == 1 ? 0.01 : 0.0, .on_overflow = on_overflow};
  }
  std::pair<Weights, Optimizer> make(std::size_t i) const {
    return {made_weights<Weights>(random_tensors(sizes, 1, 0.02f)[i]),
            Optimizer({.lr = 1e-3}, sizes[i])};
  }

  Outcome unsharded() const {
    std::vector<std::pair<Weights, Optimizer>> all;
    for (std::size_t i = 0; i < sizes.size(); ++i) all.push_back(make(i));
    Outcome outcome;
    for (unsigned step = 0; step < steps; ++step) {
      const Tensors g = gradients(step);
      nf::GradientNorm norm;
      for (const Floats& each : g) norm.add(each, options(step).inverse_loss_scale);
      nf::StepOptions how = options(step);
      const bool by_tensor = on_overflow == nf::OnOverflow::skip_tensor;
      if (!by_tensor) how.measured = &norm;
      nf::StepReport joined;
      std::uint64_t before = 0;
      for (std::size_t i = 0; i < sizes.size(); before += sizes[i++]) {
        auto at = rounding;
        if constexpr (requires { at.offset; }) at.offset += before;
        const nf::StepReport done = all[i].second.step(all[i].first, g[i], how, at);
        joined.skipped = joined.skipped || done.skipped;
        joined.largest_update = std::max(joined.largest_update, done.largest_update);
        joined.state += done.state;
        joined.weights += done.weights;
      }
      if (!by_tensor) joined.gradient_norm = norm.norm();
      add(outcome, joined);
    }
    for (const auto& [weights, optimizer] : all) {
      outcome.state += text_of(nf::detail::parts_of_form(weights)) + text_of(optimizer.parts());
      std::vector<typename nf::ShardedOptimizer<Optimizer, Weights>::number> codes(
          nf::detail::size_of_form(weights));
      outcome.numbers.push_back(
          static_cast<double>(nf::detail::read_form(weights, std::span(codes))));
      for (const auto code : codes) outcome.numbers.push_back(static_cast<double>(code));
    }
    return outcome;
  }

  /// What each rank sees; rank `root` is given the state.
  std::vector<Outcome> sharded(int ranks, int root) const {
    std::vector<Outcome> all(static_cast<std::size_t>(ranks));
    test::ThreadRanks::run(ranks, [&](auto& group) {
      Outcome& outcome = all[static_cast<std::size_t>(group.rank())];
      nf::ShardedOptimizer<Optimizer, Weights> optimizer(group, sizes,
                                                         [&](std::size_t i) { return make(i); });
      for (unsigned step = 0; step < steps; ++step) {
        Tensors g = gradients(step);
        for (std::size_t i = 0; i < g.size(); ++i)
          if (optimizer.owner(i) != group.rank()) g[i].clear();  // nobody reads them
        add(outcome, optimizer.step(group, g, options(step), rounding, test::Threads{2}));
      }
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        outcome.state += text_of(optimizer.gathered(group, i, root));
        outcome.numbers.push_back(static_cast<double>(optimizer.scale(i)));
        for (const auto code : optimizer.values(i))
          outcome.numbers.push_back(static_cast<double>(code));
      }
    });
    return all;
  }

  void check() const {
    const Outcome expected = unsharded();
    for (int ranks = 1; ranks <= 5; ++ranks) {
      const int root = ranks / 2;
      const std::vector<Outcome> got = sharded(ranks, root);
      for (int rank = 0; rank < ranks; ++rank) {
        CAPTURE(sizes.size(), ranks, rank);
        const Outcome& of_rank = got[static_cast<std::size_t>(rank)];
        CHECK((of_rank.numbers == expected.numbers));
        CHECK((of_rank.state == (rank == root ? expected.state : std::string())));
      }
    }
  }
};

}  // namespace sharded
