// SPDX-License-Identifier: MIT
// Products of matrices of plain numbers: by the BLAS, or in an order that every machine keeps.
#pragma once

#include <cstddef>
#include <narrowfloat/linalg.hpp>
#include <type_traits>

#include "../blas.hpp"

namespace train {

namespace nf = narrowfloat;

/// A matrix in memory that others may share: rows of `stride` elements.
template <class T>
struct Strided {
  T* data;
  std::size_t stride;
  bool transposed = false;
};

/// c = a * b of floats, for FreeOrderAccumulator and the model itself. Without a BLAS sums are
/// fused and from left to right: the same bits on every instruction set.
struct Multiply {
  bool use_blas = false;

  void operator()(std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda,
                  const float* b, std::size_t ldb, float* c, std::size_t ldc,
                  bool a_transposed = false, bool b_transposed = false) const {
    if (use_blas) {
      example::Blas{}(m, n, k, a, lda, b, ldb, c, ldc, a_transposed, b_transposed);
      return;
    }
    const auto extent = [](std::size_t rows, std::size_t cols, std::size_t stride) {
      return (rows - 1) * stride + cols;
    };
    const std::span left(a, a_transposed ? extent(k, m, lda) : extent(m, k, lda));
    const std::span right(b, b_transposed ? extent(n, k, ldb) : extent(k, n, ldb));
    nf::matmul(left, right, std::span(c, extent(m, n, ldc)), m, n, k, nf::FusedAccumulator<float>{},
               {.a_transposed = a_transposed,
                .b_transposed = b_transposed,
                .lda = lda,
                .ldb = ldb,
                .ldc = ldc});
  }
};

/// The sums of a recipe's products in float.
using Sums = nf::FreeOrderAccumulator<Multiply>;

/// c = a * b; in doubles, for tests of gradients, by a plain loop.
template <class T>
void multiply(const Multiply& floats, std::size_t m, std::size_t n, std::size_t k,
              const Strided<const T>& a, const Strided<const T>& b, const Strided<T>& c) {
  if constexpr (std::is_same_v<T, float>) {
    floats(m, n, k, a.data, a.stride, b.data, b.stride, c.data, c.stride, a.transposed,
           b.transposed);
  } else {
    const auto at = [](const Strided<const T>& x, std::size_t row, std::size_t col) {
      return x.transposed ? x.data[col * x.stride + row] : x.data[row * x.stride + col];
    };
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        T total = 0;
        for (std::size_t l = 0; l < k; ++l) total += at(a, i, l) * at(b, l, j);
        c.data[i * c.stride + j] = total;
      }
    }
  }
}

}  // namespace train
