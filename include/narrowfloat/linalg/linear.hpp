// SPDX-License-Identifier: MIT
// Linear: the forward and backward pass of a linear layer, each product in the formats of a recipe.
#pragma once

#include <stdexcept>

#include "../errors.hpp"
#include "../scaling/unit_constraint.hpp"
#include "casts.hpp"
#include "detail/layer_products.hpp"
#include "detail/layer_quantize.hpp"

namespace narrowfloat {

/// What a layer does with its three tensors and its three products: an aggregate with a cast for
/// each of x, w and dy, and a LayerProduct for each of y = x w^T (`forward`), dx = dy w
/// (`input_gradient`) and dw = dy^T x (`weight_gradient`). Its casts hold the state that the recipe
/// carries; copying it saves it. `LinearScales scales(LinearShape) const`, where it has one, gives
/// factors of the three results (unit scaling).
///
/// Example   // E4M3 by the largest magnitude of the tensor forward, MXFP8 with E5M2 backward
///           struct MyRecipe {
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

/// In the place of a rounding of Linear::backward(): the recipe's own.
struct RecipeRounding {};
inline constexpr RecipeRounding recipe_rounding{};

/// The operands of a forward pass, which the backward pass reads again.
template <class X, class W>
struct LinearOperands {
  /// The quantized input and weight.
  X x;
  W w;
};

/// A linear layer without a bias: y = x w^T, dx = dy w, dw = dy^T x, made of the codes that a
/// recipe quantizes x, w and dy to. recipes.hpp has recipes. Copying the public members saves it.
///
///   forward     x along its rows, w along its rows (both sum over `in`)
///   dx          dy along its rows, w down its columns (over `out`)
///   dw          dy down its columns, x down its columns (over `rows`)
///
/// Result    matmul() of the operands by the product's accumulator, times their factors and the
///           recipe's as one float (unless 1), rounded to a float and to the product's output type.
/// Special   shapes that do not fit throw std::invalid_argument with the numbers; a backward pass
///           without a training pass before it throws std::logic_error. Whatever is thrown, nothing
///           is recorded, and where shapes and scales are wrong nothing is written. Formats that
///           saturate make Inf the largest number, so that an overflow of a loss scale does not
///           reach dw: give dy .saturation = Saturation::propagate where it has to.
/// Promises  a function of the tensors and the state alone: never of the instruction set, the
///           executor or the floating-point environment. In pass p keyed roundings of the recipe
///           draw with `seed` added to their seeds, from streams 64 p + 8 i further than theirs,
///           with i the place in x, w, dy, forward, input_gradient, weight_gradient: no two of
///           them, and no two passes, share bits as long as the recipe's own streams are below 8.
///           Evaluation draws from 2^56 streams further, the same ones until the next training
///           pass. New random signs come with each step.
/// Cost      that of the products and of quantizing each tensor: both are tasks of the executor.
///           Memory for backward()'s x and w.
///
/// Example   Linear<recipes::Mxfp8<>> layer;
///           const LinearShape shape{.rows = 64, .in = 32, .out = 32};
///           std::vector<float> input(64 * 32, 0.5f), weight(32 * 32, 0.25f);
///           std::vector<float> y(64 * 32), dx(64 * 32), dw(32 * 32);
///           layer.forward(input, weight, y, shape);
///           layer.backward(y, dx, dw, Stochastic<>{.seed = 1, .stream = layer.passes});  // dy = y
///           layer.update();  // ends the step
///           layer.forward(input, weight, y, shape, Phase::evaluation);
template <linear_recipe R>
class Linear {
 public:
  /// What the recipe quantizes x, w and dy to, and what a forward pass keeps.
  using x_tensor = cast_tensor<decltype(R::x)>;
  using w_tensor = cast_tensor<decltype(R::w)>;
  using dy_tensor = cast_tensor<decltype(R::dy)>;
  using operands = LinearOperands<x_tensor, w_tensor>;

  R recipe{};                ///< with its scales and histories
  std::uint64_t seed = 0;    ///< of the layer, for its random bits
  std::uint64_t passes = 0;  ///< training passes so far
  std::uint64_t steps = 0;   ///< calls of update() so far

  Linear() = default;
  /// A layer with this recipe; the seed keys its random bits.
  explicit NF_INLINE Linear(R of, std::uint64_t seed_of_layer = 0)
      : recipe(std::move(of)), seed(seed_of_layer) {}

