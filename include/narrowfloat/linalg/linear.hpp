// SPDX-License-Identifier: MIT
// Linear: the forward and backward pass of a linear layer, each product in the formats of a recipe.
#pragma once

#include <stdexcept>

#include "../scaling/unit_constraint.hpp"
#include "casts.hpp"
#include "detail/layer_products.hpp"

namespace narrowfloat {

/// What a layer does with its three tensors and its three products: an aggregate with a cast for each of x, w and dy, and
/// a LayerProduct for each of y = x w^T (`forward`), dx = dy w (`input_gradient`) and dw = dy^T x (`weight_gradient`).
/// Its casts hold the state that the recipe carries; copying it saves it. `LinearScales scales(LinearShape) const`, where
/// it has one, gives factors of the three results (unit scaling).
///
/// Example   struct MyRecipe {  // E4M3 by the largest magnitude of the tensor forward, MXFP8 with E5M2 backward
///             ScaledCast<float8_e4m3fn, CurrentScalingOptions> x, w;
///             BlockCast<mxfp8_e5m2, Stochastic<>> dy;
///             LayerProduct<FusedAccumulator<float>> forward, input_gradient, weight_gradient;
///           };
template <class R>
concept linear_recipe = layer_cast<decltype(R::x)> && layer_cast<decltype(R::w)> &&
    layer_cast<decltype(R::dy)> && requires(const R& recipe) {
  recipe.forward.accumulator;
  recipe.input_gradient.accumulator;
  recipe.weight_gradient.accumulator;
};

/// The place of a rounding in Linear::backward(): the recipe's own.
struct RecipeRounding {};
inline constexpr RecipeRounding recipe_rounding{};

/// The operands of a forward pass, which the backward pass reads again.
template <class X, class W>
struct LinearOperands {
  X x;
  W w;
};

/// A linear layer without a bias: y = x w^T, dx = dy w, dw = dy^T x, made of the codes that a recipe quantizes x, w and dy
/// to. Ready recipes are in recipes.hpp. Its members are the recipe with its state, a seed and the number of training
/// passes: copying them saves the layer.
///
///   forward     x along its rows, w along its rows (both sum over `in`)
///   dx          dy along its rows, w down its columns (over `out`)
///   dw          dy down its columns, x down its columns (over `rows`)
///
/// Result    matmul() of the operands by the product's accumulator, times their factors and the recipe's, rounded to a
///           float, and to the product's output type; a factor of 1 does nothing.
/// Special   shapes that do not fit throw std::invalid_argument with the numbers before anything is written or recorded; a
///           backward pass without a training pass before it throws std::logic_error.
/// Promises  a function of the tensors, the recipe with its state, the seed and the number of passes alone: never of the
///           instruction set, the executor or the floating-point environment. Keyed roundings of the recipe draw in
///           pass p from the seeds `seed` and streams 16 p further than theirs, so that no two passes share bits.
/// Cost      the products, as matmul(); a quantization of each tensor a pass. Memory for the operands of the last training
///           pass, which backward() reads.
///
/// Example   Linear<recipes::Mxfp8<>> layer;
///           const LinearShape shape{.rows = 64, .in = 32, .out = 32};
///           std::vector<float> y(64 * 32), dx(64 * 32), dw(32 * 32), input(64 * 32, 0.5f), weight(32 * 32, 0.25f);
///           layer.forward(input, weight, y, shape);
///           layer.backward(y, dx, dw, Stochastic<>{.seed = 1});  // dy = y: the loss is half the sum of squares
///           layer.update();                                      // ends the step
///           layer.forward(input, weight, y, shape, Phase::evaluation);
template <linear_recipe R>
class Linear {
 public:
  using x_tensor = cast_tensor<decltype(R::x)>;
  using w_tensor = cast_tensor<decltype(R::w)>;
  using dy_tensor = cast_tensor<decltype(R::dy)>;
  using operands = LinearOperands<x_tensor, w_tensor>;

