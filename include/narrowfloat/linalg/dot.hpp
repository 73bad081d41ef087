// SPDX-License-Identifier: MIT
// Dot products of rows of block tensors: Dot and DotGeneral of OCP MX v1.0, which are exact and
// rounded once, and sums by any accumulator.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>

#include "detail/block_values.hpp"
#include "detail/exact_tasks.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// The elements of a format as integers times 2^unit, by their codes.
template <class Element>
struct integer_elements {
  using layout = layout_of<typename element_traits<Element>::rounded>;
  static constexpr int unit = layout::quantum, bits = layout::max_exponent - unit + 2;
  static constexpr bool serves = Element::width <= 8 && bits <= 62;
  static constexpr std::int64_t special = std::numeric_limits<std::int64_t>::min();  // Inf, NaN
  std::int64_t of[std::size_t{1} << Element::width] = {};

  constexpr integer_elements() {
    for (std::size_t code = 0; code < std::size(of); ++code) {
      const exact x =
          operand_value(Element::from_bits(static_cast<std::uint8_t>(code)), Subnormals::keep);
      if (x.what == exact::kind::zero) continue;
      of[code] = special;
      if (x.what != exact::kind::finite) continue;
      const auto magnitude = static_cast<std::int64_t>(x.significand >> (unit - x.exponent));
      of[code] = x.negative ? -magnitude : magnitude;
    }
  }
};
template <class Element>
inline constexpr integer_elements<Element> element_integers;

/// The exact values of a row of a tensor blocked along axis 1, in order.
template <class Format>
class row_values {
 public:
  using element = typename Format::element;

  row_values(const BlockTensor<Format>& tensor, std::size_t row, Subnormals subnormals)
      : codes_(tensor.codes().row(row)),
        scales_(tensor.scales().data() + row * tensor.block_cols()),
        tensor_scale_(exact_float(tensor.tensor_scale())),
        subnormals_(subnormals) {}
  exact operator()(std::size_t i) {
    return product(operand_value(static_cast<element>(codes_[i]), subnormals_), factor(i));
  }
  /// What element i is multiplied by, and where the block of that factor ends.
  const exact& factor(std::size_t i) {
    if (i / K != block_) {
      block_ = i / K;
      factor_ = product(exact_block_scale(scales_[block_]), tensor_scale_);
    }
    return factor_;
  }
  static std::size_t block_end(std::size_t i) { return (i / K + 1) * K; }
  std::int64_t integer(std::size_t i) const {
    return element_integers<element>.of[static_cast<element>(codes_[i]).bits()];
  }

 private:
  static constexpr auto K = static_cast<std::size_t>(Format::block_size);
  PackedSpan<const element> codes_;
  const typename Format::scale* scales_;
  exact tensor_scale_, factor_;
  Subnormals subnormals_;
  std::size_t block_ = ~std::size_t{0};
};

template <class A, class B>
void require_rows(const char* call, const BlockTensor<A>& a, std::size_t row_a,
                  const BlockTensor<B>& b, std::size_t row_b) {
  if (a.axis() != 1 || b.axis() != 1)
    throw_invalid(call, "both matrices must be blocked along axis 1, the elements of a row");
  if (a.cols() != b.cols())
    throw_invalid(call, "the rows have " + std::to_string(a.cols()) + " and " +
                            std::to_string(b.cols()) + " elements");
  if (row_a >= a.rows() || row_b >= b.rows())
    throw_invalid(call, "rows " + std::to_string(row_a) + " and " + std::to_string(row_b) +
                            " of matrices of " + std::to_string(a.rows()) + " and " +
                            std::to_string(b.rows()) + " rows");
}

