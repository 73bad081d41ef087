// SPDX-License-Identifier: MIT
// A run on one rank: its steps, and its checkpoints.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "interrupts.hpp"
#include "kept_tensors.hpp"
#include "micro_batches.hpp"
#include "trainer.hpp"

namespace train {

/// A loss scale of either kind.
struct LossScale {
  explicit LossScale(const LossScaling& options)
      : is_dynamic(options.kind == LossScaling::Kind::dynamic) {
    dynamic.growth_interval = options.growth_interval;
    dynamic.scale = options.scale;
  }
  float scale() const { return dynamic.scale; }
  void update(bool overflowed) {
    if (is_dynamic) dynamic.update(overflowed);
  }

  bool is_dynamic;
  nf::DynamicLossScale dynamic;
};

/// What has happened so far; saved with the run.
struct Counters {
  std::uint64_t step = 0, skipped = 0, clipped = 0, flushed = 0;
  float largest_update = 0;

  std::vector<nf::StatePart> parts() { return parts_of<nf::StatePart>(*this); }
  std::vector<nf::ConstStatePart> parts() const { return parts_of<nf::ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static std::vector<Part> parts_of(Self& self) {
    return {nf::state_part("step", self.step), nf::state_part("skipped", self.skipped),
            nf::state_part("clipped", self.clipped), nf::state_part("flushed", self.flushed),
            nf::state_part("largest_update", self.largest_update)};
  }
};

/// What a step did.
struct StepRecord {
  double loss = 0, rate = 0, gradient_norm = 0;
  float loss_scale = 1, largest_update = 0;
  bool skipped = false;
  Losses losses;
  nf::StorageCounts storage;
};

/// A run: the task with the weights and states of a recipe, which are the same on all ranks.
class Run {
 public:
  Run(Task& task, const Recipe& recipe, const TrainOptions& options, Ranks& ranks)
      : task_(task),
        recipe_(recipe),
        options_(options),
        threads_(options.threads),
        loss_scale_(recipe.loss_scaling),
        weights_(task.tensors(), recipe.weights, options.seed, ranks, options.zero) {
    if (task.micro_batches() > 1) micro_batches_.emplace(task, ranks, options.wire);
  }

  /// Whether a rank was interrupted, as far as all know it.
  bool is_interrupted() const { return micro_batches_ ? is_interrupted_ : interrupt_seen != 0; }
  Context context(nf::Phase phase) { return {threads_, options_.recipe_options.multiply, phase}; }
  const Counters& counters() const { return counters_; }
  float loss_scale() const { return loss_scale_.scale(); }
  double validate() { return task_.validate(context(nf::Phase::evaluation)); }
  std::size_t parameters() const {
    std::size_t n = 0;
    for (const Tensor<float>& t : task_.tensors()) n += t.size();
    return n;
  }
  double weight_bits() const { return bits_of(weights_.bytes()[0]); }
  double state_bits() const { return bits_of(weights_.bytes()[1]); }
  /// The part of weights and states that this rank keeps.
  double kept_share() const {
    const auto [weights, states] = weights_.own_bytes();
    return static_cast<double>(weights + states) /
           static_cast<double>(weights_.bytes()[0] + weights_.bytes()[1]);
  }

  StepRecord step(bool is_watched) {
    StepRecord record;
    record.loss_scale = loss_scale_.scale();
    record.rate = rate_at(counters_.step) * options_.rate;
    passes(record, is_watched);
    const float inverse = 1 / record.loss_scale;
    nf::GradientNorm norm;
    std::vector<Tensor<float>>& tensors = task_.tensors();
    for (const Tensor<float>& t : tensors) norm.add(t.gradient, inverse, threads_);
    record.gradient_norm = norm.norm();
    const bool by_tensor = recipe_.on_overflow == nf::OnOverflow::skip_tensor;
    const nf::StepOptions how{.inverse_loss_scale = inverse,
                              .max_norm = recipe_.max_norm,
                              .on_overflow = recipe_.on_overflow,
                              .measured = by_tensor ? nullptr : &norm};
    const nf::StepReport done = weights_.step(how, record.rate, threads_);
    record.skipped = done.skipped;
    record.largest_update = done.largest_update;
    record.storage += done.weights;
    record.storage += done.state;
    loss_scale_.update(norm.overflowed());
    for (const auto& layer : task_.layers()) layer->update();
    ++counters_.step;
    counters_.skipped += record.skipped;
    counters_.clipped += record.storage.clipped;
    counters_.flushed += record.storage.flushed;
    counters_.largest_update = std::max(counters_.largest_update, record.largest_update);
    return record;
  }

