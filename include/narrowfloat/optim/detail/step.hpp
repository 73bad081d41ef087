// SPDX-License-Identifier: MIT
// The step of an optimizer as a call without types, so that it is compiled once: what it reads,
// writes and calls, by pointers. The passes over the tensor stand in step_passes.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../step_options.hpp"
#include "step_start.hpp"

namespace narrowfloat::detail {

/// A storage, and the rounding that it writes with in this step.
struct storage_ref {
  void* self;
  const void* rounding;
  std::size_t size, block;
  void (*read)(const void* self, std::size_t first, std::span<float> out);
  StorageCounts (*write)(void* self, std::size_t first, std::span<const float> values,
                         const void* rounding);
  float* (*direct)(void* self, std::size_t first);
  void (*observe)(void* self, float amax);  ///< nullptr where there is nothing to observe
  void (*commit)(void* self);
};

/// Gradients of any type.
struct gradients_ref {
  const void* values;
  std::size_t size;
  /// The floats of some of them: themselves, or copies in a buffer.
  const float* (*take)(const void* values, std::size_t first, std::size_t count, float* room);
  measured_gradients (*measure)(const gradients_ref& self, float factor,
                                const executor_ref& executor);
};

/// The numbers of a rule's step.
struct rule_ref {
  const char* name;
  bool squares;  ///< keeps squares of gradients
  void* step;
  void (*run)(const void* step, const rule_part& part, rule_totals& totals);
  void (*survey)(const void* step, const rule_part& part,
                 rule_totals& totals);  ///< nullptr without one
  void (*settle)(void* step, double first, double second, double n);
};

struct step_call {
  rule_ref rule;
  storage_ref weights;
  std::span<const storage_ref> states;
  gradients_ref gradients;
  executor_ref executor;
  std::uint64_t *steps, *skipped;
};

// One step.
StepReport run_step(in_library, const step_call& call, const StepOptions& options);

inline namespace NF_BASELINE {

StepReport run_step(here, const step_call& call, const StepOptions& options);

template <class S, class R>
NF_INLINE storage_ref ref_of(S& storage, const R& rounding) {
  storage_ref made{
      &storage,
      &rounding,
      storage.size(),
      block_of(storage),
      [](const void* self, std::size_t first, std::span<float> out) {
        static_cast<const S*>(self)->read(first, out);
      },
      [](void* self, std::size_t first, std::span<const float> values, const void* random) {
        return write_to(*static_cast<S*>(self), first, values, *static_cast<const R*>(random));
      },
      [](void* self, std::size_t first) { return direct_of(*static_cast<S*>(self), first); },
      nullptr,
      nullptr};
  if constexpr (observes<S>) {
    made.observe = [](void* self, float amax) { static_cast<S*>(self)->observe(amax); };
    made.commit = [](void* self) { static_cast<S*>(self)->commit(); };
  }
  return made;
}

template <class T>
NF_INLINE gradients_ref ref_of(std::span<const T> gradients) {
  return {gradients.data(), gradients.size(),
          [](const void* values, std::size_t first, std::size_t count, float* room) {
            return as_floats(static_cast<const T*>(values) + first, count, room);
          },
          [](const gradients_ref& self, float factor, const executor_ref& executor) {
            return measure(std::span(static_cast<const T*>(self.values), self.size), factor,
                           executor);
          }};
}

/// Whether a rule keeps squares of gradients.
template <class Step>
inline constexpr bool keeps_squares = requires {
  Step::second_moment;
};
template <std::size_t States, class Step>
NF_INLINE rule_ref ref_of(const char* name, Step& step) {
  rule_ref made{name,
                keeps_squares<Step>,
                &step,
                [](const void* self, const rule_part& part, rule_totals& totals) {
                  run_rule<false, States>(place_of<is_compiled_step<Step>, Step>(), active_isa(),
                                          *static_cast<const Step*>(self), part, totals);
                },
                nullptr,
                nullptr};
  if constexpr (requires { &Step::settle; }) {
    made.survey = [](const void* self, const rule_part& part, rule_totals& totals) {
      run_rule<true, States>(place_of<is_compiled_step<Step>, Step>(), active_isa(),
                             *static_cast<const Step*>(self), part, totals);
    };
    made.settle = [](void* self, double first, double second, double n) {
      static_cast<Step*>(self)->settle(first, second, n);
    };
  }
  return made;
}

template <class Optimizer, class Weights, class T, class R, class E, class... S>
NF_INLINE StepReport take_step(Optimizer& optimizer, std::tuple<S...>& states, Weights& weights,
                               std::span<const T> gradients, const StepOptions& options,
                               const R& rounding, E& executor) {
  static_assert(is_keyed<R> || R::random_bits == 0,
                "narrowfloat: the rounding of an optimizer's step has a key (Stochastic) or no "
                "random bits");
  static_assert(is_keyed<R> || !(storage_draws<Weights> || ... || storage_draws<S>),
                "narrowfloat: a storage rounds stochastically: the step needs a rounding with a "
                "key, as Stochastic<>{seed}");
  optimizer.check();
  const std::uint64_t t = optimizer.steps + 1;
  auto step = optimizer.at(t);
  R random[sizeof...(S) + 1];
  for (std::size_t k = 0; k <= sizeof...(S); ++k) random[k] = rounding_of(rounding, t, k);
  storage_ref refs[sizeof...(S) + 1];
  std::size_t k = 0;
  std::apply([&](auto&... each) { ((refs[k] = ref_of(each, random[k + 1]), ++k), ...); }, states);
  const step_call call{ref_of<sizeof...(S)>(Optimizer::name, step),
                       ref_of(weights, random[0]),
                       std::span<const storage_ref>(refs, sizeof...(S)),
                       ref_of(gradients),
                       executor_ref::of(executor),
                       &optimizer.steps,
                       &optimizer.skipped};
  return run_step(place_of<true>(), call, options);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
