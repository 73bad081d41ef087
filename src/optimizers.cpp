// SPDX-License-Identifier: MIT
// The loops of optimizers: the rules, the norm of gradients, the limits of narrow state, forms of
// weights.
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
std::size_t count_zeros(in_library, Isa isa, const float* in, std::size_t n) {
  return count_zeros(here{}, isa, in, n);
}
std::size_t count_codes(in_library, Isa isa, const std::uint8_t* bytes, std::size_t n, int bits,
                        std::uint8_t code) {
  return count_codes(here{}, isa, bytes, n, bits, code);
}
StepReport run_step(in_library, const step_call& call, const StepOptions& options) {
  return run_step(here{}, call, options);
}
void split_floats(in_library, Isa isa, const float* in, void* high, void* low, std::size_t n) {
  split_floats(here{}, isa, in, high, low, n);
}
void join_floats(in_library, Isa isa, const void* high, const void* low, float* out,
                 std::size_t n) {
  join_floats(here{}, isa, high, low, out, n);
}
void sum_floats(in_library, Isa isa, const float* a, const float* b, float* out, std::size_t n) {
  sum_floats(here{}, isa, a, b, out, n);
}
void rest_of_floats(in_library, Isa isa, const float* x, const float* kept, float* out,
                    std::size_t n) {
  rest_of_floats(here{}, isa, x, kept, out, n);
}
void power_floats(in_library, Isa isa, const float* in, float* out, std::size_t n,
                  const power_map& map) {
  power_floats(here{}, isa, in, out, n, map);
}
void axpy_floats(in_library, Isa isa, float factor, const float* x, const float* y, double* out,
                 std::size_t n) {
  axpy_floats(here{}, isa, factor, x, y, out, n);
}
template <class F, class R>
void round_doubles(in_library, Isa isa, const double* in, F* out, std::size_t n,
                   const R& rounding) {
  round_doubles(here{}, isa, in, out, n, rounding);
}
template void round_doubles(in_library, Isa, const double*, float16_e6m9*, std::size_t,
                            const NearestEven&);
template void round_doubles(in_library, Isa, const double*, float16_e6m9*, std::size_t,
                            const Stochastic<>&);

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
