// SPDX-License-Identifier: MIT
// What the loop of a rule reads, writes and finds, and how the drivers of a step call it: the loop
// stands in rule_loop.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"
#include "../tensor_rules.hpp"

namespace narrowfloat::detail {

/// Elements that have sums of their own, whatever the lanes of an instruction set.
inline constexpr std::size_t rule_row = 16;

/// n elements: the arrays have room for whole rows, and what is read beyond n elements does not
/// count.
struct rule_part {
  const float* weights;
  const float* gradients;
  const float* state[3];
  float* new_weights;  ///< these may be those above
  float* new_state[3];
  std::size_t n;
  float factor;  ///< of the gradients
  /// Call for weights and gradients a part ahead. A part is a page, beyond whose end no processor
  /// reads ahead: it helps where the states of a part take their time, and costs where all are
  /// floats.
  bool ahead;
};

/// What a pass finds: by the place of an element in its row.
struct rule_totals {
  alignas(64) std::uint32_t largest[rule_row] = {};  ///< magnitudes as bits
  alignas(64) double sum[2][rule_row] = {};

  NF_INLINE std::uint32_t largest_of_all() const {
    std::uint32_t most = 0;
    for (const std::uint32_t x : largest) most = x > most ? x : most;
    return most;
  }
  NF_INLINE double total(std::size_t which) const {
    double sum_of_all = 0;
    for (const double x : sum[which]) sum_of_all = double_total(sum_of_all, x);
    return sum_of_all;
  }
};

// A step of n elements, or a survey of them.
template <bool Surveys, std::size_t States, class Step>
void run_rule(in_library, Isa isa, const Step& step, const rule_part& part, rule_totals& totals);
// Joins n floats times a factor to their largest magnitude and the first sum, of squares.
void measure_gradients(in_library, Isa isa, const float* in, std::size_t n, float factor,
                       rule_totals& totals);

inline namespace NF_BASELINE {

template <bool Surveys, std::size_t States, class Step>
void run_rule(here, Isa isa, const Step& step, const rule_part& part, rule_totals& totals);
void measure_gradients(here, Isa isa, const float* in, std::size_t n, float factor,
                       rule_totals& totals);

template <class Step, class... Rules>
inline constexpr bool is_step_of = (std::is_same_v<Step, step_of_rule<Rules>> || ...);
/// Whether the library has the loop of a rule.
template <class Step>
inline constexpr bool is_compiled_step =
    is_step_of<Step, GradientDescentRule, SgdRule, AdamWRule, LionRule, AdagradRule, RmspropRule,
               AdemamixRule, StableAdamWRule, LambRule, LarsRule>;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
