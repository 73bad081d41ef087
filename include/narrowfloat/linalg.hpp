// SPDX-License-Identifier: MIT
// Linear algebra in low precision: dot products, matrix products, and who adds them up.
//
/// Example   // E4M3 by E4M3, added up exactly, in a float, and in 12 bits, rounded at random
///           std::vector<float8_e4m3fn> a(x.size()), b(x.size());
///           convert(x, a);
///           convert(weights, b, Scale{16});
///           const float exact = dot(a, b, ExactAccumulator{});
///           std::vector<float12_e6m5> y(rows * rows);
///           matmul(a, b, y, rows, rows, cols,
///                  FusedAccumulator<float12_e6m5, Stochastic<>>{.rounding = {.seed = 7}},
///                  {.b_transposed = true});
///           assert(std::abs(exact - dot(a, b, FusedAccumulator<float>{})) < 1e-3f);
#pragma once

#include "linalg/accumulator.hpp"
#include "linalg/aligned.hpp"
#include "linalg/casts.hpp"
#include "linalg/compensated.hpp"
#include "linalg/dot.hpp"
#include "linalg/epilogue.hpp"
#include "linalg/exact.hpp"
#include "linalg/free_order.hpp"
#include "linalg/layer_product.hpp"
#include "linalg/layer_tensor.hpp"
#include "linalg/linear.hpp"
#include "linalg/products.hpp"
#include "linalg/recipes.hpp"
