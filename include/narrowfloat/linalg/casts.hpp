// SPDX-License-Identifier: MIT
// Casts: how a linear layer quantizes a tensor for its two products. Plain aggregates; what a
// recipe is made of.
#pragma once

#include "../block.hpp"
#include "../quantize/int8_matrix.hpp"
#include "../scaling/bias.hpp"
#include "../scaling/scaled_tensor.hpp"
#include "layer_tensor.hpp"

namespace narrowfloat {

/// A cast quantizes a float matrix without gaps for the product that sums along its rows
/// (quantize_rows), for the one that sums down its columns (quantize_columns), or for both
/// (quantize_both). Each takes the matrix, the Phase, `draw`, which makes of the cast's rounding
/// that of this pass, and the executor whose tasks do the work.
template <class C>
concept layer_cast = requires {
  typename C::rows_operand;
  typename C::columns_operand;
};

/// The tensor that a cast makes.
template <class C>
using cast_tensor = LayerTensor<typename C::rows_operand, typename C::columns_operand>;

namespace detail {
inline namespace NF_BASELINE {

/// The elements of a matrix without gaps.
inline std::span<const float> elements_of(MatrixView<const float> x) {
  return {x.data(), x.size()};
}
/// A float as a double, where subnormal operands are read as zero too.
inline double exact_as_double(float x) { return nearest_double(exact_of(x)); }

}  // namespace NF_BASELINE
}  // namespace detail

/// To the numbers of a type, without a scale: float, bfloat16 and float16 of mixed precision, FP8
/// of unit scaling and IBM's recipes. One copy for both products. FP8 saturates; wider types
/// overflow to Inf, which a loss scale looks for.
template <class F = float, rounding_policy R = NearestEven>
requires number<F> && lossless_to<F, float>
struct FloatCast {
  /// One operand serves both products.
  using rows_operand = ProductOperand<std::vector<F>>;
  using columns_operand = rows_operand;
  /// Saturation::finite for 8 bits, else that of convert().
  static constexpr Saturation usual_saturation =
      sizeof(F) == 1 ? Saturation::finite : default_saturation<F>;
  /// How the numbers are rounded.
  R rounding{};
  /// What becomes of those beyond the largest one.
  Saturation saturation = usual_saturation;

  /// What layer_cast asks for.
  template <class Draw, task_executor E = SerialExecutor>
  rows_operand quantize_rows(MatrixView<const float> x, Phase, const Draw& draw,
                             E&& executor = {}) const {
    rows_operand made{std::vector<F>(x.size())};
    convert(detail::elements_of(x), made.values, draw(rounding), saturation, executor);
    return made;
  }
  template <class Draw, task_executor E = SerialExecutor>
  columns_operand quantize_columns(MatrixView<const float> x, Phase phase, const Draw& draw,
                                   E&& executor = {}) const {
    return quantize_rows(x, phase, draw, executor);
  }
  template <class Draw, task_executor E = SerialExecutor>
  auto quantize_both(MatrixView<const float> x, Phase phase, const Draw& draw,
                     E&& executor = {}) const {
    return cast_tensor<FloatCast>(quantize_rows(x, phase, draw, executor));
  }
};

/// The source of Graphcore's FP8-AMAX for a ScaledCast: 2^b with b = amax_bias<F>(amax, margin).
template <narrow_float F>
struct AmaxBias {
  /// Bits of headroom.
  int margin = 0;
  /// The factor of the values.
  template <task_executor E = SerialExecutor>
  NF_INLINE float operator()(std::span<const float> values, E&& executor = {}) const {
    return amax_bias<F>(amax(values, NanAmax::keep, executor), margin).scale();
  }
};

/// To FP8 with one scale, by a recipe of scaling/: Source is a DelayedScaling<F>, a ScalingMeta<F>,
/// CurrentScalingOptions, a Scale, or a function of one's own that gives the factor of the values
/// (and may take the executor behind them), such as AmaxBias. One copy for both products.
///
/// A training pass records in the source as ScaledTensor::quantize() does; evaluation leaves it as
/// it is: its scale is that of a copy. Linear::update() ends the step of a DelayedScaling. Under a
/// Rotation, which takes two copies, each is recorded: a ScalingMeta counts two passes.
template <narrow_float F, class Source, rounding_policy R = NearestEven>
struct ScaledCast {
  /// One operand serves both products.
  using rows_operand = ProductOperand<std::vector<F>>;
  using columns_operand = rows_operand;
  /// What the scale comes from.
  Source source{};
  /// How the codes are rounded.
  R rounding{};
  /// What becomes of values beyond the largest code.
  Saturation saturation = Saturation::finite;

