// SPDX-License-Identifier: MIT
// The rules of optimizers, built with -ffast-math: the same bits.
#include "optim_rules.cpp"
