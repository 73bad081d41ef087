// SPDX-License-Identifier: MIT
// The step of an optimizer: passes over the parts of a tensor, each read, changed and written back while it lies in the
// first-level cache.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../step_options.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class... S>
void require_equal_states(const char* rule, const std::tuple<S...>& states) {
  std::size_t n = 0, previous = 0;
  const auto check = [&](std::size_t size) {
    if (n++ != 0 && size != previous)
      throw_invalid(rule, "the states have " + std::to_string(previous) + " and " +
                              std::to_string(size) + " elements");
    previous = size;
  };
  std::apply([&](const auto&... each) { (check(each.size()), ...); }, states);
}

/// The rounding of one of the storages in step t.
template <class R>
R rounding_of(const R& rounding, std::uint64_t t, std::uint64_t which) {
  R mine = rounding;
  if constexpr (is_keyed<R>) mine.stream += 8 * t + which;
  return mine;
}

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
};

/// One step of n elements.
template <class Step, class Weights, class T, class R, class... S>
struct step_plan {
  static constexpr std::size_t states = sizeof...(S);
  Step step;
  Weights& weights;
  std::span<T> gradients;
  std::tuple<S...>& state;
  std::array<R, states + 1> rounding;  ///< of the weights and of each state
  float factor;
  std::size_t part;  ///< elements: whole blocks of every storage

  static std::size_t part_of_blocks(const Weights& weights, const std::tuple<S...>& state) {
    std::size_t block = std::lcm(rule_row, block_of(weights));
    std::apply([&](const auto&... each) { ((block = std::lcm(block, block_of(each))), ...); },
               state);
    return block < part_elements ? part_elements / block * block : block;
  }

  template <class Storage>
  static float* take(Storage& storage, std::size_t first, std::size_t count, float* room) {
    float* const direct = count % rule_row == 0 ? direct_of(storage, first) : nullptr;
    if (direct != nullptr) return direct;
    storage.read(first, std::span(room, count));
    std::fill(room + count, room + whole_packs(count), 0.0f);
    return room;
  }
  const float* take_gradients(std::size_t first, std::size_t count, float* room) const {
    const float* const values = as_floats(gradients.data() + first, count, room);
    if (count % rule_row == 0) return values;
    if (values != room) std::copy_n(values, count, room);
    std::fill(room + count, room + whole_packs(count), 0.0f);
    return room;
  }

  template <std::size_t... K>
  void run_part(step_pass pass, std::size_t first, std::size_t count, float* room,
                task_result& result, std::index_sequence<K...>) const {
    rule_part io{};
    float* const weight_room = room + part;
    const auto state_room = [&](std::size_t k) { return room + (2 + k) * part; };
    const bool writes = pass == step_pass::update;
    const auto place_for = [&](float* taken, float* own) { return writes ? taken : own; };
    io.gradients = take_gradients(first, count, room);
    float* const taken = take(weights, first, count, weight_room);
    io.weights = taken;
    io.new_weights = place_for(taken, weight_room);
    ((io.new_state[K] = take(std::get<K>(state), first, count, state_room(K)),
      io.state[K] = io.new_state[K], io.new_state[K] = place_for(io.new_state[K], state_room(K))),
     ...);
    io.n = count;
    io.factor = factor;
    if constexpr (requires { &Step::settle; }) {
      if (pass == step_pass::survey) {
        run_rule<true, states>(place_of<is_compiled_step<Step>, Step>(), active_isa(), step, io,
                               result.totals);
        return;
      }
    }
    run_rule<false, states>(place_of<is_compiled_step<Step>, Step>(), active_isa(), step, io,
                            result.totals);
    const auto finish = [&](auto& storage, const float* values, const R& random, std::size_t k,
                            StorageCounts& counts) {
      if (!writes) {
        if constexpr (observes<std::remove_reference_t<decltype(storage)>>)
          result.amax[k] =
              std::max(result.amax[k], largest_bits(place_of<true>(), active_isa(), values, count));
      } else if (values == room + (1 + k) * part) {
        counts += write_to(storage, first, std::span(values, count), random);
      }
    };
    finish(weights, io.new_weights, rounding[0], 0, result.weights);
    (finish(std::get<K>(state), io.new_state[K], rounding[1 + K], 1 + K, result.state), ...);
  }

  /// A pass over all parts, in tasks whose cuts are always the same.
  template <class E>
  task_result run(step_pass pass, E& executor) const {
    const std::size_t n = gradients.size();
    const std::size_t length = std::max(part, task_elements / part * part);
    const std::size_t tasks = (n + length - 1) / length;
    std::vector<task_result> found(tasks);
    executor(tasks, [&](std::size_t task) {
      std::vector<float> room((2 + states) * part);
      const std::size_t begin = task * length, end = std::min(n, begin + length);
      for (std::size_t first = begin; first < end; first += part)
        run_part(pass, first, std::min(part, end - first), room.data(), found[task],
                 std::make_index_sequence<states>{});
    });
    task_result all;
    for (const task_result& each : found) {
      for (std::size_t i = 0; i < rule_row; ++i) {
        all.totals.largest[i] = std::max(all.totals.largest[i], each.totals.largest[i]);
        for (auto which : {0, 1})
          all.totals.sum[which][i] =
              double_total(all.totals.sum[which][i], each.totals.sum[which][i]);
      }
      for (std::size_t k = 0; k < all.amax.size(); ++k)
        all.amax[k] = std::max(all.amax[k], each.amax[k]);
      all.weights += each.weights;
      all.state += each.state;
    }
    return all;
  }

