// SPDX-License-Identifier: MIT
// The rival of the optimizers: AdamW as a plain loop over floats, as PyTorch writes it.
#pragma once

#include <cstddef>

namespace bench {

/// Step t of n weights; compiled with -O3 and every instruction of the machine.
void plain_adamw(float* w, const float* g, float* m, float* v, std::size_t n, int t);

}  // namespace bench
