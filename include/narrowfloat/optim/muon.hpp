// SPDX-License-Identifier: MIT
// Muon: momentum, made orthogonal by matrix products.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../linalg/accumulator.hpp"
#include "../linalg/products.hpp"
#include "optimizer.hpp"

namespace narrowfloat {

/// How Muon's rate depends on the shape of a matrix.
enum class MuonRate {
  original,  ///< lr sqrt(max(1, rows / cols)), of Jordan et al. 2024
  /// 0.2 lr sqrt(max(rows, cols)): updates as large as Adam's (Liu et al., arXiv 2502.16982)
  match_adam
};

/// The options of Muon, with the defaults of PyTorch.
struct MuonOptions {
  /// The learning rate, the decay of the momentum, and decoupled decay of the weights.
  double lr = 1e-3, momentum = 0.95, weight_decay = 0.1;
  /// Whether the update looks ahead, as Nesterov's momentum does.
  bool nesterov = true;
  int iterations = 5;  ///< of Newton and Schulz
  double eps = 1e-7;   ///< the least norm that is divided by
  /// How the rate depends on the shape.
  MuonRate rate = MuonRate::original;
};

namespace detail {

/// m = momentum m + (1 - momentum) g; w becomes w + m, or with Nesterov w + momentum m + (1 -
/// momentum) g.
struct MuonMomentumRule {
  double momentum = 0.95;
  bool nesterov = true;

  static constexpr const char* name = "Muon";
  static constexpr auto states = SgdRule::states;
  NF_INLINE void check() const { option_check{name}.below_one("momentum", momentum); }
  NF_INLINE SgdRule::Step at(std::uint64_t) const {
    const float beta = to_float(momentum), rest = rest_of(momentum);
    return {{-1.0f}, beta, rest, 0.0f, nesterov ? beta : 1.0f, nesterov ? rest : 0.0f};
  }
};
/// w - (rate u + decay w) of a matrix u that is made.
struct MuonWeightRule {
  float rate = 0, decay = 0;

