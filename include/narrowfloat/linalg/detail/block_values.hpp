// SPDX-License-Identifier: MIT
// The values of a block tensor, scale * element (* tensor scale): how long they are, and each
// exactly.
#pragma once

#include "../../block.hpp"
#include "number_shape.hpp"
#include "rounded_sum.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Scale>
constexpr exact exact_block_scale(Scale scale) {
  if constexpr (number<Scale>) {
    return exact_of(scale);
  } else {
    return exact_float(static_cast<float>(scale));
  }
}

/// Significant bits of the values of a block format.
template <class Format>
constexpr int value_bits_of_blocks() {
  int bits = Format::tensor_scale == TensorScale::none ? 0 : 24;
  if constexpr (!power_of_two_scale<typename Format::scale>)
    bits += layout_of<typename Format::scale>::significant_bits + 1;
  return bits + shape_of<typename Format::element>().bits;
}

/// The type of a value of a block format, for plans.
template <class Format>
struct block_value {
  using scaled_element = typename Format::element;
  static constexpr int bits = value_bits_of_blocks<Format>();
};

/// A tensor as the matrix that it stands for.
template <class Format>
class block_values {
  using element = typename Format::element;

 public:
  explicit block_values(const BlockTensor<Format>& tensor) : tensor_(&tensor) {
    constexpr auto along = static_cast<std::size_t>(Format::block_size),
                   lines = static_cast<std::size_t>(Format::block_rows);
    const bool is_within_rows = tensor.axis() == 1;
    const BlockShape block{is_within_rows ? lines : along, is_within_rows ? along : lines};
    height_ = block.height(tensor.rows());
    width_ = block.width(tensor.cols());
  }
  const BlockTensor<Format>& tensor() const { return *tensor_; }

  exact at(std::size_t row, std::size_t col, Subnormals subnormals) const {
    const std::size_t block = row / height_ * tensor_->block_cols() + col / width_;
    return product(operand_value(static_cast<element>(tensor_->codes().row(row)[col]), subnormals),
                   factor(block));
  }

  /// The shape of all values; of more bits than any type has where a factor is Inf. Blocks of
  /// zeros, whose scales are the least, do not count.
  number_shape shape() const {
    constexpr number_shape of_element = shape_of<element>();
    int bits = 1, low = 0, high = 0;
    bool is_first = true;
    for (std::size_t i = 0; i < tensor_->scales().size(); ++i) {
      const exact by = factor(i);
      if (by.what == exact::kind::infinity) return {64, 0, 0};
      if (by.what != exact::kind::finite) continue;  // its values are zeros, or NaN
      if (by.exponent + exact::leading < -100 && is_zero_block(i)) continue;
      const int zeros = __builtin_ctzll(by.significand);
      bits = std::max(bits, 1 + exact::leading - zeros);
      low = is_first ? by.exponent + zeros : std::min(low, by.exponent + zeros);
      high = is_first ? by.exponent + exact::leading : std::max(high, by.exponent + exact::leading);
      is_first = false;
    }
    const bool is_power = bits == 1;
    return {of_element.bits + (is_power ? 0 : bits), of_element.quantum + low,
            of_element.max_exponent + high + (is_power ? 0 : 1)};
  }

  /// Whether all scales are finite.
  bool is_finite() const {
    for (std::size_t i = 0; i < tensor_->scales().size(); ++i) {
      const exact::kind what = factor(i).what;
      if (what != exact::kind::finite && what != exact::kind::zero) return false;
    }
    return true;
  }

  /// Makes zero what comes of subnormal elements.
  void flush(std::vector<float>& all) const {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto x = static_cast<element>(tensor_->codes()[i]);
      if (operand_value(x, Subnormals::flush).what == exact::kind::zero) all[i] = 0;
    }
  }

 private:
  exact factor(std::size_t block) const {
    const exact scale = exact_block_scale(tensor_->scales()[block]);
    if constexpr (Format::tensor_scale == TensorScale::none) return scale;
    return product(scale, exact_float(tensor_->tensor_scale()));
  }
  bool is_zero_block(std::size_t i) const {
    const auto block = tensor_->block(i / tensor_->block_cols(), i % tensor_->block_cols());
    for (std::size_t r = block.row; r < block.row + block.rows; ++r) {
      const auto codes = tensor_->codes().row(r);
      for (std::size_t c = block.col; c < block.col + block.cols; ++c) {
        if (operand_value(static_cast<element>(codes[c]), Subnormals::keep).what !=
            exact::kind::zero)
          return false;
      }
    }
    return true;
  }

  const BlockTensor<Format>* tensor_;
  std::size_t height_, width_;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
