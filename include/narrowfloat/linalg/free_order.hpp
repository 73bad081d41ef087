// SPDX-License-Identifier: MIT
// Sums of floats in the order of someone else's product of matrices: a BLAS's.
#pragma once

#include "accumulator.hpp"

namespace narrowfloat {

/// A product of row-major matrices of floats: gemm(m, n, k, a, lda, b, ldb, c, ldc) writes the m x
/// n matrix c = a * b and reads nothing of it; a is m x k, b k x n; lda, ldb and ldc are the
/// distances between rows. No size is 0.
template <class F>
concept gemm_function = requires(const F& gemm, std::size_t size, const float* in, float* out) {
  gemm(size, size, size, in, size, in, size, out, size);
};

/// Float sums of a matmul in whatever order is fastest: panels of floats go to a function of the
/// caller's, such as a BLAS has. It takes the place of an accumulator in matmul(), with every
/// operand, MatmulOptions, Epilogue and executor.
///
/// Result    c(i, j) = a sum of the floats a(i, l) * b(l, j) as `gemm` makes it: the bits depend on
///           that function, its threads and its processor, and on `panel`. Operands are floats:
///           numbers of a range or view exactly, those of a BlockTensor, an Int8Matrix or a
///           CodebookTensor what they dequantize to, which has been rounded where float does not
///           hold scale * element (* tensor scale), as under NVFP4's tensor scale. Floats that are
///           stored as they are read go to `gemm` where they lie; others are decoded, and
///           transposed, a panel at a time. Sums longer than a panel is deep are made in slices,
///           which are added in float.
/// Special   Inf, NaN, zeros and subnormal numbers are what `gemm` makes of them. Types whose
///           numbers float does not hold do not compile. A panel of 0 throws std::invalid_argument;
///           what `gemm` throws goes through.
/// Requires  under an executor with threads `gemm` may be called by several at a time.
/// Cost      that of `gemm`, and of decoding each operand once for each 1024 to 2048 rows or
///           columns of c. Memory for three panels in each task of the executor.
///
/// Example   const auto gemm = [](auto m, auto n, auto k, auto a, auto lda, auto b, auto ldb,
///                                auto c, auto ldc) {  // in the place of cblas_sgemm
///             for (std::size_t i = 0; i < m * n; ++i) {
///               float& sum = c[i / n * ldc + i % n] = 0;
///               for (auto l = k; l-- > 0;) sum += a[i / n * lda + l] * b[l * ldb + i % n];
///             }
///           };
///           std::vector<float> y(rows * rows);
///           matmul(x, weights, y, rows, rows, cols, FreeOrderAccumulator{gemm},
///                  {.b_transposed = true});
template <gemm_function Gemm>
struct FreeOrderAccumulator {
  /// The type of the sum.
  using type = float;
  /// The product of float panels.
  Gemm gemm;
  std::size_t panel = std::size_t{1} << 22;  ///< floats of a decoded panel, at most
};
template <class Gemm>
FreeOrderAccumulator(Gemm) -> FreeOrderAccumulator<Gemm>;
template <class Gemm>
FreeOrderAccumulator(Gemm, std::size_t) -> FreeOrderAccumulator<Gemm>;

namespace detail {
inline namespace NF_BASELINE {
template <class Acc>
inline constexpr bool is_free_order = false;
template <class Gemm>
inline constexpr bool is_free_order<FreeOrderAccumulator<Gemm>> = true;
}  // namespace NF_BASELINE
}  // namespace detail

/// What makes the sums of a matmul: an accumulator, or a FreeOrderAccumulator.
template <class Acc>
concept product_policy = accumulator<Acc> || detail::is_free_order<Acc>;

}  // namespace narrowfloat