  static constexpr const char* name = "Muon";
  static constexpr std::array<RuleState, 0> states{};
  NF_INLINE void check() const {}
  NF_INLINE GradientDescentRule::Step at(std::uint64_t) const { return {{rate, decay}, 0.0f}; }
};

inline namespace NF_BASELINE {

/// Replaces a matrix by a polynomial of Newton and Schulz's iterations that brings its singular
/// values near 1: X = x / max(|x|, eps), then each time A = X X', X = (a I + b A + c A A) X with X
/// rounded to bfloat16 before.
template <class E>
void orthogonalize(std::vector<float>& x, std::size_t rows, std::size_t cols, int iterations,
                   double eps, E& executor) {
  constexpr float a = 3.4445f, b = -4.7750f, c = 2.0315f;  // Jordan et al. 2024
  const bool tall = rows > cols;
  const std::size_t n = std::min(rows, cols);
  GradientNorm norm;
  norm.add(x, 1, executor);
  const float divisor = std::max(to_float(norm.norm()), to_float(eps));
  if (is_zero(divisor)) return;  // of zeros, and eps = 0
  convert(x, x, Divide{divisor}, executor);
  std::vector<float> square(n * n), mixed(n * n), polynomial(n * n), next(x.size());
  std::vector<bfloat16> operand(x.size());
  const auto add_to_diagonal = [n](std::vector<float>& matrix, float y) {
    for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] = float_total(matrix[i * n + i], y);
  };
  const FusedAccumulator<float> sums{};
  for (int i = 0; i < iterations; ++i) {
    convert(x, operand, executor);
    convert(operand, x, executor);
    matmul(x, x, square, n, n, tall ? rows : cols, sums,
           {.a_transposed = tall, .b_transposed = !tall}, executor);
    convert(square, mixed, Scale{c}, executor);
    add_to_diagonal(mixed, b);
    matmul(mixed, square, polynomial, n, n, n, sums, {}, executor);
    add_to_diagonal(polynomial, a);
    if (tall)
      matmul(x, polynomial, next, rows, cols, cols, sums, {}, executor);
    else
      matmul(polynomial, x, next, rows, cols, rows, sums, {}, executor);
    std::swap(x, next);
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Muon (Jordan et al. 2024) for the weights of one matrix, row-major: its momentum, made
/// orthogonal, is the update. The members are its options, then its state; copying it saves it.
///
/// Result    m = momentum m + (1 - momentum) g, u = m (with Nesterov momentum m + (1 - momentum)
///           g), U = u made nearly orthogonal by `iterations` of Newton and Schulz in floats whose
///           operand is rounded to bfloat16, as PyTorch keeps it; w - (rate U + lr weight_decay w).
/// Special, Requires, Promises   as for Optimizer::step(); rows times cols weights.
/// Cost      some 2 iterations (2 rows cols n + n^3) multiply-adds, n the smaller of rows and cols,
///           and five matrices of memory while it runs.
///
/// Example   std::vector<float> w = weights;
///           Muon<Bfloat16State> muon({.lr = 0.02}, rows, cols);
///           const StepReport done = muon.step(w, gradients);
///           assert(!done.skipped && muon.size_bytes() == 2 * w.size());
template <state_storage M = FloatState>
struct Muon : MuonOptions {
  /// The shape of the matrix.
  std::size_t rows, cols;
  /// The momentum, and the count of steps.
  Optimizer<detail::MuonMomentumRule, M> averaged;

  /// Zero momentum for a matrix of this shape.
  NF_INLINE Muon(const MuonOptions& options, std::size_t of_rows, std::size_t of_cols)
      : MuonOptions(options),
        rows(of_rows),
        cols(of_cols),
        averaged({options.momentum, options.nesterov}, checked_size(of_rows, of_cols)) {
    check();
  }

  template <class W, float_source G, rounding_policy R = NearestEven,
            task_executor E = SerialExecutor>
  /// One step: see Optimizer::step().
  NF_INLINE StepReport step(W&& weights, const G& gradients, const StepOptions& options = {},
                            R rounding = {}, E&& executor = {}) {
    check();
    averaged.momentum = momentum;
    averaged.nesterov = nesterov;
    auto form = detail::form_of(weights);
    if (form.size() != rows * cols)
      detail::throw_invalid("Muon", "there are " + std::to_string(form.size()) + " weights for " +
                                        std::to_string(rows) + " x " + std::to_string(cols));
    std::vector<float> update(rows * cols);
    StepReport report = averaged.step(update, gradients, options, rounding, executor);
    if (report.skipped) return report;
    detail::orthogonalize(update, rows, cols, iterations, eps, executor);
    Optimizer<detail::MuonWeightRule> last({rate_of_shape(), detail::decay_of(lr, weight_decay)},
                                           rows * cols);
    last.steps = averaged.steps - 1;
    const StepReport moved =
        last.step(weights, update, {.on_overflow = OnOverflow::unchecked}, rounding, executor);
    report.largest_update = moved.largest_update;
    report.weights = moved.weights;
    return report;
  }

  /// What is saved, and its bytes.
  NF_INLINE std::vector<StatePart> parts() { return averaged.parts(); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return averaged.parts(); }
  NF_INLINE std::size_t size_bytes() const { return averaged.size_bytes(); }

 private:
  static NF_INLINE std::size_t checked_size(std::size_t rows, std::size_t cols) {
    detail::require_matrix("Muon", rows, cols);
    return rows * cols;
  }
  NF_INLINE void check() const {
    const detail::option_check is{"Muon"};
    is.positive_or_zero("lr", lr);
    is.positive_or_zero("weight_decay", weight_decay);
    is.positive_or_zero("eps", eps);
    is.require(iterations >= 0, "iterations", iterations, "0 or more");
  }
  NF_INLINE float rate_of_shape() const {
    using namespace detail;
    const exact by = exact_of(lr), tall = exact_of(rows), wide = exact_of(cols);
    if (rate == MuonRate::match_adam) {
      const exact most = root(exact_of(std::max(rows, cols)));
      return nearest_float(product(product(by, exact_of(0.2)), most));
    }
    return nearest_float(rows > cols ? product(by, root(quotient(tall, wide))) : by);
  }
};

}  // namespace narrowfloat
