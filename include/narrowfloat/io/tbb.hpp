// SPDX-License-Identifier: MIT
// The threads of oneTBB as an executor.
#pragma once

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <cstddef>

#include "../executor.hpp"

namespace narrowfloat {

/// An executor: the threads of an arena of oneTBB, which share tasks as they find time.
///
/// Promises  all tasks run; if some throw, the caller gets the exception of the first of them when
///           all have ended. A task may call: idle threads of the arena take part.
///
/// Example   tbb::task_arena arena(2);
///           std::vector<float> y(rows * rows);
///           matmul(x, weights, y, rows, rows, cols, ExactAccumulator{}, {.b_transposed = true},
///                  TBBExecutor{&arena});
struct TBBExecutor {
  /// None: the arena of the caller, in which other work of the program runs too.
  tbb::task_arena* arena = nullptr;

  /// Calls f(0) ... f(tasks - 1), each once, and returns when all are done.
  template <class F>
  NF_INLINE void operator()(std::size_t tasks, const F& f) const {
    const auto run = [arena = arena](std::size_t count, const auto& task) {
      const auto loop = [&] {
        // not ended by what another task of the caller's loop throws
        tbb::task_group_context own(tbb::task_group_context::isolated);
        tbb::parallel_for(
            std::size_t{0}, count, [&](std::size_t i) { task(i); }, own);
      };
      if (arena != nullptr)
        arena->execute(loop);
      else
        loop();
    };
    detail::run_tasks(run, tasks, f);
  }
};

}  // namespace narrowfloat
