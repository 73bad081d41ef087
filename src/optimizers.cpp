// SPDX-License-Identifier: MIT
// The loops of optimizers: the rules, the norm of gradients, the limits of narrow state.
#include <narrowfloat/loops.hpp>
#include <narrowfloat/optim.hpp>

namespace narrowfloat::detail {

void measure_gradients(in_library, Isa isa, const float* in, std::size_t n, float factor,
                       rule_totals& totals) {
  measure_gradients(here{}, isa, in, n, factor, totals);
}
state_counts limit_floats(in_library, Isa isa, const float* in, float* out, std::size_t n,
                          const state_limits& limits) {
  return limit_floats(here{}, isa, in, out, n, limits);
}
StepReport run_step(in_library, const step_call& call, const StepOptions& options) {
  return run_step(here{}, call, options);
}
template <bool Surveys, std::size_t States, class Step>
void run_rule(in_library, Isa isa, const Step& step, const rule_part& part, rule_totals& totals) {
  run_rule<Surveys, States>(here{}, isa, step, part, totals);
}

#define NF_RULE(Surveys, Rule)                                                                 \
  static_assert(is_compiled_step<step_of_rule<Rule>>);                                         \
  template void run_rule<Surveys, states_of<Rule>>(in_library, Isa, const step_of_rule<Rule>&, \
                                                   const rule_part&, rule_totals&)
NF_RULE(false, GradientDescentRule);
NF_RULE(false, SgdRule);
NF_RULE(false, AdamWRule);  // Adam's too
NF_RULE(false, LionRule);
NF_RULE(false, AdagradRule);
NF_RULE(false, RmspropRule);
NF_RULE(false, AdemamixRule);
NF_RULE(false, StableAdamWRule);
NF_RULE(true, StableAdamWRule);
NF_RULE(false, LambRule);
NF_RULE(true, LambRule);
NF_RULE(false, LarsRule);
NF_RULE(true, LarsRule);

}  // namespace narrowfloat::detail
