// SPDX-License-Identifier: MIT
// Unit scaling: the constants by which the ops of a model keep activations, weights and gradients
// at unit variance.
#pragma once

#include <cstddef>

#include "detail/activation_integrals.hpp"
#include "unit_constraint.hpp"

namespace narrowfloat {

// Blake, Orr, Luschi, "Unit Scaling", arXiv 2303.11257: an op y = f(x) becomes y = forward * f(x),
// and the gradient of each input is multiplied by a factor of its own. The results are doubles,
// made in integers: the same in constant expressions and in every floating-point environment.
// Convert with Scale{float(scales.forward)}.

/// A product of two activations, left (rows x inner) and right (inner x cols): 1 / sqrt of the
/// length of each sum.
///
/// Special   a size of 0, here and below, throws std::invalid_argument.
///
/// Example   const BinaryScales s = matmul_scales(64, 16, 4);
///           assert(s.forward == 0.25 && s.grad_left == 0.5 && s.grad_right == 0.125);
///           const BinaryScales c = matmul_scales(64, 16, 4, Constraint::to_output_scale);
///           assert(c.grad_left == 0.25 && c.grad_right == 0.25);
constexpr NF_INLINE BinaryScales matmul_scales(std::size_t rows, std::size_t inner,
                                               std::size_t cols,
                                               Constraint constraint = Constraint::none) {
  using namespace detail;
  return constrained("matmul_scales", constraint,
                     BinaryScales{root_of_quotient(exact_of(1), size_of("matmul_scales", inner)),
                                  root_of_quotient(exact_of(1), size_of("matmul_scales", cols)),
                                  root_of_quotient(exact_of(1), size_of("matmul_scales", rows))});
}

/// A linear layer, x (batch x fan_in) times w (fan_in x fan_out), w initialised to unit variance.
///
/// Example   const LinearScales s = linear_scales(64, 16, 4, Constraint::gmean);
///           assert(s.forward == s.grad_x && s.grad_w == 0.125);
constexpr NF_INLINE LinearScales linear_scales(std::size_t batch, std::size_t fan_in,
                                               std::size_t fan_out,
                                               Constraint constraint = Constraint::none) {
  using namespace detail;
  return constrained("linear_scales", constraint,
                     LinearScales{root_of_quotient(exact_of(1), size_of("linear_scales", fan_in)),
                                  root_of_quotient(exact_of(1), size_of("linear_scales", fan_out)),
                                  root_of_quotient(exact_of(1), size_of("linear_scales", batch))});
}
/// The last layer of a model in u-muP (Blake et al., arXiv 2407.17465): forward is 1 / fan_in,
/// unconstrained.
///
/// Example   assert(linear_readout_scales(64, 16, 4).forward == 1 / 16.0);
constexpr NF_INLINE LinearScales linear_readout_scales(std::size_t batch, std::size_t fan_in,
                                                       std::size_t fan_out) {
  using namespace detail;
  return {nearest_double(quotient(exact_of(1), size_of("linear_readout_scales", fan_in))),
          root_of_quotient(exact_of(1), size_of("linear_readout_scales", fan_out)),
          root_of_quotient(exact_of(1), size_of("linear_readout_scales", batch))};
}

/// The shape of a one-dimensional convolution; channels of one group are channels / groups.
struct Conv1dShape {
  /// The sizes of input, kernel and output, and how the kernel moves.
  std::size_t batch, in_channels, out_channels, kernel, out_length;
  std::size_t stride = 1, groups = 1;
};
/// A convolution as the authors' library scales it: forward sums in_channels * kernel products (of
/// one group), grad_x out_channels * kernel / (stride * groups), grad_w batch * out_length.
///
/// Example   const Conv1dShape shape{
///               .batch = 2, .in_channels = 8, .out_channels = 2, .kernel = 2, .out_length = 32};
///           const LinearScales s = conv1d_scales(shape);
///           assert(s.forward == 0.25 && s.grad_x == 0.5 && s.grad_w == 0.125);
constexpr NF_INLINE LinearScales conv1d_scales(const Conv1dShape& shape,
                                               Constraint constraint = Constraint::none) {
  using namespace detail;
  const exact kernel = size_of("conv1d_scales", shape.kernel),
              groups = size_of("conv1d_scales", shape.groups);
  const exact in = quotient(product(size_of("conv1d_scales", shape.in_channels), kernel), groups);
  const exact out = quotient(product(size_of("conv1d_scales", shape.out_channels), kernel),
                             product(size_of("conv1d_scales", shape.stride), groups));
  const exact uses =
      product(size_of("conv1d_scales", shape.batch), size_of("conv1d_scales", shape.out_length));
  return constrained(
      "conv1d_scales", constraint,
      LinearScales{root_of_quotient(exact_of(1), in), root_of_quotient(exact_of(1), out),
                   root_of_quotient(exact_of(1), uses)});
}

/// A sum of two independent tensors, each perhaps broadcast `repeats` times.
///
/// Example   const BinaryScales s = add_scales(1, 64);  // the right one is a bias of 64 rows
///           assert(s.forward * s.forward < 0.5001 && s.grad_right == 0.125);
constexpr NF_INLINE BinaryScales add_scales(std::size_t left_repeats = 1,
                                            std::size_t right_repeats = 1,
                                            Constraint constraint = Constraint::none) {
  using namespace detail;
  return constrained(
      "add_scales", constraint,
      BinaryScales{root_of_quotient(exact_of(1), exact_of(2)),
                   root_of_quotient(exact_of(1), size_of("add_scales", left_repeats)),
                   root_of_quotient(exact_of(1), size_of("add_scales", right_repeats))});
}

/// The elementwise functions that activation_scales() knows.
enum class Activation {
  relu,    ///< max(x, 0)
  gelu,    ///< x Phi(x), with the distribution function Phi of the normal distribution
  silu,    ///< x / (1 + exp(-x))
  tanh,    ///< the hyperbolic tangent
  sigmoid  ///< 1 / (1 + exp(-x))
};

/// An activation of x ~ N(0, 1): forward = 1 / std f(x) about its mean, grad = 1 / sqrt(E f'(x)^2).
/// GELU is the exact one. The authors' library has empirical fits for GELU and SiLU, which are
/// other numbers: see UnitFactors in unit_transformer.hpp.
///
/// Result    ReLU in closed form, the others by numerical integration when the program is compiled,
///           to 14 digits and more.
///
/// Example   constexpr OpScales s = activation_scales(Activation::relu);
///           static_assert(s.grad * s.grad - 2 < 1e-15 && s.forward > 1.7128);
constexpr NF_INLINE OpScales activation_scales(Activation f,
                                               Constraint constraint = Constraint::none) {
  const auto& moments = detail::activation_moments[static_cast<std::size_t>(f)];
  return detail::constrained(
      "activation_scales", constraint,
      OpScales{detail::root_of_quotient(detail::exact_of(1), detail::exact_of(moments.variance)),
               detail::root_of_quotient(detail::exact_of(1),
                                        detail::exact_of(moments.square_of_slope))});
}

/// Softmax and cross entropy of `classes` logits, summed over the batch: the loss itself is not
/// scaled.
///
/// Special   fewer than 2 classes throw std::invalid_argument.
///
/// Example   assert(softmax_cross_entropy_scales(2).grad == 2);
constexpr NF_INLINE OpScales softmax_cross_entropy_scales(std::size_t classes) {
  using namespace detail;
  require_scale("softmax_cross_entropy_scales", classes >= 2, "at least 2 classes",
                static_cast<double>(classes));
  const exact s = exact_of(classes);
  return {1, root_of_quotient(product(s, s), exact_of(classes - 1))};
}
/// The sum of (x - target)^2, both of unit variance: the gradient 2 (x - target) has variance 8.
///
/// Example   assert(mse_loss_scales().grad < 0.3536);
constexpr NF_INLINE OpScales mse_loss_scales() {
  return {1, detail::root_of_quotient(detail::exact_of(1), detail::exact_of(8))};
}

/// A layer norm over the last dimension of `rows` vectors; grad_w is that of weight and bias.
///
/// Example   assert(layer_norm_scales(64).grad_w == 0.125);
constexpr NF_INLINE LinearScales layer_norm_scales(std::size_t rows) {
  return {
      1, 1,
      detail::root_of_quotient(detail::exact_of(1), detail::size_of("layer_norm_scales", rows))};
}
/// A table of `vocabulary` vectors looked up by `tokens` indices in a batch; grad is that of the
/// table.
///
/// Example   assert(embedding_scales(4096, 1024).grad == 2);
constexpr NF_INLINE OpScales embedding_scales(std::size_t vocabulary, std::size_t tokens) {
  return {1, detail::root_of_quotient(detail::size_of("embedding_scales", vocabulary),
                                      detail::size_of("embedding_scales", tokens))};
}
/// Dropout that keeps 1 - p of the elements and divides them by 1 - p.
///
/// Special   p outside [0, 1) throws std::invalid_argument.
///
/// Example   assert(dropout_scales(0.75).forward == 0.5);
constexpr NF_INLINE OpScales dropout_scales(double p) {
  using namespace detail;
  require_scale("dropout_scales", p >= 0 && p < 1, "a probability in [0, 1)", p);
  const double kept = nearest_double(root(sum(exact_of(1), negated(exact_of(p)))));
  return {kept, kept};
}

/// The factors of the two paths of a residual connection, whose squares add up to 1.
struct ResidualScales {
  /// What the branch, and what the skip connection, is multiplied by.
  double residual = 1, skip = 0;
};
/// x -> skip * x + residual * f(x), with residual / skip = tau. The same two factors scale the
/// gradients where the paths part, in the backward pass; f itself sees x unscaled.
///
/// Special   a negative or infinite tau, and NaN, throw std::invalid_argument.
///
/// Example   const ResidualScales s = residual_scales(0.75);
///           assert(s.skip == 0.8 && s.residual == 0.6);
constexpr NF_INLINE ResidualScales residual_scales(double tau) {
  using namespace detail;
  require_scale("residual_scales", tau >= 0 && tau < 0x1p200, "a ratio of at least 0", tau);
  const exact square = product(exact_of(tau), exact_of(tau)), all = sum(exact_of(1), square);
  return {root_of_quotient(square, all), root_of_quotient(exact_of(1), all)};
}
/// The ratio tau of branch `index` (attention where even, MLP where odd) of a transformer with
/// `branches` of them, in u-muP: `mult` weighs all branches against the embedding,
/// `attention_ratio` attention against MLP.
///
/// Special   index >= branches, and factors that are not positive and finite, throw
///           std::invalid_argument.
///
/// Example   for (std::size_t i = 0; i < 12; ++i) {
///             const ResidualScales s = residual_scales(residual_tau(i, 12));
///             assert(s.residual < s.skip);
///           }
constexpr NF_INLINE double residual_tau(std::size_t index, std::size_t branches, double mult = 1,
                                        double attention_ratio = 1) {
  using namespace detail;
  require_scale("residual_tau", index < branches, "an index below the number of branches",
                static_cast<double>(index));
  require_scale("residual_tau", mult > 0 && mult < 0x1p200, "a positive factor", mult);
  require_scale("residual_tau", attention_ratio > 0 && attention_ratio < 0x1p200,
                "a positive ratio", attention_ratio);
  const exact r = exact_of(mult), a = exact_of(attention_ratio), a_square = product(a, a);
  const exact mlp =
      quotient(product(exact_of(2), product(r, r)), sum(exact_of(1), a_square));  // squares
  const exact attention = product(a_square, mlp);
  const exact before =
      sum(product(exact_of((index + 1) / 2), attention), product(exact_of(index / 2), mlp));
  return root_of_quotient(index % 2 == 0 ? attention : mlp,
                          sum(quotient(exact_of(branches), exact_of(2)), before));
}

}  // namespace narrowfloat
