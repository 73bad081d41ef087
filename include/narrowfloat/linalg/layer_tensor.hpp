// SPDX-License-Identifier: MIT
// A tensor of a linear layer as its two products read it.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../errors.hpp"

namespace narrowfloat {

/// What a pass is for. A training pass records the largest magnitudes that delayed scales are made
/// from, and quantizes what the backward pass reads; evaluation does neither.
enum class Phase {
  training,   ///< a step: magnitudes are recorded, and what backward() reads is kept
  evaluation  ///< nothing is recorded or kept
};

/// A quantized matrix as a product reads it: numbers, a BlockTensor or an Int8Matrix, and the
/// factor that the product is multiplied by. The matrix stands for values * factor.
template <class Values>
struct ProductOperand {
  /// The quantized matrix.
  Values values;
  /// What the product is multiplied by.
  double factor = 1;

  /// Writes the floats of values * factor: values rounded to float as they dequantize, times the
  /// factor as a float.
  ///
  /// Special   another number of elements throws std::invalid_argument with both.
  /// Promises  the same for every executor.
  ///
  /// Example   std::vector<float> out(4);
  ///           const ProductOperand<std::vector<float8_e5m2>> q{{4, float8_e5m2(-3.0f)}, 0.5};
  ///           q.dequantize(out);
  ///           assert(out == std::vector<float>(4, -1.5f));
  template <task_executor E = SerialExecutor>
  NF_INLINE void dequantize(std::span<float> out, E&& executor = {}) const {
    if constexpr (number_range<Values>) {
      convert(values, out, executor);
    } else {
      values.dequantize(out, executor);
    }
    if (factor != 1)
      convert(out, out, Scale{detail::nearest_float(detail::exact_of(factor))}, executor);
  }
  /// The bytes of codes and scales.
  NF_INLINE std::size_t size_bytes() const noexcept {
    if constexpr (number_range<Values>) {
      return values.size() * sizeof(typename Values::value_type);
    } else {
      return values.size_bytes();
    }
  }
};

/// A tensor as a layer quantizes it: once for the product that sums along its rows, and once for
/// the one that sums down its columns. Where both read the same codes there is one copy.
template <class Rows, class Columns = Rows>
class LayerTensor {
 public:
  /// An empty tensor.
  LayerTensor() = default;
  /// One copy for both.
  explicit NF_INLINE LayerTensor(Rows both) requires std::same_as<Rows, Columns>
      : rows_(std::move(both)), held_(Held::shared) {}
  /// A copy for each.
  NF_INLINE LayerTensor(Rows rows, Columns columns)
      : rows_(std::move(rows)), columns_(std::move(columns)), held_(Held::both) {}
  /// For evaluation: only the copy for the product that sums along the rows.
  NF_INLINE LayerTensor(Rows rows, std::nullopt_t) : rows_(std::move(rows)) {}

  /// The copy for the product that sums along the rows.
  NF_INLINE const Rows& rows() const noexcept { return rows_; }
  /// The copy for the product that sums down the columns.
  ///
  /// Special   a tensor quantized for evaluation has none: std::logic_error.
  NF_INLINE const Columns& columns() const {
    if constexpr (std::same_as<Rows, Columns>) {
      if (is_shared()) return rows_;
    }
    if (held_ != Held::both)
      detail::fail<std::logic_error>(
          "LayerTensor::columns",
          "the tensor was quantized for evaluation, which has no backward pass");
    return columns_;
  }
  /// Frees the copy that only the product along the rows reads.
  NF_INLINE void drop_rows() {
    if (!is_shared()) rows_ = Rows{};
  }
  /// Whether both products read the same memory.
  NF_INLINE bool is_shared() const noexcept { return held_ == Held::shared; }
  /// The bytes of all copies.
  NF_INLINE std::size_t size_bytes() const noexcept {
    return rows_.size_bytes() + (held_ == Held::both ? columns_.size_bytes() : 0);
  }

 private:
  enum class Held { rows, shared, both };
  Rows rows_{};
  Columns columns_{};
  Held held_ = Held::rows;
};

}  // namespace narrowfloat