  /// Ranks that share the weights do it together; the first one writes.
  void save(const std::string& path, bool is_first) const {
    if (!is_first && !weights_.is_sharded()) return;
    st::File file;
    st::add_state(file, "run", counters_);
    st::add_state(file, "loss_scale", loss_scale_.dynamic);
    weights_.add_state(file);
    if (!is_first) return;
    for (std::size_t i = 0; i < task_.layers().size(); ++i)
      task_.layers()[i]->add_state(file, layer_name(i));
    for (const Tensor<float>& t : task_.tensors())  // for other recipes, and other programs
      file.tensors.push_back(st::make_tensor("values." + t.name, {t.rows, t.cols}, t.values));
    for (const auto& [name, value, usual] : options_.identity)
      if (value != usual) file.metadata["run." + name] = value;
    st::write(path, file);
  }

  /// Then publish().
  void resume(const std::string& path) {
    const st::File file = st::read(path);
    for (const auto& [name, value, usual] : options_.identity) {
      const auto found = file.metadata.find("run." + name);
      if (found == file.metadata.end() && usual.empty())
        throw st::Error(
            fmt::format("{}: is no checkpoint of a training run: \"run.{}\" is not in its metadata",
                        path, name));
      const std::string& before = found == file.metadata.end() ? usual : found->second;
      if (before != value)
        throw st::Error(
            fmt::format("{}: was trained with --{} {}, not {}", path, name, before, value));
    }
    try {
      st::read_state(file, "run", counters_);
      if (counters_.step > options_.steps)
        throw st::Error(fmt::format("is at step {} of {}", counters_.step, options_.steps));
      st::read_state(file, "loss_scale", loss_scale_.dynamic);
      weights_.read_state(file);
      for (std::size_t i = 0; i < task_.layers().size(); ++i)
        task_.layers()[i]->read_state(file, layer_name(i));
    } catch (const std::exception& error) {
      throw st::Error(fmt::format("{}: {}", path, error.what()));
    }
  }

  /// Takes the floats of another run's weights; then publish().
  void start_from(const std::string& path) {
    const st::File file = st::read(path);
    weights_.start_from([&](std::size_t i) {
      const Tensor<float>& t = task_.tensors()[i];
      const std::string name = "values." + t.name;
      const st::Tensor* const found = file.find(name);
      if (found == nullptr)
        throw st::Error(fmt::format("{}: tensor \"{}\": is not in the file", path, name));
      if (found->shape != std::vector{t.rows, t.cols})
        throw st::Error(
            fmt::format("{}: tensor \"{}\": is not {} x {}", path, name, t.rows, t.cols));
      return found->as<float>();
    });
  }
  /// All ranks get the weights of those that keep them.
  void publish() { weights_.publish(); }

 private:
  /// Forward and back: the loss of the step's batch, its gradients in the tensors of the task.
  void passes(StepRecord& record, bool is_watched) {
    const auto loss_scale = static_cast<double>(record.loss_scale);
    const Context at = context(nf::Phase::training);
    if (micro_batches_) {
      const Passes made =
          micro_batches_->pass(at, counters_.step, loss_scale, is_watched, interrupt_seen);
      record.loss = made.loss;
      record.losses = made.seen;
      is_interrupted_ = made.is_interrupted;
      return;
    }
    for (const auto& layer : task_.layers()) layer->watch(is_watched);
    record.loss = task_.pass(at, counters_.step, 0, loss_scale);
    for (const auto& layer : task_.layers()) {
      record.losses += layer->losses();
      layer->watch(false);
    }
  }
  static std::string layer_name(std::size_t i) { return "layer" + std::to_string(i); }
  double bits_of(std::uint64_t bytes) const {
    return 8 * static_cast<double>(bytes) / static_cast<double>(parameters());
  }
  /// Grows in the first steps, then falls by a cosine to a tenth.
  double rate_at(std::uint64_t step) const {
    const auto t = static_cast<double>(step), all = static_cast<double>(options_.steps);
    const double grows = std::max(1.0, std::round(options_.warmup * all));
    if (t < grows) return (t + 1) / grows;
    const double done = (t - grows) / std::max(1.0, all - grows);
    return 0.1 + 0.45 * (1 + std::cos(std::numbers::pi * done));
  }

  Task& task_;
  const Recipe& recipe_;
  const TrainOptions& options_;
  Executor threads_;
  std::optional<MicroBatches> micro_batches_;
  bool is_interrupted_ = false;
  LossScale loss_scale_;
  Counters counters_;
  KeptTensors weights_;
};

}  // namespace train
