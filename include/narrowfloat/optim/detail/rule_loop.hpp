// SPDX-License-Identifier: MIT
// The loop of the rules of optimizers.
#pragma once

#include <concepts>

#include "../../detail/array/parts.hpp"
#include "../../detail/simd/loops.hpp"
#include "rule_part.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Step, class G>
concept rule_formula = requires(const Step& c, const G& w, G* s) {
  { c.update(w, w, s) } -> std::same_as<G>;
};

/// From rule_row - n on: n words of ones, then zeros.
struct row_mask_words {
  std::uint32_t word[2 * rule_row];
};
inline constexpr row_mask_words row_mask = [] {
  row_mask_words made{};
  for (std::size_t i = 0; i < rule_row; ++i) made.word[i] = ~0u;
  return made;
}();

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../optim/detail/rule_loop.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Step>
using rule_kernel = void (*)(const Step&, const rule_part&, rule_totals&);
template <bool Surveys, std::size_t States, class Step>
inline constexpr isa_table<rule_kernel<Step>> rule_kernels = [] {
  if constexpr (rule_formula<Step, generic::float_group>) {
    const rule_kernel<Step> only = &generic::run_rule<Surveys, States, Step>;
    return isa_table<rule_kernel<Step>>{{only, only, only, only}};
  } else {
    return isa_table<rule_kernel<Step>> NF_EACH_ISA(run_rule<Surveys, States, Step>);
  }
}();
using measure_kernel = void (*)(const float*, std::size_t, float, rule_totals&);
inline constexpr isa_table<measure_kernel> measure_kernels NF_EACH_ISA(measure_gradients);

template <bool Surveys, std::size_t States, class Step>
void run_rule(here, Isa isa, const Step& step, const rule_part& part, rule_totals& totals) {
  const float_environment environment(direction::nearest);
  rule_kernels<Surveys, States, Step>[isa](step, part, totals);
}
inline void measure_gradients(here, Isa isa, const float* in, std::size_t n, float factor,
                              rule_totals& totals) {
  const float_environment environment(direction::nearest);
  measure_kernels[isa](in, n, factor, totals);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
