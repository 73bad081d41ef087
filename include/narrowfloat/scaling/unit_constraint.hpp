// SPDX-License-Identifier: MIT
// The factors of unit scaling as types, and the constraints that tie those of one op together.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "detail/scales.hpp"

namespace narrowfloat {

/// The factors of an op with one input (the paper's alpha and beta).
struct OpScales {
  /// What the result, and the gradient of the input, is multiplied by.
  double forward = 1, grad = 1;
};
/// The factors of an op with two inputs, both activations.
struct BinaryScales {
  /// What the result, and the gradients of the two inputs, are multiplied by.
  double forward = 1, grad_left = 1, grad_right = 1;
};
/// The factors of an op with an input x and a parameter w.
struct LinearScales {
  /// What the result, and the gradients of x and w, are multiplied by.
  double forward = 1, grad_x = 1, grad_w = 1;
};

/// What becomes of the factors of an op whose input has other uses as well, so that forward and
/// gradient have to agree. A parameter's gradient has no other use and keeps its own factor. The
/// names are those of the authors' library.
///
/// Example   // y = x w^T of 16 rows, 64 inputs and 256 outputs: the gradient of x has one more
///           // factor of two than y
///           const LinearScales each = linear_scales(16, 64, 256);
///           const LinearScales tied = linear_scales(16, 64, 256, Constraint::to_output_scale);
///           assert(each.forward == 0.125 && each.grad_x == 0.0625 && each.grad_w == 0.25);
///           assert(tied.grad_x == tied.forward && tied.grad_w == each.grad_w);
enum class Constraint {
  none,                 ///< each keeps its own
  gmean,                ///< the geometric mean of all (the paper's)
  hmean,                ///< the harmonic mean
  amean,                ///< the arithmetic mean
  to_output_scale,      ///< the forward factor (the default of u-muP)
  to_grad_input_scale,  ///< the gradient's: ops with one such input
  to_left_grad_scale,   ///< the left gradient's: ops with two
  to_right_grad_scale   ///< the right gradient's
};

namespace detail {
inline namespace NF_BASELINE {

constexpr void require_scale(const char* call, bool holds, const char* what, double got) {
  if (!holds) throw_invalid(call, "needs " + std::string(what) + ", not " + shown(got));
}
constexpr exact size_of(const char* call, std::size_t n) {
  require_scale(call, n > 0, "sizes of at least 1", 0);
  return exact_of(n);
}
/// sqrt(a / b).
constexpr double root_of_quotient(const exact& a, const exact& b) {
  return nearest_double(root(quotient(a, b)));
}

/// The mean that a constraint names, of n factors.
constexpr double mean_scale(Constraint constraint, const double* factors, int n) {
  exact folded = exact_of(constraint == Constraint::gmean ? 1 : 0);
  for (int i = 0; i < n; ++i) {
    const exact x = exact_of(factors[i]);
    folded = constraint == Constraint::gmean   ? product(folded, x)
             : constraint == Constraint::hmean ? sum(folded, quotient(exact_of(1), x))
                                               : sum(folded, x);
  }
  return nearest_double(constraint == Constraint::gmean   ? nth_root(folded, n)
                        : constraint == Constraint::hmean ? quotient(exact_of(n), folded)
                                                          : quotient(folded, exact_of(n)));
}

/// The scale that all of n have under a constraint other than none: the forward one first, then one
/// for each input.
constexpr double common_scale(const char* call, Constraint constraint, const double* scales,
                              int n) {
  switch (constraint) {
    case Constraint::to_output_scale:
      return scales[0];
    case Constraint::to_grad_input_scale:
      if (n == 2) return scales[1];
      throw_invalid(call, "an op with two inputs has a left and a right gradient");
    case Constraint::to_left_grad_scale:
    case Constraint::to_right_grad_scale:
      if (n == 3) return scales[constraint == Constraint::to_left_grad_scale ? 1 : 2];
      throw_invalid(call, "an op with one input has no left and no right gradient");
    default:
      return mean_scale(constraint, scales, n);
  }
}

constexpr OpScales constrained(const char* call, Constraint constraint, const OpScales& s) {
  if (constraint == Constraint::none) return s;
  const double all[] = {s.forward, s.grad};
  const double x = common_scale(call, constraint, all, 2);
  return {x, x};
}
constexpr BinaryScales constrained(const char* call, Constraint constraint, const BinaryScales& s) {
  if (constraint == Constraint::none) return s;
  const double all[] = {s.forward, s.grad_left, s.grad_right};
  const double x = common_scale(call, constraint, all, 3);
  return {x, x, x};
}
constexpr LinearScales constrained(const char* call, Constraint constraint, const LinearScales& s) {
  const OpScales x = constrained(call, constraint, OpScales{s.forward, s.grad_x});
  return {x.forward, x.grad, s.grad_w};
}

}  // namespace NF_BASELINE
}  // namespace detail

}  // namespace narrowfloat
