// SPDX-License-Identifier: MIT
// Dot and DotGeneral of OCP MX v1.0: products of blocks, summed exactly and rounded once.
#pragma once

#include "../block.hpp"
#include "../block/detail/element_traits.hpp"
#include "../detail/exact/sum.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// The values of a block of a row, exact in double: scale * element (* tensor scale).
template <class Format>
void block_values(const BlockTensor<Format>& tensor, std::size_t row, std::size_t block,
                  std::vector<double>& values) {
  constexpr auto K = static_cast<std::size_t>(Format::block_size);
  const auto all = tensor.codes().row(row);
  const std::size_t first = block * K, count = std::min(K, all.size() - first);
  values.resize(count);
  const double factor = scaled_up(scale_value(tensor.scales()[row * tensor.block_cols() + block]),
                                  convert<double>(tensor.tensor_scale()));
  for (std::size_t i = 0; i < count; ++i)
    values[i] =
        scaled_up(scale_value(static_cast<typename Format::element>(all[first + i])), factor);
}

/// A sum of products of doubles, and what IEEE 754 says of Inf and NaN among them.
class exact_dot {
 public:
  void add(double a, double b) {
    constexpr std::uint64_t magnitude_mask = ~wide<std::uint64_t>::sign_mask;
    const auto x = __builtin_bit_cast(std::uint64_t, a), y = __builtin_bit_cast(std::uint64_t, b);
    const bool negative = ((x ^ y) & ~magnitude_mask) != 0;
    const std::uint64_t p = x & magnitude_mask, q = y & magnitude_mask;
    constexpr std::uint64_t infinity = wide<std::uint64_t>::infinity;
    if (p >= infinity || q >= infinity) {
      if (p > infinity || q > infinity || p == 0 || q == 0) nan_ = true;
      (negative ? negative_infinity_ : positive_infinity_) = true;
    } else if (p != 0 && q != 0) {
      sum_.add(odd_binary(a), odd_binary(b), 0, negative);
    }
  }
  /// Rounded to nearest even; an exact zero is +0.
  float value() const {
    exact x = sum_.value();
    if (positive_infinity_ || negative_infinity_) x = exact::infinity(negative_infinity_);
    if (nan_ || (positive_infinity_ && negative_infinity_)) x = exact::nan();
    return nearest_float(x);
  }

 private:
  exact_sum sum_;
  bool nan_ = false, positive_infinity_ = false, negative_infinity_ = false;
};

template <class A, class B>
void require_same_blocks(const BlockTensor<A>& a, std::size_t row_a, const BlockTensor<B>& b,
                         std::size_t row_b) {
  if (a.axis() != 1 || b.axis() != 1)
    throw_invalid("a dot product is of rows: both matrices must be blocked along axis 1");
  if (a.cols() != b.cols())
    throw_invalid("a dot product of rows of " + std::to_string(a.cols()) + " and " +
                  std::to_string(b.cols()) + " elements");
  if (row_a >= a.rows() || row_b >= b.rows())
    throw_invalid("rows " + std::to_string(row_a) + " and " + std::to_string(row_b) +
                  " of matrices of " + std::to_string(a.rows()) + " and " +
                  std::to_string(b.rows()) + " rows");
}

template <class A, class B>
float dot_blocks(const BlockTensor<A>& a, std::size_t row_a, const BlockTensor<B>& b,
                 std::size_t row_b, std::size_t first, std::size_t last) {
  std::vector<double> x, y;
  exact_dot sum;
  for (std::size_t block = first; block < last; ++block) {
    block_values(a, row_a, block, x);
    block_values(b, row_b, block, y);
    for (std::size_t i = 0; i < x.size(); ++i) sum.add(x[i], y[i]);
  }
  return sum.value();
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Two formats whose blocks pair off along a row.
template <class A, class B>
concept same_blocks = A::block_size == B::block_size&& A::block_rows == 1 && B::block_rows == 1;

/// Dot: the product of one block of a row of each matrix, X_A * X_B * sum of P_A * P_B.
///
/// Result    the exact sum rounded once, to nearest even; +0 where it is zero.
/// Special   Inf and NaN as IEEE 754: NaN with a NaN scale. Matrices blocked along axis 0, of different
///           widths, and rows or blocks that are not there throw std::invalid_argument.
template <block_format A, block_format B>
requires same_blocks<A, B> NF_INLINE float dot(const BlockTensor<A>& a, std::size_t row_a,
                                               const BlockTensor<B>& b, std::size_t row_b,
                                               std::size_t block) {
  detail::require_same_blocks(a, row_a, b, row_b);
  if (block >= a.block_cols())
    detail::throw_invalid("block " + std::to_string(block) + " of a row of " +
                          std::to_string(a.block_cols()));
  return detail::dot_blocks(a, row_a, b, row_b, block, block + 1);
}

/// DotGeneral: the product of a row of each matrix, the sum of dot() over their blocks.
///
/// Result    the exact sum over all blocks rounded once, to nearest even: not a sum of rounded ones.
/// Special   as dot().
template <block_format A, block_format B>
requires same_blocks<A, B> NF_INLINE float dot_general(const BlockTensor<A>& a, std::size_t row_a,
                                                       const BlockTensor<B>& b, std::size_t row_b) {
  detail::require_same_blocks(a, row_a, b, row_b);
  return detail::dot_blocks(a, row_a, b, row_b, 0, a.block_cols());
}

}  // namespace narrowfloat