  /// What layer_cast asks for.
  template <class Draw, task_executor E = SerialExecutor>
  rows_operand quantize_rows(MatrixView<const float> x, Phase phase, const Draw& draw,
                             E&& executor = {}) {
    if (phase == Phase::training) return made_by(source, x, draw(rounding), executor);
    Source copy = source;
    return made_by(copy, x, draw(rounding), executor);
  }
  template <class Draw, task_executor E = SerialExecutor>
  columns_operand quantize_columns(MatrixView<const float> x, Phase phase, const Draw& draw,
                                   E&& executor = {}) {
    return quantize_rows(x, phase, draw, executor);
  }
  template <class Draw, task_executor E = SerialExecutor>
  auto quantize_both(MatrixView<const float> x, Phase phase, const Draw& draw, E&& executor = {}) {
    return cast_tensor<ScaledCast>(quantize_rows(x, phase, draw, executor));
  }
  /// Ends a step.
  void update() {
    if constexpr (std::same_as<Source, DelayedScaling<F>>) source.update();
  }
  /// What is saved: that of the source, if it has any.
  std::vector<StatePart> parts() requires has_state<Source> { return source.parts(); }
  std::vector<ConstStatePart> parts() const requires has_state<Source> { return source.parts(); }

 private:
  template <class Chosen, class E>
  NF_INLINE rows_operand made_by(Source& from, MatrixView<const float> x, const Chosen& chosen,
                                 E& executor) const {
    const auto values = detail::elements_of(x);
    ScaledTensor<F> made;
    if constexpr (scale_source<Source&, F>) {
      made.assign(values, from, chosen, saturation, executor);
    } else if constexpr (requires { from(values, executor); }) {
      made.assign(values, Scale{from(values, executor)}, chosen, saturation, executor);
    } else {
      made.assign(values, Scale{from(values)}, chosen, saturation, executor);
    }
    const double inverse = detail::exact_as_double(made.scale_inv());
    return {std::move(made).codes(), inverse};
  }
};

/// To a block format, with blocks along the axis that each product sums over: two copies from one
/// read of the values. Square blocks are the same along both axes, and stand once.
///
/// options.axis does not count. The scale of a tensor, and the 4/3 of options.three_quarters,
/// become the operand's factor: products are made of the values below it.
template <block_format Format, rounding_policy R = NearestEven>
struct BlockCast {
  /// What layer_cast asks for.
  using rows_operand = ProductOperand<BlockTensor<Format>>;
  using columns_operand = rows_operand;
  /// How blocks are quantized; the axis is the cast's.
  QuantizeOptions options{};
  /// How the elements are rounded.
  R rounding{};

  /// What layer_cast asks for.
  template <class Draw, task_executor E = SerialExecutor>
  rows_operand quantize_rows(MatrixView<const float> x, Phase, const Draw& draw,
                             E&& executor = {}) const {
    return along(1, x, draw, executor);
  }
  template <class Draw, task_executor E = SerialExecutor>
  columns_operand quantize_columns(MatrixView<const float> x, Phase, const Draw& draw,
                                   E&& executor = {}) const {
    return along(0, x, draw, executor);
  }
  template <class Draw, task_executor E = SerialExecutor>
  auto quantize_both(MatrixView<const float> x, Phase phase, const Draw& draw,
                     E&& executor = {}) const {
    using tensor = cast_tensor<BlockCast>;
    if constexpr (Format::block_size == Format::block_rows)
      return tensor(along(1, x, draw, executor));
    if (phase == Phase::evaluation) return tensor(along(1, x, draw, executor), std::nullopt);
    auto both = BlockTensor<Format>::quantize_both(x, options, draw(rounding), executor);
    return tensor(operand(std::move(both.first)), operand(std::move(both.second)));
  }

