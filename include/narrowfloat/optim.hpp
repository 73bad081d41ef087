// SPDX-License-Identifier: MIT
// Optimizers on narrow state, and weights without a master copy.
//
/// Example   // 8-bit AdamW on bfloat16 weights without a master copy: 4.03 bytes a weight
///           std::vector<bfloat16> w(weights.size());
///           convert(weights, w);
///           AdamW<CodebookState, CodebookState> adam({.lr = 1e-3f}, w.size());
///           adam.step(w, gradients, {}, Stochastic<>{.seed = 1});
#pragma once

#include "optim/axpy_sgd.hpp"
#include "optim/codebook_state.hpp"
#include "optim/compensated_weights.hpp"
#include "optim/expanded_state.hpp"
#include "optim/fp8_states.hpp"
#include "optim/fp8_weights.hpp"
#include "optim/gradients.hpp"
#include "optim/muon.hpp"
#include "optim/optimizer.hpp"
#include "optim/remainder_weights.hpp"
#include "optim/residual_weights.hpp"
#include "optim/rule.hpp"
#include "optim/rules.hpp"
#include "optim/step_options.hpp"
#include "optim/storage.hpp"
#include "optim/storage_counts.hpp"
#include "optim/tensor_rules.hpp"
#include "optim/weights.hpp"
