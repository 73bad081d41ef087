// SPDX-License-Identifier: MIT
// Optimizer: a rule, a storage for each of its states, and the step that changes the weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../executor.hpp"
#include "codebook_state.hpp"
#include "detail/step.hpp"
#include "gradients.hpp"
#include "step_options.hpp"
#include "tensor_rules.hpp"
#include "weights.hpp"

namespace narrowfloat {

/// An optimizer: the members of its rule, then its state. Copying it saves it.
///
/// Result    step() makes, for each weight, the gradient times inverse_loss_scale (and max_norm /
///           norm where that is below 1), the formula of the rule in floats, and writes weights and
///           states back in their formats.
/// Special   a NaN or Inf gradient by StepOptions::on_overflow: never half an update.
/// Requires  as many weights and gradients as the optimizer was made for, and options that make
///           sense: else std::invalid_argument, before anything is changed. A storage that rounds
///           stochastically needs a keyed rounding. An executor that throws leaves what it had
///           done, and the step uncounted.
/// Promises  the same bits (of a NaN, that it is one) on every instruction set, for every executor
///           and number of threads, in every floating-point environment. Weights draw the bits of
///           stream stream + 8 t of the rounding's key in step t, state k those of stream + 8 t + 1
///           + k; element i of index offset + i: a tensor cut into shards, each with its offset,
///           gets the same bits.
/// Cost      one pass over gradients, states and weights; one read of the gradients more where they
///           are checked; another pass for rules that look at the tensor first, and for storages
///           with one scale of all numbers.
///
/// Example   std::vector<float> w = weights;
///           AdamW<CodebookState, CodebookState> adam({.lr = 1e-3f}, w.size());
///           const StepReport done = adam.step(w, gradients, {.inverse_loss_scale = 1.0f / 1024});
///           assert(!done.skipped && adam.steps == 1);
template <optimizer_rule Rule, state_storage... States>
requires(sizeof...(States) == Rule::states.size()) struct Optimizer : Rule {
  std::uint64_t steps = 0;    ///< so far: t of the formula
  std::uint64_t skipped = 0;  ///< steps that changed nothing
  /// The states, in the order of the rule.
  std::tuple<States...> states;

  /// States of zeros for n weights.
  NF_INLINE Optimizer(const Rule& options, std::size_t n)
      : Optimizer(options, n, std::index_sequence_for<States...>{}) {}
  /// With states of one's own making, of equal sizes.
  NF_INLINE Optimizer(const Rule& options, States... made) requires(sizeof...(States) > 0)
      : Rule(options), states(std::move(made)...) {
    options.check();
  }

  /// Weights are a range of floats or of a narrow format, or a form of weights (weights.hpp);
  /// gradients a range of numbers of which each is a float.
  template <class W, float_source G, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  NF_INLINE StepReport step(W&& weights, const G& gradients, const StepOptions& options = {},
                            R rounding = {}, E&& executor = {}) {
    auto form = detail::form_of(weights);
    return detail::take_step(*this, states, form, detail::span_of(gradients), options, rounding,
                             executor);
  }

  /// Everything that has to be saved, with names and types.
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }
  /// The bytes of the states.
  NF_INLINE std::size_t size_bytes() const {
    std::size_t bytes = 0;
    for (const auto& part : parts()) bytes += part.bytes.size();
    return bytes - 2 * sizeof(std::uint64_t);
  }

 private:
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    std::vector<Part> all{state_part("steps", self.steps), state_part("skipped", self.skipped)};
    std::size_t k = 0;
    const auto add = [&](auto& state)
                         NF_INLINED { detail::append_parts(all, Rule::states[k++].name, state); };
    [&]<std::size_t... K>(std::index_sequence<K...>) NF_INLINED {
      (add(std::get<K>(self.states)), ...);
    }
    (std::index_sequence_for<States...>{});
    return all;
  }
  template <std::size_t... K>
  NF_INLINE Optimizer(const Rule& options, [[maybe_unused]] std::size_t n,
                      std::index_sequence<K...>)
      : Rule(options), states(States(n, Rule::states[K].signedness)...) {
    options.check();
  }
};

/// Momentum: SgdRule.
template <state_storage M = FloatState>
using Sgd = Optimizer<SgdRule, M>;
/// Adam, decay added to the gradient: AdamRule.
template <state_storage M = FloatState, state_storage V = M>
using Adam = Optimizer<AdamRule, M, V>;
/// Adam with decoupled decay: AdamWRule.
template <state_storage M = FloatState, state_storage V = M>
using AdamW = Optimizer<AdamWRule, M, V>;
/// The sign of an average: LionRule.
template <state_storage M = FloatState>
using Lion = Optimizer<LionRule, M>;
/// Divided by the root of all squares: AdagradRule.
template <state_storage V = FloatState>
using Adagrad = Optimizer<AdagradRule, V>;
/// Divided by the root of an average of squares: RmspropRule.
template <state_storage V = FloatState>
using Rmsprop = Optimizer<RmspropRule, V>;
/// Adam with a second, slow average: AdemamixRule.
template <state_storage M = FloatState, state_storage V = M, state_storage Slow = M>
using Ademamix = Optimizer<AdemamixRule, M, V, Slow>;
/// AdamW with clipped updates: StableAdamWRule.
template <state_storage M = FloatState, state_storage V = M>
using StableAdamW = Optimizer<StableAdamWRule, M, V>;
/// Adam at rates by the norms of tensors: LambRule.
template <state_storage M = FloatState, state_storage V = M>
using Lamb = Optimizer<LambRule, M, V>;
/// Momentum at rates by the norms of tensors: LarsRule.
template <state_storage M = FloatState>
using Lars = Optimizer<LarsRule, M>;

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/step_passes.hpp"
#endif