 private:
  template <class Draw, class E>
  rows_operand along(int axis, MatrixView<const float> x, const Draw& draw, E& executor) const {
    QuantizeOptions chosen = options;
    chosen.axis = axis;
    return operand(BlockTensor<Format>::quantize(x, chosen, draw(rounding), executor));
  }
  NF_INLINE rows_operand operand(BlockTensor<Format> t) const {
    if constexpr (Format::tensor_scale != TensorScale::none) {
      return {BlockTensor<Format>::from_parts(t.codes().bytes(), t.scales(), t.rows(), t.cols(),
                                              t.axis()),
              detail::exact_as_double(t.tensor_scale())};
    } else {
      return {std::move(t), options.three_quarters ? 4.0 / 3 : 1.0};
    }
  }
};

/// To int8 codes by the largest magnitude, one scale for each block: by default vector-wise, {1,
/// whole} for the product along the rows and {whole, 1} for that down the columns, so that scales
/// stay outside the sums. Equal blocks ({whole, whole}: one for the tensor) have one copy.
template <rounding_policy R = NearestEven>
struct Int8Cast {
  /// What layer_cast asks for.
  using rows_operand = ProductOperand<Int8Matrix>;
  using columns_operand = rows_operand;
  /// What shares a scale in the copy for each product.
  BlockShape along_rows = {1, whole}, down_columns = {whole, 1};
  /// How the codes are rounded.
  R rounding{};

  /// What layer_cast asks for.
  template <class Draw, task_executor E = SerialExecutor>
  rows_operand quantize_rows(MatrixView<const float> x, Phase, const Draw& draw,
                             E&& executor = {}) const {
    return {Int8Matrix::quantize(x, {.block = along_rows}, draw(rounding), executor)};
  }
  template <class Draw, task_executor E = SerialExecutor>
  columns_operand quantize_columns(MatrixView<const float> x, Phase, const Draw& draw,
                                   E&& executor = {}) const {
    return {Int8Matrix::quantize(x, {.block = down_columns}, draw(rounding), executor)};
  }
  template <class Draw, task_executor E = SerialExecutor>
  auto quantize_both(MatrixView<const float> x, Phase phase, const Draw& draw,
                     E&& executor = {}) const {
    using tensor = cast_tensor<Int8Cast>;
    if (along_rows == down_columns) return tensor(quantize_rows(x, phase, draw, executor));
    if (phase == Phase::evaluation)
      return tensor(quantize_rows(x, phase, draw, executor), std::nullopt);
    return tensor(quantize_rows(x, phase, draw, executor),
                  quantize_columns(x, phase, draw, executor));
  }
};

/// One cast for the product along the rows, another for that down the columns.
///
/// Example   // of SwitchBack: the weight gradient in 16 bits
///           static_assert(layer_cast<SplitCast<Int8Cast<>, FloatCast<bfloat16>>>);
template <layer_cast Rows, layer_cast Columns>
struct SplitCast {
  /// What layer_cast asks for.
  using rows_operand = typename Rows::rows_operand;
  using columns_operand = typename Columns::columns_operand;
  /// The cast for the product that sums along the rows.
  Rows along_rows{};
  /// The cast for the product that sums down the columns.
  Columns down_columns{};

  /// What layer_cast asks for.
  template <class Draw, task_executor E = SerialExecutor>
  rows_operand quantize_rows(MatrixView<const float> x, Phase phase, const Draw& draw,
                             E&& executor = {}) {
    return along_rows.quantize_rows(x, phase, draw, executor);
  }
  template <class Draw, task_executor E = SerialExecutor>
  columns_operand quantize_columns(MatrixView<const float> x, Phase phase, const Draw& draw,
                                   E&& executor = {}) {
    return down_columns.quantize_columns(x, phase, draw, executor);
  }
  template <class Draw, task_executor E = SerialExecutor>
  auto quantize_both(MatrixView<const float> x, Phase phase, const Draw& draw, E&& executor = {}) {
    using tensor = cast_tensor<SplitCast>;
    if (phase == Phase::evaluation)
      return tensor(quantize_rows(x, phase, draw, executor), std::nullopt);
    return tensor(quantize_rows(x, phase, draw, executor),
                  quantize_columns(x, phase, draw, executor));
  }
  /// Ends a step of both casts.
  void update() {
    if constexpr (requires { along_rows.update(); }) along_rows.update();
    if constexpr (requires { down_columns.update(); }) down_columns.update();
  }
  /// What is saved of both casts.
  std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static std::vector<Part> parts_of(Self& self) {
    std::vector<Part> all;
    detail::append_parts(all, "along_rows", self.along_rows);
    detail::append_parts(all, "down_columns", self.down_columns);
    return all;
  }
};

}  // namespace narrowfloat