  R recipe;
  std::uint64_t seed;        ///< added to the seeds of the recipe's keyed roundings: one a layer
  std::uint64_t passes = 0;  ///< training passes so far

  explicit NF_INLINE Linear(R of = {}, std::uint64_t seed_of_layer = 0)
      : recipe(std::move(of)), seed(seed_of_layer) {}

  /// y = x w^T. A training pass keeps the operands for backward().
  template <task_executor E = SerialExecutor>
  NF_INLINE void forward(std::span<const float> x, std::span<const float> w, std::span<float> y,
                         const LinearShape& shape, Phase phase = Phase::training,
                         E&& executor = {}) {
    constexpr const char* call = "Linear::forward";
    detail::require_shape(call, "y", y.size(), shape.rows, shape.out);
    operands made = quantize(call, x, w, shape, phase);
    detail::multiply_operands(call, recipe.forward, made.x.rows(), made.w.rows(), y,
                              {shape.rows, shape.out, shape.in}, {.b_transposed = true},
                              scales(shape).forward, draw(), executor);
    if (phase == Phase::training) {
      saved_ = std::move(made);
      shape_ = shape;
      is_trained_ = true;
    }
  }

  /// dx = dy w and dw = dy^T x, with the operands of the last training pass. An empty dx or dw is not made. `rounding`
  /// takes the place of that of the recipe's dy.
  template <class Rounding = RecipeRounding, task_executor E = SerialExecutor>
  NF_INLINE void backward(std::span<const float> dy, std::span<float> dx, std::span<float> dw,
                          const Rounding& rounding = {}, E&& executor = {}) {
    constexpr const char* call = "Linear::backward";
    if (!is_trained_)
      throw std::logic_error(
          "narrowfloat::Linear::backward: there was no forward pass with Phase::training");
    const auto [rows, in, out] = shape_;
    if (!dx.empty()) detail::require_shape(call, "dx", dx.size(), rows, in);
    if (!dw.empty()) detail::require_shape(call, "dw", dw.size(), out, in);
    const dy_tensor made = quantize_gradient(call, dy, shape_, rounding);
    const LinearScales by = scales(shape_);
    if (!dx.empty())
      detail::multiply_operands(call, recipe.input_gradient, made.rows(), saved_.w.columns(), dx,
                                {rows, in, out}, {}, by.grad_x, draw(), executor);
    if (!dw.empty())
      detail::multiply_operands(call, recipe.weight_gradient, made.columns(), saved_.x.columns(),
                                dw, {out, in, rows}, {.a_transposed = true}, by.grad_w, draw(),
                                executor);
  }

  /// Ends a step: the next scales of delayed scaling. Workers that share scales reduce() them first, in recipe.
  NF_INLINE void update() {
    const auto end = [](auto& cast) {
      if constexpr (requires { cast.update(); }) cast.update();
    };
    end(recipe.x);
    end(recipe.w);
    end(recipe.dy);
  }

  /// The operands alone, for products of one's own: what forward() quantizes x and w to, with the same records.
  ///
  /// Example   // y by a product of your own; dw would be that of qdy.columns() and qx.columns()
  ///           Linear<recipes::Mxfp8<>> layer;
  ///           const LinearShape shape{.rows = rows, .in = cols, .out = rows};
  ///           const auto [qx, qw] = layer.quantized(x, weights, shape);
  ///           std::vector<float> y(rows * rows);
  ///           matmul(qx.rows().values, qw.rows().values, y, rows, rows, cols, ExactAccumulator{}, {.b_transposed = true});
  ///           const auto factor = static_cast<float>(qx.rows().factor * qw.rows().factor);
  ///           convert(y, y, Scale{factor});
  ///           const auto qdy = layer.quantized(y, shape);
  [[nodiscard]] NF_INLINE operands quantized(std::span<const float> x, std::span<const float> w,
                                             const LinearShape& shape,
                                             Phase phase = Phase::training) {
    return quantize("Linear::quantized", x, w, shape, phase);
  }
  /// What backward() quantizes dy to.
  template <class Rounding = RecipeRounding>
  [[nodiscard]] NF_INLINE dy_tensor quantized(std::span<const float> dy, const LinearShape& shape,
                                              const Rounding& rounding = {}) {
    return quantize_gradient("Linear::quantized", dy, shape, rounding);
  }

