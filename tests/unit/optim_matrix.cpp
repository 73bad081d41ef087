// SPDX-License-Identifier: MIT
// Every rule on every storage and form of weights: 1,000 steps, each of those compared as close to
// the step in doubles from the same state as the formats allow.
#include "support/optim_matrix.hpp"

using namespace optim_matrix;

TEST_CASE("every rule and storage, weights that are floats") {
  run_all<float_weights>(all_rules{}, all_storages{});
  run<nf::GradientDescentRule, float_weights>(1);
}
TEST_CASE("every rule and storage, bfloat16 weights alone, rounded at random") {
  run_all<stochastic_bfloat16_weights>(all_rules{}, all_storages{});
}
TEST_CASE("every rule and storage, a master copy") {
  run_all<form_case<nf::MasterWeights<nf::bfloat16>, 24>>(all_rules{}, all_storages{});
  run_all<form_case<nf::MasterWeights<nf::float16>, 24>>(all_rules{}, all_storages{});
}
