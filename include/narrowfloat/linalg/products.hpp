// SPDX-License-Identifier: MIT
// dot(), matvec() and matmul() under an accumulator: every sum in the order and with the roundings
// that its policy says.
#pragma once

#include "../executor.hpp"
#include "detail/exact_tasks.hpp"
#include "detail/free_product.hpp"
#include "detail/integer_plan.hpp"
#include "detail/multiply.hpp"
#include "detail/row_plan.hpp"

namespace narrowfloat {

/// How the matrices of a matmul lie in memory. The leading dimension of a matrix is the distance
/// between its rows as they are stored; 0 means that they lie without gaps.
struct MatmulOptions {
  bool a_transposed = false;  ///< `a` is stored as the k x m matrix of which it is the transpose
  bool b_transposed = false;  ///< `b` is stored as the n x k matrix of which it is the transpose
  /// The leading dimensions of the matrices as they are stored; 0: no gaps.
  std::size_t lda = 0, ldb = 0, ldc = 0;
};

/// A matrix that a product reads: a range of numbers, packed ones and codes too, in row-major
/// order; a MatrixView of numbers; a BlockTensor, an Int8Matrix or a CodebookTensor, which stand
/// for what they dequantize to.
template <class T>
concept product_operand = multiplicand_range<T> || detail::tensor_operand<std::remove_cvref_t<T>>;

/// What the sums of Acc are written to: a random-access range of numbers that hold them, or of
/// packed codes of their type, or a MatrixView of such numbers.
template <class T, class Acc>
concept sum_range = detail::output_of < std::remove_cvref_t<T>,
typename Acc::type > ;
/// What an Epilogue writes to: any numbers, a random-access range of them, packed codes or a
/// MatrixView.
template <class T>
concept finished_range = detail::number_written<std::remove_cvref_t<T>>;

namespace detail {
inline namespace NF_BASELINE {

/// The checks of matmul(), and the product.
template <class A, class B, class C, class Acc, class E, class... R>
void multiply_shapes(const A& a, const B& b, C& c, const product_size& size, const Acc& acc,
                     const MatmulOptions& options, E& executor, const Epilogue<R>&... epilogue) {
  const auto [m, n, k] = size;
  const product_call call{"matmul", "m = " + std::to_string(m) + ", n = " + std::to_string(n) +
                                        ", k = " + std::to_string(k)};
  if (!fits_in_memory(m, n))
    throw_invalid(call.name, call.shapes + ": the product does not fit in memory");
  const auto of_a = call.places("a", a, m, k, options.a_transposed, options.lda);
  const auto of_b = call.places("b", b, k, n, options.b_transposed, options.ldb);
  const auto of_c = call.places("c", c, m, n, false, options.ldc);
  multiply(call, a, of_a, b, of_b, c, of_c, size, acc, executor, epilogue...);
}

/// y = a * x of matrices that are there, by what is made for block tensors or as any product.
template <class A, class X, class Y, class Acc, class E>
void multiply_vector(const product_call& call, const A& a, const matrix_places& of_a, const X& x,
                     const matrix_places& of_x, Y& y, const matrix_places& of_y, std::size_t m,
                     std::size_t k, const Acc& acc, E& executor) {
  using reader = decltype(reader_of(x, of_x));
  using range = decltype(range_of_stored(y));
  const matrix_cuts cuts = cuts_of_product<range, E>({1, m, k});
  const sum_writer<range> writer{range_of_stored(y), of_y};
  running_sum<Acc>::require(call.name, acc, m, k);
  if constexpr (std::same_as<Acc, ExactAccumulator> && has_integer_sums<A, X>) {
    if (!of_a.transposed && multiply_integers(a, x, reader_of(x, of_x), cuts, k, writer, executor))
      return;
  } else if constexpr (has_row_sums<A, typename reader::number, Acc>) {
    if (!of_a.transposed && multiply_rows(a, reader_of(x, of_x), cuts, k, acc, writer, executor))
      return;
  }
  // The row x times the transpose of a: then the elements of y lie side by side.
  multiply(call, x, of_x, a, of_a.flipped(), y, of_y, {1, m, k}, acc, executor);
}

/// The elements of two ranges that are equally long.
template <class A, class B>
constexpr std::size_t common_size(const A& a, const B& b) {
  const std::size_t k = std::ranges::size(a);
  if (k != std::ranges::size(b))
    throw_invalid("dot", "the ranges have " + std::to_string(k) + " and " +
                             std::to_string(std::ranges::size(b)) + " elements");
  return k;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The dot product of two ranges of numbers, added up by an accumulator.
///
/// Result    the sum of a[0] * b[0], a[1] * b[1], ... as the policy defines it, +0 for empty
///           ranges; step l is element l of the policy's rounding.
/// Special   ranges of different sizes, a policy that does not fit, and too few words of random
///           bits throw std::invalid_argument with the numbers.
/// Promises  a function of the operands and the policy alone; constexpr; no allocation.
///
/// Example   using E6M9 = FusedAccumulator<float16_e6m9>;
///           const float fused = dot(x, gradients, FusedAccumulator<float>{});
///           const float16_e6m9 chunks =
///               dot(x, gradients, ChunkedAccumulator<E6M9, E6M9>{.chunk = 64});
///           assert(std::abs(fused - chunks) < 0.01f * std::abs(fused) + 1e-4f);
template <multiplicand_range A, multiplicand_range B, accumulator Acc>
[[nodiscard]] constexpr NF_INLINE typename Acc::type dot(const A& a, const B& b, const Acc& acc) {
  const std::size_t k = detail::common_size(a, b);
  using sum = detail::running_sum<Acc>;
  sum::require("dot", acc, 1, k);
  const Subnormals flush = sum::subnormals(acc);
  return detail::sum_of_products(
      acc, 0, k, [&](std::size_t l) NF_INLINED { return detail::operand_at(a, l, flush); },
      [&](std::size_t l) NF_INLINED { return detail::operand_at(b, l, flush); });
}

/// The exact dot product by the tasks of an executor: the same float for every one. Other sums have
/// an order, which is one thread's.
template <multiplicand_range A, multiplicand_range B, task_executor E>
[[nodiscard]] NF_INLINE float dot(const A& a, const B& b, const ExactAccumulator&, E&& executor) {
  return detail::sum_exactly(detail::common_size(a, b), detail::executor_ref::of(executor),
                             [&](std::size_t l, std::size_t last, auto& sum) NF_INLINED {
                               for (; l < last; ++l)
                                 sum.add(detail::operand_at(a, l, Subnormals::keep),
                                         detail::operand_at(b, l, Subnormals::keep));
                             });
}

/// The matrix product c = a * b, each element added up by an accumulator: a is m x k, b k x n, c m
/// x n, row-major.
///
/// Result    c(i, j) = the sum over l = 0, 1, ... k - 1 of a(i, l) * b(l, j) as the policy defines
///           it; its step l is element (i * n + j) * k + l of the policy's rounding. What is
///           multiplied are the numbers of a range, packed codes, or view; the values of a
///           BlockTensor, scale * element (* tensor scale), exactly, blocked along either axis; and
///           the floats that an Int8Matrix or a CodebookTensor dequantizes to, where code * scale /
///           127 and value * scale have been rounded. Subnormals::flush acts on elements as they
///           are in their format. Under a FreeOrderAccumulator the sums are what its function makes
///           of the operands as floats.
/// Requires  c is apart from a and b.
/// Special   a matrix that is not as large as m, n, k and the options say, a leading dimension for
///           one that has its own or none, a policy that does not fit, and too few words of random
///           bits throw std::invalid_argument with the shapes, before anything is written. Values
///           of blocks of more than 30 bits (float16 elements with float scales) take
///           ExactAccumulator.
/// Promises  a function of the operands and the policy alone: no other order, no other rounding,
///           whatever the instruction set and the executor, which runs parts of c; codes that share
///           bytes are written in one part.
/// Cost      the speed of vectors of floats or doubles for sums in float and double, to nearest and
///           toward zero, and for exact sums of which doubles hold every one (E4M3: up to 2^17
///           products), twice it for small integers (int8, E2M1, E2M3, E3M2 and blocks of them), a
///           fifth to an eighth of it where doubles hold them once operands are cut in two (E5M2,
///           float16 by 8 bits; of matrices, not of vectors); where floats can show every rounding
///           (sums of at most 12 to 20 bits by FusedAccumulator), a few instructions for as many
///           elements of c as a vector has lanes; both in chunks too. Block tensors have it where
///           float holds their values: powers of two as scales, and others that leave the values 24
///           bits. Else some twenty nanoseconds a product, as for NVFP4 with a tensor scale of 24
///           bits. Memory for the floats of a and of some columns of b, and for those of tensors.
///           See bench/README.md.
///
/// Example   // y = x * w^T, both blocked along k
///           constexpr std::size_t m = rows, n = rows, k = cols;
///           const auto q = BlockTensor<mxfp8_e4m3>::quantize(x, m, k),
///                      w = BlockTensor<mxfp8_e4m3>::quantize(weights, n, k);
///           std::vector<float> y(m * n);
///           matmul(q, w, y, m, n, k, FusedAccumulator<float>{}, {.b_transposed = true});
template <product_operand A, product_operand B, class C, product_policy Acc,
          task_executor E = SerialExecutor>
requires sum_range<C, Acc> NF_INLINE void matmul(const A& a, const B& b, C&& c, std::size_t m,
                                                 std::size_t n, std::size_t k, const Acc& acc,
                                                 const MatmulOptions& options = {},
                                                 E&& executor = {}) {
  detail::multiply_shapes(a, b, c, {m, n, k}, acc, options, executor);
}
/// The same, written through an epilogue: factors, a bias, any type of numbers.
template <product_operand A, product_operand B, finished_range C, product_policy Acc, class R,
          task_executor E = SerialExecutor>
NF_INLINE void matmul(const A& a, const B& b, C&& c, std::size_t m, std::size_t n, std::size_t k,
                      const Acc& acc, const MatmulOptions& options, const Epilogue<R>& epilogue,
                      E&& executor = {}) {
  detail::multiply_shapes(a, b, c, {m, n, k}, acc, options, executor, epilogue);
}

/// The same of matrices that know their shapes: views, packed matrices, tensors.
///
/// Special   shapes that do not pair off throw std::invalid_argument with m and n, the shape of c,
///           and k, that of a.
///
/// Example   const auto w = BlockTensor<mxfp4_e2m1>::quantize(weights, rows, cols);
///           std::vector<float> y(rows * rows);
///           matmul(MatrixView(x, rows, cols), w, MatrixView(y, rows, rows), ExactAccumulator{},
///                  {.b_transposed = true});
template <product_operand A, product_operand B, class C, product_policy Acc,
          task_executor E = SerialExecutor>
requires(detail::is_matrix<A>&& detail::is_matrix<B>&& detail::is_matrix<std::remove_cvref_t<C>>&&
             sum_range<C, Acc>)  //
    NF_INLINE void matmul(const A& a, const B& b, C&& c, const Acc& acc,
                          const MatmulOptions& options = {}, E&& executor = {}) {
  matmul(a, b, c, c.rows(), c.cols(), options.a_transposed ? a.rows() : a.cols(), acc, options,
         executor);
}
template <product_operand A, product_operand B, finished_range C, product_policy Acc, class R,
          task_executor E = SerialExecutor>
requires(
    detail::is_matrix<A>&& detail::is_matrix<B>&& detail::is_matrix<std::remove_cvref_t<C>>)  //
    NF_INLINE void matmul(const A& a, const B& b, C&& c, const Acc& acc,
                          const MatmulOptions& options, const Epilogue<R>& epilogue,
                          E&& executor = {}) {
  matmul(a, b, c, c.rows(), c.cols(), options.a_transposed ? a.rows() : a.cols(), acc, options,
         epilogue, executor);
}

/// The product of a matrix and a vector, y = a * x: a is m x k, x has k elements, y m.
///
/// Result    that of matmul() with n = 1; options.ldb, options.ldc and options.b_transposed do not
///           count. Of x and y, matrices have one row.
/// Special   as matmul().
/// Cost      a BlockTensor along its rows, with scales of 8 bits, is read once, as it is stored,
///           for sums in float of its products by numbers that float holds (fused steps, to nearest
///           or toward zero, and chunks of those); and for exact sums of MXFP4 or MXINT8 by numbers
///           of at most 18 bits, with scales or without (MXFP4, MXFP6, MXFP8 E4M3, MXINT8,
///           integers), where 53 bits hold the sum: the scales tell. From memory MXFP4 is 3.6 times
///           as fast as a BLAS's product of floats, exact 4.6 times, MXINT8 2.5 times. Else the
///           cost of matmul(). Memory for x.
template <product_operand A, product_operand X, class Y, accumulator Acc,
          task_executor E = SerialExecutor>
requires sum_range<Y, Acc> NF_INLINE void matvec(const A& a, const X& x, Y&& y, std::size_t m,
                                                 std::size_t k, const Acc& acc,
                                                 const MatmulOptions& options = {},
                                                 E&& executor = {}) {
  const detail::product_call call{"matvec",
                                  "m = " + std::to_string(m) + ", k = " + std::to_string(k)};
  const auto of_a = call.places("a", a, m, k, options.a_transposed, options.lda);
  const auto of_x = call.places("x", x, 1, k, false, 0);
  const auto of_y = call.places("y", y, 1, m, false, 0);
  detail::multiply_vector(call, a, of_a, x, of_x, y, of_y, m, k, acc, executor);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/finish_sums.hpp"
#include "detail/integer_sums.hpp"
#include "detail/narrow_sums.hpp"
#include "detail/row_sums.hpp"
#include "detail/wide_sums.hpp"
#endif