/// Whether the products of the elements of a block add up in 62 bits, and those of their factors
/// have no more.
template <class A, class B>
inline constexpr bool sums_integers = [] {
  using a = integer_elements<typename A::element>;
  using b = integer_elements<typename B::element>;
  if constexpr (a::serves && b::serves) {
    constexpr auto size = static_cast<unsigned>(std::min(A::block_size, B::block_size));
    return a::bits + b::bits + static_cast<int>(std::bit_width(size)) <= 62 &&
           value_bits_of_blocks<A>() + value_bits_of_blocks<B>() <= 60;
  }
  return false;
}();

/// Adds the products of elements first ... last - 1, of one block in each row, as one integer times
/// their factors. Returns false, and adds nothing, where one of them, or of the factors, is no
/// number or the factors are 0.
template <class A, class B, class Sum>
bool add_block(row_values<A>& x, row_values<B>& y, std::size_t first, std::size_t last, Sum& sum) {
  using a = integer_elements<typename A::element>;
  using b = integer_elements<typename B::element>;
  const exact factor = product(x.factor(first), y.factor(first));
  if (factor.what != exact::kind::finite) return false;
  std::int64_t total = 0;
  bool is_special = false;
  for (std::size_t i = first; i < last; ++i) {
    const std::int64_t of_x = x.integer(i), of_y = y.integer(i);
    is_special = is_special || of_x == a::special || of_y == b::special;
    total += is_special ? 0 : of_x * of_y;
  }
  if (is_special) return false;
  if (total != 0) {
    const auto magnitude = static_cast<std::uint64_t>(total < 0 ? -total : total);
    sum.add(exact::finite(total < 0, magnitude, a::unit + b::unit), factor);
  }
  return true;
}