  /// y = x w^T. A training pass keeps the operands for backward().
  template <task_executor E = SerialExecutor>
  NF_INLINE void forward(std::span<const float> x, std::span<const float> w, std::span<float> y,
                         const LinearShape& shape, Phase phase = Phase::training,
                         E&& executor = {}) {
    constexpr const char* call = "Linear::forward";
    detail::require_shape(call, "y", y.size(), shape.rows, shape.out);
    quantized_pass made = quantize(call, x, w, shape, phase, detail::executor_of(executor));
    detail::multiply_operands(call, recipe.forward, made.made.x.rows(), made.made.w.rows(), y,
                              {shape.rows, shape.out, shape.in}, {.b_transposed = true},
                              scales(shape).forward, draw(part::forward, made.pass), executor);
    if (phase == Phase::evaluation) return;
    keep(made);
    saved_ = std::move(made.made);
    saved_.x.drop_rows();
    saved_.w.drop_rows();
    shape_ = shape;
    is_trained_ = true;
  }

  /// dx = dy w and dw = dy^T x, with the operands of the last training pass. An empty dx or dw is
  /// not made. `rounding` takes the place of that of the recipe's dy, as it is: the caller moves
  /// its stream on. A second call draws the same bits and records dy again.
  template <class Rounding = RecipeRounding, task_executor E = SerialExecutor>
  NF_INLINE void backward(std::span<const float> dy, std::span<float> dx, std::span<float> dw,
                          const Rounding& rounding = {}, E&& executor = {}) {
    constexpr const char* call = "Linear::backward";
    if (!is_trained_)
      detail::fail<std::logic_error>(call, "there was no forward pass with Phase::training");
    const auto [rows, in, out] = shape_;
    if (!dx.empty()) detail::require_shape(call, "dx", dx.size(), rows, in);
    if (!dw.empty()) detail::require_shape(call, "dw", dw.size(), out, in);
    auto made = quantize_gradient(call, dy, shape_, rounding, detail::executor_of(executor));
    const auto product = [&](const auto& how, part of, const auto& a, const auto& b,
                             std::span<float> c, const detail::product_size& size,
                             const MatmulOptions& options, double by) {
      detail::multiply_operands(call, how, a, b, c, size, options, by, draw(of, passes), executor);
    };
    const LinearScales by = scales(shape_);
    if (!dx.empty()) {
      if (!dw.empty())  // before dx is written
        detail::require_depth(call, recipe.weight_gradient, made.tensor.columns(),
                              saved_.x.columns(), rows);
      product(recipe.input_gradient, part::input_gradient, made.tensor.rows(), saved_.w.columns(),
              dx, {rows, in, out}, {}, by.grad_x);
    }
    if (!dw.empty())
      product(recipe.weight_gradient, part::weight_gradient, made.tensor.columns(),
              saved_.x.columns(), dw, {out, in, rows}, {.a_transposed = true}, by.grad_w);
    recipe.dy = std::move(made.cast);
  }

  /// Ends a step: the next delayed scales and random signs. Workers reduce() shared scales first.
  NF_INLINE void update() {
    const auto end = [](auto& cast) {
      if constexpr (requires { cast.update(); }) cast.update();
    };
    end(recipe.x);
    end(recipe.w);
    end(recipe.dy);
    ++steps;
  }

  /// What is saved between steps: seed, passes, steps, and what the casts of the recipe carry; not
  /// what a training pass has left for backward().
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

  /// The operands alone, for products of one's own: records as forward() does, and keeps nothing.
  /// Each lies as its tensor does, its columns() too.
  ///
  /// Example   // y by a product of your own; dw would be that of qdy.columns() and qx.columns()
  ///           Linear<recipes::Mxfp8<>> layer;
  ///           const LinearShape shape{.rows = rows, .in = cols, .out = rows};
  ///           const auto [qx, qw] = layer.quantized(x, weights, shape);
  ///           std::vector<float> y(rows * rows);
  ///           matmul(qx.rows().values, qw.rows().values, y, rows, rows, cols, ExactAccumulator{},
  ///                  {.b_transposed = true});
  ///           const auto factor = static_cast<float>(qx.rows().factor * qw.rows().factor);
  ///           convert(y, y, Scale{factor});
  ///           const auto qdy = layer.quantized(y, shape);
  template <task_executor E = SerialExecutor>
  [[nodiscard]] NF_INLINE operands quantized(std::span<const float> x, std::span<const float> w,
                                             const LinearShape& shape,
                                             Phase phase = Phase::training, E&& executor = {}) {
    quantized_pass made =
        quantize("Linear::quantized", x, w, shape, phase, detail::executor_of(executor));
    if (phase == Phase::training) keep(made);
    return std::move(made.made);
  }
  /// What backward() quantizes dy to.
  template <class Rounding = RecipeRounding, task_executor E = SerialExecutor>
  [[nodiscard]] NF_INLINE dy_tensor quantized(std::span<const float> dy, const LinearShape& shape,
                                              const Rounding& rounding = {}, E&& executor = {}) {
    auto made =
        quantize_gradient("Linear::quantized", dy, shape, rounding, detail::executor_of(executor));
    recipe.dy = std::move(made.cast);
    return std::move(made.tensor);
  }

