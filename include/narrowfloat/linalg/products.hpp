// SPDX-License-Identifier: MIT
// dot(), matvec() and matmul() under an accumulator: every sum in the order and with the roundings that its policy
// says.
#pragma once

#include "../matrix.hpp"
#include "accumulator.hpp"
#include "detail/narrow_plan.hpp"
#include "detail/wide_plan.hpp"

namespace narrowfloat {

/// How the matrices of a matmul lie in memory. The leading dimension of a matrix is the distance between its rows as
/// they are stored; 0 means that they lie without gaps.
struct MatmulOptions {
  bool a_transposed = false;  ///< `a` is stored as the k x m matrix of which it is the transpose
  bool b_transposed = false;  ///< `b` is stored as the n x k matrix of which it is the transpose
  std::size_t lda = 0, ldb = 0, ldc = 0;
};

/// A range that the sums of Acc are written to: contiguous numbers that hold them, or packed codes of their type.
template <class T, class Acc>
concept sum_range = std::ranges::random_access_range<T> && std::ranges::sized_range<T> &&
    lossless_to<typename Acc::type, std::ranges::range_value_t<T>>;

namespace detail {
inline namespace NF_BASELINE {

/// A matrix as it is read: element (r, c) of the matrix at place r * row_step + c * col_step of what is stored.
struct matrix_places {
  std::size_t row_step, col_step;
  constexpr std::size_t at(std::size_t r, std::size_t c) const {
    return r * row_step + c * col_step;
  }
};

/// The places of a rows x cols matrix, stored as it is or transposed, in a range of `have` elements.
///
/// Special   one that does not hold it throws std::invalid_argument with the shapes.
constexpr matrix_places places_of(const char* call, const std::string& shapes, const char* what,
                                  std::size_t have, std::size_t rows, std::size_t cols,
                                  bool transposed, std::size_t leading) {
  const std::size_t down = transposed ? cols : rows, across = transposed ? rows : cols;
  const std::size_t step = leading == 0 ? across : leading;
  const bool holds =
      step >= across && fits_in_memory(down, step) &&
      (leading == 0 ? have == down * across
                    : down == 0 || across == 0 || have >= (down - 1) * step + across);
  if (!holds)
    throw_invalid(call, shapes + ": " + what + " has " + std::to_string(have) +
                            " elements, not the " + std::to_string(down) + " x " +
                            std::to_string(across) + " that are read with leading dimension " +
                            std::to_string(step));
  return transposed ? matrix_places{1, step} : matrix_places{step, 1};
}

/// The sum of k products by a policy, whose first step is element `first`.
template <class Acc, class A, class B>
constexpr typename Acc::type sum_of_products(const Acc& policy, std::uint64_t first, std::size_t k,
                                             const A& a, const B& b) {
  running_sum<Acc> sum(policy, first);
  for (std::size_t l = 0; l < k; ++l) sum.add(a(l), b(l));
  return sum.value();
}

/// Element i of a range of numbers.
template <class Range>
constexpr std::ranges::range_value_t<Range> operand_number(const Range& range, std::size_t i) {
  const auto place = static_cast<std::ranges::range_difference_t<Range>>(i);
  return static_cast<std::ranges::range_value_t<Range>>(std::ranges::begin(range)[place]);
}
/// Its exact value.
template <class Range>
constexpr exact operand_at(const Range& range, std::size_t i, Subnormals subnormals) {
  return operand_value(operand_number(range, i), subnormals);
}

/// An m x n product of k steps an element: where a(i, l), b(l, j) and c(i, j) lie.
struct product_places {
  std::size_t m, n, k;
  matrix_places a, b, c;
};

/// Multiplies matrices whose places were checked.
template <class A, class B, class C, class Acc>
void multiply_matrices(const char* call, const A& a, const B& b, C& c, const product_places& places,
                       const Acc& acc) {
  const std::size_t m = places.m, n = places.n, k = places.k;
  const matrix_places &of_a = places.a, &of_b = places.b, &of_c = places.c;
  using sum = running_sum<Acc>;
  sum::require(call, acc, m * n, k);
  const Subnormals flush = sum::subnormals(acc);
  using target = std::ranges::range_value_t<C>;
  const auto put = [&](std::size_t i, std::size_t j, typename Acc::type total) {
    std::ranges::begin(c)[static_cast<std::ranges::range_difference_t<C>>(of_c.at(i, j))] =
        convert_number<target>(total, NearestEven{}, Saturation::none);
  };
  using number_a = std::ranges::range_value_t<A>;
  using number_b = std::ranges::range_value_t<B>;
  using plan = narrow_plan<Acc, number_a, number_b>;
  if constexpr (plan::serves) {
    const operand_floats<number_a> float_of_a(flush, sum_shift<typename plan::summand>);
    const operand_floats<number_b> float_of_b(flush);
    sum_narrow_products<plan>(
        acc, m, n, k,
        [&](std::size_t i, std::size_t l) { return float_of_a(operand_number(a, of_a.at(i, l))); },
        [&](std::size_t l, std::size_t j) { return float_of_b(operand_number(b, of_b.at(l, j))); },
        put);
    return;
  }
  const auto total_of = [&](std::size_t i, std::size_t j) {
    return sum_of_products(
        acc, (std::uint64_t{i} * n + j) * k, k,
        [&](std::size_t l) { return operand_at(a, of_a.at(i, l), flush); },
        [&](std::size_t l) { return operand_at(b, of_b.at(l, j), flush); });
  };
  using wide = wide_plan<Acc, number_a, number_b>;
  if constexpr (wide::serves) {
    if (suits<wide>(acc, active_isa(), k)) {
      const operand_floats<number_a> float_of_a(Subnormals::keep);
      const operand_floats<number_b> float_of_b(Subnormals::keep);
      sum_wide_products<wide>(
          acc, m, n, k,
          [&](std::size_t i, std::size_t l) {
            return float_of_a(operand_number(a, of_a.at(i, l)));
          },
          [&](std::size_t l, std::size_t j) {
            return float_of_b(operand_number(b, of_b.at(l, j)));
          },
          [&](std::size_t i, std::size_t j, auto x) {
            // A sum is -0 where it was not zero before it was rounded: whether that was the last one, lanes do not say.
            const bool is_unclear = wide::may_underflow && is_negative_zero(x);
            put(i, j, is_unclear ? total_of(i, j) : sum_of_lane<typename Acc::type>(x));
          });
      return;
    }
  }
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) put(i, j, total_of(i, j));
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The dot product of two ranges of numbers, added up by an accumulator.
///
/// Result    the sum of a[0] * b[0], a[1] * b[1], ... as the policy defines it, +0 for empty ranges; step l is element
///           l of the policy's rounding.
/// Special   ranges of different sizes, a policy that does not fit, and too few words of random bits throw
///           std::invalid_argument with the numbers.
/// Promises  a function of the operands and the policy alone; constexpr; no allocation.
///
/// Example   dot(a, b, FusedAccumulator<float>{});                                      // float, fused
///           dot(a, b, ChunkedAccumulator<FusedAccumulator<float16_e6m9>,               // Wang et al. 2018
///                                        FusedAccumulator<float16_e6m9>>{.chunk = 64});
template <multiplicand_range A, multiplicand_range B, accumulator Acc>
[[nodiscard]] constexpr NF_INLINE typename Acc::type dot(const A& a, const B& b, const Acc& acc) {
  const std::size_t k = std::ranges::size(a);
  if (k != std::ranges::size(b))
    detail::throw_invalid("dot", "the ranges have " + std::to_string(k) + " and " +
                                     std::to_string(std::ranges::size(b)) + " elements");
  using sum = detail::running_sum<Acc>;
  sum::require("dot", acc, 1, k);
  const Subnormals flush = sum::subnormals(acc);
  return detail::sum_of_products(
      acc, 0, k, [&](std::size_t l) { return detail::operand_at(a, l, flush); },
      [&](std::size_t l) { return detail::operand_at(b, l, flush); });
}

/// The matrix product c = a * b, each element added up by an accumulator: a is m x k, b k x n, c m x n, row-major.
///
/// Result    c(i, j) = the sum over l = 0, 1, ... k - 1 of a(i, l) * b(l, j) as the policy defines it; its step l is
///           element (i * n + j) * k + l of the policy's rounding.
/// Requires  c is apart from a and b.
/// Special   a range that does not hold its matrix, a policy that does not fit, and too few words of random bits throw
///           std::invalid_argument with the shapes, before anything is written.
/// Promises  a function of the operands and the policy alone: no other order, no other rounding, whatever the
///           instruction set.
/// Cost      the speed of vectors of floats or doubles for sums in float and double, to nearest and toward zero, and for exact
///           sums of which doubles hold every one (E4M3, INT8: up to 2^17 products); where floats can show every rounding
///           (sums of at most 12 to 20 bits by FusedAccumulator), a few instructions for as many elements of c as a
///           vector has lanes; both in chunks too. Memory for the floats of a and of some columns of b. Else some ten
///           nanoseconds a product. See bench/README.md.
template <multiplicand_range A, multiplicand_range B, class C, accumulator Acc>
requires sum_range<C, Acc> NF_INLINE void matmul(const A& a, const B& b, C&& c, std::size_t m,
                                                 std::size_t n, std::size_t k, const Acc& acc,
                                                 const MatmulOptions& options = {}) {
  constexpr const char* call = "matmul";
  const std::string shapes =
      "m = " + std::to_string(m) + ", n = " + std::to_string(n) + ", k = " + std::to_string(k);
  if (!detail::fits_in_memory(m, n))
    detail::throw_invalid(call, shapes + ": the product does not fit in memory");
  const detail::product_places places{
      m,
      n,
      k,
      detail::places_of(call, shapes, "a", std::ranges::size(a), m, k, options.a_transposed,
                        options.lda),
      detail::places_of(call, shapes, "b", std::ranges::size(b), k, n, options.b_transposed,
                        options.ldb),
      detail::places_of(call, shapes, "c", std::ranges::size(c), m, n, false, options.ldc)};
  detail::multiply_matrices(call, a, b, c, places, acc);
}

/// The product of a matrix and a vector, y = a * x: a is m x k, x has k elements, y m.
///
/// Result    that of matmul() with n = 1; options.ldb, options.ldc and options.b_transposed do not count.
/// Special   as matmul().
template <multiplicand_range A, multiplicand_range X, class Y, accumulator Acc>
requires sum_range<Y, Acc> NF_INLINE void matvec(const A& a, const X& x, Y&& y, std::size_t m,
                                                 std::size_t k, const Acc& acc,
                                                 const MatmulOptions& options = {}) {
  constexpr const char* call = "matvec";
  const std::string shapes = "m = " + std::to_string(m) + ", k = " + std::to_string(k);
  const detail::matrix_places of_a = detail::places_of(call, shapes, "a", std::ranges::size(a), m,
                                                       k, options.a_transposed, options.lda);
  static_cast<void>(detail::places_of(call, shapes, "x", std::ranges::size(x), 1, k, false, 0));
  static_cast<void>(detail::places_of(call, shapes, "y", std::ranges::size(y), 1, m, false, 0));
  // The row x times the transpose of a: then the elements of y lie side by side.
  const detail::product_places places{1, m, k, {0, 1}, {of_a.col_step, of_a.row_step}, {0, 1}};
  detail::multiply_matrices(call, x, a, y, places, acc);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/narrow_sums.hpp"
#include "detail/wide_sums.hpp"
#endif