  template <class E>
  task_result run_all(E& executor) {
    if constexpr (requires { &Step::settle; }) {
      const task_result found = run(step_pass::survey, executor);
      step.settle(found.totals.total(0), found.totals.total(1),
                  static_cast<double>(gradients.size()));
    }
    if constexpr (observes<Weights> || (observes<S> || ...)) {
      const task_result found = run(step_pass::observe, executor);
      const auto tell = [&](auto& storage, std::size_t k) {
        if constexpr (observes<std::remove_reference_t<decltype(storage)>>)
          storage.observe(float_of_bits(found.amax[k]));
      };
      tell(weights, 0);
      std::size_t k = 0;
      std::apply([&](auto&... each) { (tell(each, ++k), ...); }, state);
    }
    const task_result found = run(step_pass::update, executor);
    const auto commit = [](auto& storage) {
      if constexpr (observes<std::remove_reference_t<decltype(storage)>>) storage.commit();
    };
    commit(weights);
    std::apply([&](auto&... each) { (commit(each), ...); }, state);
    return found;
  }
};

template <class Weights, class... S>
void require_step(const char* rule, const Weights& weights, std::size_t gradients,
                  const std::tuple<S...>& states, const StepOptions& options) {
  require_equal_states(rule, states);
  std::size_t n = weights.size();
  std::apply([&](const auto&... each) { ((n = each.size()), ...); }, states);
  if (weights.size() != n || gradients != n)
    throw_invalid(rule, "there are " + std::to_string(weights.size()) + " weights, " +
                            std::to_string(gradients) + " gradients and state of " +
                            std::to_string(n) + " elements");
  const option_check is{rule};
  const auto inverse = static_cast<double>(options.inverse_loss_scale);
  is.require(is_usable(options.inverse_loss_scale) && inverse > 0, "inverse_loss_scale", inverse,
             "a positive float");
  is.positive_or_zero("max_norm", options.max_norm);
}

/// inverse_loss_scale, and less where the norm is above its maximum.
inline float gradient_factor(const StepOptions& options, double norm) {
  const exact inverse = exact_of(options.inverse_loss_scale);
  if (!(options.max_norm > 0 && norm > options.max_norm)) return options.inverse_loss_scale;
  return nearest_float(quotient(product(inverse, exact_of(options.max_norm)), exact_of(norm)));
}

template <class Optimizer, class Weights, class T, class R, class E, class... S>
StepReport take_step(Optimizer& optimizer, std::tuple<S...>& states, Weights& weights,
                     std::span<T> gradients, const StepOptions& options, const R& rounding,
                     E& executor) {
  static_assert(
      is_keyed<R> || R::random_bits == 0,
      "narrowfloat: the rounding of an optimizer's step has a key (Stochastic) or no random bits");
  static_assert(
      is_keyed<R> || !(storage_draws<Weights> || ... || storage_draws<S>),
      "narrowfloat: a storage rounds stochastically: the step needs a rounding with a key, as Stochastic<>{seed}");
  const char* const rule = Optimizer::name;
  optimizer.check();
  require_step(rule, weights, gradients.size(), states, options);
  StepReport report;
  GradientNorm own;
  const GradientNorm* norm = options.measured;
  const bool checks = options.on_overflow != OnOverflow::unchecked;
  if (norm == nullptr && (checks || options.max_norm > 0)) {
    own.add(gradients, options.inverse_loss_scale, executor);
    norm = &own;
  }
  if (norm != nullptr) report.gradient_norm = norm->norm();
  if (checks && norm->overflowed()) {
    report.skipped = true;
    ++optimizer.skipped;
    if (options.on_overflow == OnOverflow::skip_tensor) ++optimizer.steps;
    return report;
  }
  const std::uint64_t t = optimizer.steps + 1;
  using step_type = step_of_rule<Optimizer>;
  using plan_type = step_plan<step_type, Weights, T, R, S...>;
  plan_type plan{optimizer.at(t),
                 weights,
                 gradients,
                 states,
                 {},
                 gradient_factor(options, report.gradient_norm),
                 plan_type::part_of_blocks(weights, states)};
  for (std::size_t k = 0; k < plan.rounding.size(); ++k)
    plan.rounding[k] = rounding_of(rounding, t, k);
  const task_result found = plan.run_all(executor);
  optimizer.steps = t;
  report.largest_update = float_of_bits(found.totals.largest_of_all());
  report.state = found.state;
  report.weights = found.weights;
  report.floor_share = share_of(found.state.at_floor, gradients.size());
  return report;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