 private:
  detail::pass_draw draw() const { return {seed, passes}; }
  LinearScales scales(const LinearShape& shape) const {
    if constexpr (requires { recipe.scales(shape); }) {
      return recipe.scales(shape);
    } else {
      return {};
    }
  }

  operands quantize(const char* call, std::span<const float> x, std::span<const float> w,
                    const LinearShape& shape, Phase phase) {
    const auto [rows, in, out] = shape;
    const auto of_x = detail::matrix_of(call, "x", x, rows, in),
               of_w = detail::matrix_of(call, "w", w, out, in);
    require_groups(call, "in", in, recipe.forward.rotation);
    if (phase == Phase::training) {
      require_groups(call, "out", out, recipe.input_gradient.rotation);
      require_groups(call, "rows", rows, recipe.weight_gradient.rotation);
      ++passes;
    }
    return {quantize_tensor(recipe.x, of_x, phase, draw(), recipe.forward.rotation,
                            recipe.weight_gradient.rotation),
            quantize_tensor(recipe.w, of_w, phase, draw(), recipe.forward.rotation,
                            recipe.input_gradient.rotation)};
  }
  template <class Rounding>
  dy_tensor quantize_gradient(const char* call, std::span<const float> dy, const LinearShape& shape,
                              const Rounding& rounding) {
    const auto of_dy = detail::matrix_of(call, "dy", dy, shape.rows, shape.out);
    require_groups(call, "out", shape.out, recipe.input_gradient.rotation);
    require_groups(call, "rows", shape.rows, recipe.weight_gradient.rotation);
    const auto by = [&](const auto& draws) {
      return quantize_tensor(recipe.dy, of_dy, Phase::training, draws,
                             recipe.input_gradient.rotation, recipe.weight_gradient.rotation);
    };
    if constexpr (std::same_as<Rounding, RecipeRounding>) {
      return by(draw());
    } else {
      return by(detail::given_draw<Rounding>{rounding});
    }
  }

  /// Quantizes a tensor, rotated along its rows for the one product and down its columns for the other.
  template <class Cast, class Draw>
  cast_tensor<Cast> quantize_tensor(Cast& cast, MatrixView<const float> x, Phase phase,
                                    const Draw& draws, const Rotation& along_rows,
                                    const Rotation& down_columns) const {
    if (along_rows.group == 0 && down_columns.group == 0)
      return cast.quantize_both(x, phase, draws);
    std::vector<float> memory;
    const auto rotated = [&](const Rotation& by, int axis) {
      if (by.group == 0) return x;
      memory.resize(x.size());
      const MatrixView to(memory, x.rows(), x.cols());
      hadamard(x, to, detail::hadamard_of(by, axis, draw()));
      return MatrixView<const float>(to);
    };
    auto rows = cast.quantize_rows(rotated(along_rows, 1), phase, draws);
    if (phase == Phase::evaluation) return {std::move(rows), std::nullopt};
    return {std::move(rows), cast.quantize_columns(rotated(down_columns, 0), phase, draws)};
  }
  static void require_groups(const char* call, const char* what, std::size_t length,
                             const Rotation& rotation) {
    if (rotation.group != 0 && length % rotation.group != 0)
      detail::throw_invalid(call, std::string(what) + " = " + std::to_string(length) +
                                      " is no multiple of the Hadamard group of " +
                                      std::to_string(rotation.group));
  }

  operands saved_;
  LinearShape shape_{};
  bool is_trained_ = false;
};

}  // namespace narrowfloat
