// SPDX-License-Identifier: MIT
// The rules of optimizers, forms of weights and narrow states, built with -ffast-math: the same
// bits.
#include "optim_forms.cpp"
#include "optim_rules.cpp"
