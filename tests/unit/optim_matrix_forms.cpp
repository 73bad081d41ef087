// SPDX-License-Identifier: MIT
// Every rule on every storage, with the forms of weights that need no float copy.
#include "support/optim_matrix.hpp"

using namespace optim_matrix;

TEST_CASE("every rule and storage, weights with compensation and pairs") {
  run_all<form_case<nf::KahanWeights<>, 7>>(all_rules{}, all_storages{});
  run_all<form_case<nf::PairWeights<>, 16>>(all_rules{}, all_storages{});
}
TEST_CASE("every rule and storage, remainder bits: exactly floats") {
  run_all<form_case<nf::RemainderWeights, 24>>(all_rules{}, all_storages{});
}
TEST_CASE("every rule and storage, 8-bit weights with residuals, FP8-LM") {
  run_all<form_case<nf::ResidualWeights<>, 9>>(all_rules{}, all_storages{});
  run_all<form_case<nf::Fp8LmWeights, 10>>(all_rules{}, all_storages{});
}
