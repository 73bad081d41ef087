// SPDX-License-Identifier: MIT
// A product of matrices of floats for FreeOrderAccumulator: OpenBLAS's where CMake found it, else a
// plain loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#ifdef NARROWFLOAT_OPENBLAS
#include <cblas.h>
#endif

namespace example {

/// c = a * b, row-major; a is m x k, b k x n, or their transposes lie there.
struct Blas {
  void operator()(std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda,
                  const float* b, std::size_t ldb, float* c, std::size_t ldc,
                  bool a_transposed = false, bool b_transposed = false) const {
#ifdef NARROWFLOAT_OPENBLAS
    constexpr auto size = [](std::size_t x) { return static_cast<blasint>(x); };
    constexpr auto order = [](bool transposed) { return transposed ? CblasTrans : CblasNoTrans; };
    cblas_sgemm(CblasRowMajor, order(a_transposed), order(b_transposed), size(m), size(n), size(k),
                1, a, size(lda), b, size(ldb), 0, c, size(ldc));
#else
    for (std::size_t i = 0; i < m; ++i) {
      float* const sums = c + i * ldc;
      std::fill_n(sums, n, 0.0f);
      for (std::size_t l = 0; l < k; ++l) {
        const float factor = a_transposed ? a[l * lda + i] : a[i * lda + l];
        for (std::size_t j = 0; j < n; ++j)
          sums[j] += factor * (b_transposed ? b[j * ldb + l] : b[l * ldb + j]);
      }
    }
#endif
  }
};

#ifdef NARROWFLOAT_OPENBLAS
inline constexpr bool has_blas = true;
#else
inline constexpr bool has_blas = false;
#endif

/// What multiplies, for a line of output.
inline std::string blas_name() {
#ifdef NARROWFLOAT_OPENBLAS
  const std::string config = openblas_get_config();  // OpenBLAS 0.3.21 NO_LAPACKE ...
  return config.substr(0, config.find(' ', config.find(' ') + 1));
#else
  return "a plain loop (OpenBLAS was not found; Debian: libopenblas-dev)";
#endif
}

/// So many threads of the BLAS: 1 where an executor has some.
inline void set_blas_threads([[maybe_unused]] int count) {
#ifdef NARROWFLOAT_OPENBLAS
  openblas_set_num_threads(count);
#endif
}

}  // namespace example
