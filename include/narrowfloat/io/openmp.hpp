// SPDX-License-Identifier: MIT
// The threads of OpenMP as an executor. What includes this is compiled with -fopenmp.
#pragma once

#if !defined(_OPENMP)
#error "narrowfloat/io/openmp.hpp: compile with -fopenmp (CMake: link OpenMP::OpenMP_CXX)"
#endif

#include <omp.h>

#include <cstddef>

#include "../executor.hpp"

namespace narrowfloat {

/// An executor: the threads of `#pragma omp parallel`, each with tasks that lie side by side.
///
/// Promises  all tasks run; if some throw, the caller gets the exception of the first of them when
///           all have ended. In a parallel region it is the calling thread's work, unless OpenMP
///           is told to nest.
///
/// Example   std::vector<float> y(rows * rows);
///           matmul(x, weights, y, rows, rows, cols, ExactAccumulator{}, {.b_transposed = true},
///                  OpenMPExecutor{.threads = 2});
struct OpenMPExecutor {
  /// 0: as many as OpenMP would take, by OMP_NUM_THREADS or omp_set_num_threads().
  int threads = 0;

  /// Calls f(0) ... f(tasks - 1), each once, and returns when all are done.
  template <class F>
  NF_INLINE void operator()(std::size_t tasks, const F& f) const {
    const int team = threads > 0 ? threads : omp_get_max_threads();
    const auto run = [team](std::size_t count, const auto& task) {
#pragma omp parallel for num_threads(team) schedule(static)
      for (std::size_t i = 0; i < count; ++i) task(i);
    };
    detail::run_tasks(run, tasks, f);
  }
};

}  // namespace narrowfloat