/// Adds the products of elements first ... last - 1 of two rows.
template <class A, class B, class Acc>
void add_rows(const BlockTensor<A>& a, std::size_t row_a, const BlockTensor<B>& b,
              std::size_t row_b, std::size_t first, std::size_t last, const Acc& acc,
              running_sum<Acc>& sum) {
  row_values<A> x(a, row_a, running_sum<Acc>::subnormals(acc));
  row_values<B> y(b, row_b, running_sum<Acc>::subnormals(acc));
  if constexpr (std::same_as<Acc, ExactAccumulator> && sums_integers<A, B>) {
    for (std::size_t i = first; i < last;) {
      const std::size_t end = std::min({last, x.block_end(i), y.block_end(i)});
      const bool is_added = add_block(x, y, i, end, sum);
      for (; i < end; ++i)
        if (!is_added) sum.add(x(i), y(i));
    }
  } else {
    for (std::size_t i = first; i < last; ++i) sum.add(x(i), y(i));
  }
}
template <class A, class B, class Acc>
typename Acc::type dot_rows(const BlockTensor<A>& a, std::size_t row_a, const BlockTensor<B>& b,
                            std::size_t row_b, std::size_t first, std::size_t last,
                            const Acc& acc) {
  running_sum<Acc> sum(acc, 0);
  add_rows(a, row_a, b, row_b, first, last, acc, sum);
  return sum.value();
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Two formats whose blocks pair off along a row.
template <class A, class B>
concept same_blocks = A::block_size == B::block_size&& A::block_rows == 1 && B::block_rows == 1;
/// Two formats with blocks of one row, whose values have at most 30 bits, so that products are
/// exact; an ExactAccumulator takes longer ones.
template <class A, class B, class Acc>
concept summable_blocks = A::block_rows == 1 && B::block_rows == 1 &&
                          (std::same_as<Acc, ExactAccumulator> ||
                           (detail::value_bits_of_blocks<A>() <= 30 &&
                            detail::value_bits_of_blocks<B>() <= 30));

/// Dot: the product of one block of a row of each matrix, X_A * X_B * sum of P_A * P_B.
///
/// Result    the exact sum rounded once, to nearest even; +0 where it is zero.
/// Special   Inf and NaN as IEEE 754: NaN with a NaN scale. Matrices blocked along axis 0, of
///           different widths, and rows or blocks that are not there throw std::invalid_argument.
/// Cost      2 to 4 ns a product by integers, where those of a block fit 62 bits: of all named
///           formats but E5M2 by E5M2.
///
/// Example   const auto a = BlockTensor<mxfp8_e4m3>::quantize(x, rows, cols);
///           const auto b = BlockTensor<mxfp4_e2m1>::quantize(weights, rows, cols);
///           const float of_blocks = dot(a, 0, b, 1, 2);      // the third blocks of rows 0 and 1
///           const float of_rows = dot_general(a, 0, b, 1);   // all of them, rounded once
///           assert(of_rows == dot(a, 0, b, 1, ExactAccumulator{}) && of_blocks != of_rows);
template <block_format A, block_format B>
requires same_blocks<A, B>
[[nodiscard]] NF_INLINE float dot(const BlockTensor<A>& a, std::size_t row_a,
                                  const BlockTensor<B>& b, std::size_t row_b, std::size_t block) {
  detail::require_rows("dot", a, row_a, b, row_b);
  if (block >= a.block_cols())
    detail::throw_invalid(
        "dot", "block " + std::to_string(block) + " of a row of " + std::to_string(a.block_cols()));
  constexpr auto K = static_cast<std::size_t>(A::block_size);
  return detail::dot_rows(a, row_a, b, row_b, block * K, std::min((block + 1) * K, a.cols()),
                          ExactAccumulator{});
}

/// The product of a row of each matrix, added up by an accumulator.
///
/// Result    the sum of the products of their values, scale * element (* tensor scale), as the
///           policy defines it; step l is element l of the policy's rounding. Subnormals::flush
///           acts on the elements as they are in their format.
/// Special   as the other; a policy that does not fit throws std::invalid_argument.
template <block_format A, block_format B, accumulator Acc>
requires summable_blocks<A, B, Acc>
[[nodiscard]] NF_INLINE typename Acc::type dot(const BlockTensor<A>& a, std::size_t row_a,
                                               const BlockTensor<B>& b, std::size_t row_b,
                                               const Acc& acc) {
  detail::require_rows("dot", a, row_a, b, row_b);
  detail::running_sum<Acc>::require("dot", acc, 1, a.cols());
  return detail::dot_rows(a, row_a, b, row_b, 0, a.cols(), acc);
}

/// The same of two matrices of one row each.
///
/// Special   other matrices throw std::invalid_argument with the shapes.
template <block_format A, block_format B, accumulator Acc>
requires summable_blocks<A, B, Acc>
[[nodiscard]] NF_INLINE typename Acc::type dot(const BlockTensor<A>& a, const BlockTensor<B>& b,
                                               const Acc& acc) {
  if (a.rows() != 1 || b.rows() != 1)
    detail::throw_invalid("dot", "matrices of " + std::to_string(a.rows()) + " x " +
                                     std::to_string(a.cols()) + " and " + std::to_string(b.rows()) +
                                     " x " + std::to_string(b.cols()) + " are not one row each");
  return dot(a, 0, b, 0, acc);
}

/// DotGeneral: the product of a row of each matrix, the sum of dot() over their blocks.
///
/// Result    the exact sum over all blocks rounded once, to nearest even: not a sum of rounded
///           ones.
/// Special   as dot().
/// Promises  the same for every executor.
template <block_format A, block_format B, task_executor E = SerialExecutor>
requires same_blocks<A, B>
[[nodiscard]] NF_INLINE float dot_general(const BlockTensor<A>& a, std::size_t row_a,
                                          const BlockTensor<B>& b, std::size_t row_b,
                                          E&& executor = {}) {
  detail::require_rows("dot_general", a, row_a, b, row_b);
  return detail::sum_exactly(a.cols(), detail::executor_ref::of(executor),
                             [&](std::size_t first, std::size_t last, auto& sum) NF_INLINED {
                               detail::add_rows(a, row_a, b, row_b, first, last, ExactAccumulator{},
                                                sum);
                             });
}

}  // namespace narrowfloat
