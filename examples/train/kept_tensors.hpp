// SPDX-License-Identifier: MIT
// The weights of all tensors, each as a recipe keeps it: on every rank, or shared out among them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <narrowfloat/collective.hpp>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "layer.hpp"
#include "ranks.hpp"
#include "recipe.hpp"

namespace train {

/// The two halves of a tensor's Weights, as nf::ShardedOptimizer sees them: what layers read are so
/// many bytes, of whatever format.
struct WeightsHalf {
  std::shared_ptr<Weights> kept;
  std::size_t bytes;

  std::size_t size() const { return bytes; }
  std::vector<std::byte> values() const {
    std::vector<std::byte> made(bytes);
    kept->encode(made);
    return made;
  }
  std::vector<nf::StatePart> parts() { return kept->form_parts(); }
  std::vector<nf::ConstStatePart> parts() const { return std::as_const(*kept).form_parts(); }
};
struct OptimizerHalf {
  std::shared_ptr<Weights> kept;
  double rate = 1;  ///< times the recipe's

  template <class Gradient, class Rounding>
  nf::StepReport step(WeightsHalf&, const Gradient& gradient, const nf::StepOptions& options,
                      const Rounding& /*the recipe has its own*/, Executor& run) {
    return kept->step(gradient, options, rate, run);
  }
  std::size_t size_bytes() const { return kept->state_bytes(); }
  std::vector<nf::StatePart> parts() { return kept->optimizer_parts(); }
  std::vector<nf::ConstStatePart> parts() const { return std::as_const(*kept).optimizer_parts(); }
};

/// The weights of all tensors. Sharded, a rank keeps those of some, and their states, and gets what
/// layers read of the others, in the format of the recipe's form; else it keeps all. Steps, files
/// and what layers read are the same. Members that say so are called by all ranks together.
class KeptTensors {
 public:
  /// Together.
  KeptTensors(std::vector<Tensor<float>>& tensors, const WeightMakers& makers, std::uint32_t seed,
              Ranks& ranks, bool is_sharded)
      : tensors_(tensors),
        makers_(makers),
        seed_(seed),
        keepers_(is_sharded ? ranks : static_cast<Ranks&>(this_rank_)),
        kept_(keepers_, bytes_of(tensors, makers),
              [&](std::size_t i) { return made(i, tensors[i].values); }) {
    read();
    std::array<std::uint64_t, 2> all = own_bytes();
    keepers_.all_sum(all);
    bytes_ = all;
  }
  KeptTensors(const KeptTensors&) = delete;
  KeptTensors& operator=(const KeptTensors&) = delete;

  bool is_sharded() const { return keepers_.size() > 1; }
  /// Bytes of weights, and of the optimizers' states: on this rank, and on all.
  std::array<std::uint64_t, 2> own_bytes() const {
    std::array<std::uint64_t, 2> bytes{};
    for (const auto& shard : kept_.own()) {
      bytes[0] += shard.weights.kept->weight_bytes();
      bytes[1] += shard.weights.kept->state_bytes();
    }
    return bytes;
  }
  std::array<std::uint64_t, 2> bytes() const { return bytes_; }

  /// Together: with the gradients of the tensors, and a rate that multiplies the recipe's.
  nf::StepReport step(const nf::StepOptions& options, double rate, Executor& run) {
    std::vector<std::span<const float>> gradients;
    gradients.reserve(tensors_.size());
    for (const Tensor<float>& t : tensors_) gradients.emplace_back(t.gradient);
    for (auto& shard : kept_.own()) shard.optimizer.rate = rate;
    const nf::StepReport done = kept_.step(keepers_, gradients, options, nf::nearest_even, run);
    read();
    return done;
  }
  /// Together: to the file of the first rank.
  void add_state(st::File& file) const {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const nf::GatheredShard found = kept_.gathered(keepers_, i);
      if (keepers_.rank() != 0) continue;
      st::add_state(file, tensors_[i].name, found.weights);
      st::add_state(file, tensors_[i].name + ".optimizer", found.optimizer);
    }
  }
  /// The tensors of this rank; then publish().
  void read_state(const st::File& file) {
    for (auto& shard : kept_.own()) {
      st::read_state(file, tensors_[shard.tensor].name, shard.weights);
      st::read_state(file, tensors_[shard.tensor].name + ".optimizer", shard.optimizer);
    }
  }
  /// Makes the weights of this rank anew, from values(i) of tensor i; then publish().
  template <class F>
  void start_from(const F& values) {
    for (auto& shard : kept_.own())
      std::tie(shard.weights, shard.optimizer) = made(shard.tensor, values(shard.tensor));
  }
  /// Together: after what a rank did to its own.
  void publish() {
    kept_.publish(keepers_);
    read();
  }

 private:
  static std::vector<std::size_t> bytes_of(const std::vector<Tensor<float>>& tensors,
                                           const WeightMakers& makers) {
    std::vector<std::size_t> bytes;
    bytes.reserve(tensors.size());
    for (const Tensor<float>& t : tensors) bytes.push_back(makers.of(t.role).codes.bytes(t.size()));
    return bytes;
  }
  std::pair<WeightsHalf, OptimizerHalf> made(std::size_t i, std::span<const float> initial) const {
    const Tensor<float>& t = tensors_[i];
    const WeightMaker& maker = makers_.of(t.role);
    const std::shared_ptr<Weights> kept =
        maker.make({t.role, t.rows, t.cols, seed_of(seed_, i)}, initial);
    return {WeightsHalf{kept, maker.codes.bytes(t.size())}, OptimizerHalf{kept}};
  }
  /// What layers read.
  void read() {
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      makers_.of(tensors_[i].role).codes.decode(kept_.values(i), tensors_[i].values);
  }

  std::vector<Tensor<float>>& tensors_;
  const WeightMakers& makers_;
  std::uint32_t seed_;
  nf::SingleRank alone_;
  RanksOf<nf::SingleRank> this_rank_{alone_};
  Ranks& keepers_;
  nf::ShardedOptimizer<OptimizerHalf, WeightsHalf> kept_;
  std::array<std::uint64_t, 2> bytes_{};
};

}  // namespace train