 private:
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    std::vector<Part> all{state_part("seed", self.seed), state_part("passes", self.passes),
                          state_part("steps", self.steps)};
    detail::append_parts(all, "x", self.recipe.x);
    detail::append_parts(all, "w", self.recipe.w);
    detail::append_parts(all, "dy", self.recipe.dy);
    return all;
  }
  using part = detail::layer_part;
  /// The operands of a pass, and the casts after it.
  struct quantized_pass {
    operands made;
    decltype(R::x) x;
    decltype(R::w) w;
    std::uint64_t pass;
  };

  detail::pass_draw draw(part of, std::uint64_t pass) const { return {seed, pass, of}; }
  void keep(quantized_pass& made) {
    recipe.x = std::move(made.x);
    recipe.w = std::move(made.w);
    passes = made.pass;
  }
  LinearScales scales(const LinearShape& shape) const {
    if constexpr (requires { recipe.scales(shape); }) {
      const bool is_empty = shape.rows == 0 || shape.in == 0 || shape.out == 0;
      if (!is_empty) return recipe.scales(shape);
    }
    return {};
  }

  template <class E>
  NF_INLINE quantized_pass quantize(const char* call, std::span<const float> x,
                                    std::span<const float> w, const LinearShape& shape, Phase phase,
                                    const E& executor) const {
    const auto [rows, in, out] = shape;
    const auto of_x = detail::matrix_of(call, "x", x, rows, in),
               of_w = detail::matrix_of(call, "w", w, out, in);
    detail::require_rotation(call, "in", in, recipe.forward.rotation);
    if (phase == Phase::training) {
      detail::require_rotation(call, "out", out, recipe.input_gradient.rotation);
      detail::require_rotation(call, "rows", rows, recipe.weight_gradient.rotation);
    }
    const std::uint64_t pass =
        phase == Phase::training ? passes + 1 : passes + detail::passes_of_training;
    auto made_x = detail::quantize_tensor(
        recipe.x, of_x, phase, draw(part::x, pass),
        {recipe.forward.rotation, recipe.weight_gradient.rotation, seed, steps}, executor);
    auto made_w = detail::quantize_tensor(
        recipe.w, of_w, phase, draw(part::w, pass),
        {recipe.forward.rotation, recipe.input_gradient.rotation, seed, steps}, executor);
    return {{std::move(made_x.tensor), std::move(made_w.tensor)},
            std::move(made_x.cast),
            std::move(made_w.cast),
            pass};
  }
  template <class Rounding, class E>
  NF_INLINE auto quantize_gradient(const char* call, std::span<const float> dy,
                                   const LinearShape& shape, const Rounding& rounding,
                                   const E& executor) const {
    const auto of_dy = detail::matrix_of(call, "dy", dy, shape.rows, shape.out);
    const detail::tensor_rotations rotations{recipe.input_gradient.rotation,
                                             recipe.weight_gradient.rotation, seed, steps};
    detail::require_rotation(call, "out", shape.out, rotations.along_rows);
    detail::require_rotation(call, "rows", shape.rows, rotations.down_columns);
    if constexpr (std::same_as<Rounding, RecipeRounding>) {
      return detail::quantize_tensor(recipe.dy, of_dy, Phase::training, draw(part::dy, passes),
                                     rotations, executor);
    } else {
      return detail::quantize_tensor(recipe.dy, of_dy, Phase::training,
                                     detail::given_draw<Rounding>{rounding}, rotations, executor);
    }
  }

  operands saved_;
  LinearShape shape_{};
  bool is_trained_ = false;
};

}  // namespace narrowfloat
