// SPDX-License-Identifier: MIT
// The passes of a step over the parts of a tensor: each is read, changed and written back while it
// lies in the first-level cache.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "../../detail/array/magnitude.hpp"
#include "rule_loop.hpp"
#include "step.hpp"
#include "step_start.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What a pass over the tensor does.
enum class step_pass {
  survey,   ///< sums for a rule that looks at the whole tensor
  observe,  ///< the largest magnitudes, for storages with one scale
  update
};

/// What a task finds.
struct task_result {
  rule_totals totals;
  StorageCounts weights, state;
  std::array<std::uint32_t, 4> amax{};  ///< of the weights and of each state

  void join(const task_result& other) {
    for (std::size_t i = 0; i < rule_row; ++i) {
      totals.largest[i] = std::max(totals.largest[i], other.totals.largest[i]);
      for (const std::size_t which : {0u, 1u})
        totals.sum[which][i] = double_total(totals.sum[which][i], other.totals.sum[which][i]);
    }
    for (std::size_t k = 0; k < amax.size(); ++k) amax[k] = std::max(amax[k], other.amax[k]);
    weights += other.weights;
    state += other.state;
  }
};

/// A length of whole blocks of both kinds, or that of the whole tensor, if that is less.
inline std::size_t common_block(std::size_t a, std::size_t b, std::size_t whole) {
  if (b == 0) return a;
  const std::size_t times = b / std::gcd(a, b);
  return times > whole / a + 1 ? std::max(a, whole) : a * times;
}

/// One step of n elements, cut into parts: whole blocks of every storage, and whole rows.
class step_plan {
 public:
  step_plan(const step_call& call, float factor) : call_(call), factor_(factor) {
    const std::size_t whole = whole_packs(call.gradients.size);
    std::size_t block = common_block(rule_row, call.weights.block, whole);
    for (const storage_ref& each : call.states) block = common_block(block, each.block, whole);
    part_ = block < part_elements ? part_elements / block * block : std::min(block, whole);
  }

  task_result run() const {
    if (call_.rule.survey != nullptr) {
      const task_result found = pass(step_pass::survey);
      call_.rule.settle(call_.rule.step, found.totals.total(0), found.totals.total(1),
                        static_cast<double>(call_.gradients.size));
    }
    std::array<const storage_ref*, 4> storages{&call_.weights};
    for (std::size_t k = 0; k < call_.states.size(); ++k) storages[k + 1] = &call_.states[k];
    const auto observed = [](const storage_ref* each) {
      return each != nullptr && each->observe != nullptr;
    };
    const bool observes = std::ranges::any_of(storages, observed);
    if (observes) {
      const task_result found = pass(step_pass::observe);
      for (std::size_t k = 0; k < storages.size(); ++k)
        if (observed(storages[k]))
          storages[k]->observe(storages[k]->self, float_of_bits(found.amax[k]));
    }
    const task_result found = pass(step_pass::update);
    for (const storage_ref* const each : storages)
      if (observed(each)) each->commit(each->self);
    return found;
  }

 private:
  /// Numbers of a storage: where they lie or, as the last ones that fill no row, in a buffer, zeros
  /// behind them.
  static float* take(const storage_ref& storage, std::size_t first, std::size_t count,
                     float* room) {
    float* const direct = count % rule_row == 0 ? storage.direct(storage.self, first) : nullptr;
    if (direct != nullptr) return direct;
    storage.read(storage.self, first, std::span(room, count));
    std::fill(room + count, room + whole_packs(count), 0.0f);
    return room;
  }
  const float* take_gradients(std::size_t first, std::size_t count, float* room) const {
    const float* const values = call_.gradients.take(call_.gradients.values, first, count, room);
    if (count % rule_row == 0) return values;
    if (values != room) std::copy_n(values, count, room);
    std::fill(room + count, room + whole_packs(count), 0.0f);
    return room;
  }

  void run_part(step_pass pass, std::size_t first, std::size_t count, float* room,
                task_result& result) const {
    rule_part io{};
    const bool writes = pass == step_pass::update;
    io.gradients = take_gradients(first, count, room);
    float* const weight_room = room + part_;
    float* const weights = take(call_.weights, first, count, weight_room);
    io.weights = weights;
    io.new_weights = writes ? weights : weight_room;
    for (std::size_t k = 0; k < call_.states.size(); ++k) {
      float* const state_room = room + (2 + k) * part_;
      float* const state = take(call_.states[k], first, count, state_room);
      io.state[k] = state;
      io.new_state[k] = writes ? state : state_room;
    }
    io.n = count;
    io.factor = factor_;
    io.ahead = !call_.states.empty() && io.new_state[0] == room + 2 * part_;
    const auto& rule = call_.rule;
    (pass == step_pass::survey ? rule.survey : rule.run)(rule.step, io, result.totals);
    if (pass == step_pass::survey) return;
    finish(call_.weights, writes, first, count, io.new_weights, weight_room, result.weights,
           result.amax[0]);
    for (std::size_t k = 0; k < call_.states.size(); ++k)
      finish(call_.states[k], writes, first, count, io.new_state[k], room + (2 + k) * part_,
             result.state, result.amax[k + 1]);
  }
  /// Writes what lies in a buffer back, or looks at it.
  static void finish(const storage_ref& storage, bool writes, std::size_t first, std::size_t count,
                     const float* values, const float* room, StorageCounts& counts,
                     std::uint32_t& amax) {
    if (!writes) {
      if (storage.observe != nullptr)
        amax = std::max(amax, largest_bits(here{}, active_isa(), values, count));
    } else if (values == room) {
      counts += storage.write(storage.self, first, std::span(values, count), storage.rounding);
    }
  }

  /// A pass over all parts, in tasks whose cuts are always the same.
  task_result pass(step_pass which) const {
    const std::size_t n = call_.gradients.size;
    const task_cuts cuts{n, std::max(part_, task_elements / part_ * part_)};
    std::vector<task_result> found(cuts.count());
    run_tasks(call_.executor, cuts.count(), [&](std::size_t task) {
      std::vector<float> room((2 + call_.states.size()) * part_);
      const std::size_t end = cuts.end(task);
      for (std::size_t first = cuts.begin(task); first < end; first += part_)
        run_part(which, first, std::min(part_, end - first), room.data(), found[task]);
    });
    task_result all;
    for (const task_result& each : found) all.join(each);
    return all;
  }

  const step_call& call_;
  float factor_;
  std::size_t part_;
};

inline void require_step(const step_call& call, const StepOptions& options) {
  const char* const rule = call.rule.name;
  std::size_t n = call.states.empty() ? call.weights.size : call.states[0].size;
  for (const storage_ref& each : call.states)
    if (each.size != n)
      throw_invalid(rule, "the states have " + std::to_string(n) + " and " +
                              std::to_string(each.size) + " elements");
  require_equal_counts(rule, call.weights.size, call.gradients.size, n);
  require_options(rule, options);
}

inline StepReport run_step(here, const step_call& call, const StepOptions& options) {
  require_step(call, options);
  StepReport report;
  const auto measure = [&](GradientNorm& norm) {
    norm.join(call.gradients.measure(call.gradients, options.inverse_loss_scale, call.executor));
  };
  if (is_skipped(options, call.rule.squares, *call.steps, *call.skipped, report, measure))
    return report;
  const task_result found = step_plan(call, gradient_factor(options, report.gradient_norm)).run();
  ++*call.steps;
  report.largest_update = float_of_bits(found.totals.largest_of_all());
  report.state = found.state;
  report.weights = found.weights;
  report.floor_share = share_of(found.state.at_floor, call.gradients.size);
  return report;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
