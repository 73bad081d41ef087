// SPDX-License-Identifier: MIT
// Threads that are made once, as an executor: ThreadPool.
#pragma once

#include <cstddef>
#include <thread>
#include <type_traits>

#include "../executor.hpp"
#include "detail/thread_pool.hpp"

namespace narrowfloat {

/// An executor of so many threads, the caller's among them: the others are made once and wait for
/// calls, awake for 50 us, then asleep.
///
/// Promises  a thread begins with tasks that lie side by side, in each call the same, so that its
///           cache holds what it held in the call before; then it helps the others. Several threads
///           may call at once: one has the pool, the others run their own tasks themselves, and so
///           does a task that calls. All tasks run; if some throw, the caller gets the exception of
///           the first of them when all have ended. Allocates when it is made alone.
/// Requires  no call is under way when it is destroyed.
/// Cost      about 1 us until two threads are at work, 30 us where they slept: docs/threads.md.
///
/// Example   ThreadPool threads(2);  // of a program: made once
///           std::vector<float> y(rows * rows), alone(y);
///           matmul(x, weights, y, rows, rows, cols, ExactAccumulator{}, {.b_transposed = true},
///                  threads);
///           // the same bits
///           matmul(x, weights, alone, rows, rows, cols, ExactAccumulator{},
///                  {.b_transposed = true});
///           assert(y == alone);
class ThreadPool {
 public:
  /// 0: as many as the machine runs at once.
  ///
  /// Special   throws std::system_error where the system has no more threads.
  NF_INLINE explicit ThreadPool(std::size_t threads = 0)
      : pool_(threads != 0 ? threads : most_threads()) {
    detail::open(pool_);
  }
  NF_INLINE ~ThreadPool() { detail::close(pool_); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// How many, the caller's among them.
  NF_INLINE std::size_t threads() const { return pool_.ranges.size(); }

  /// Calls f(0) ... f(tasks - 1), each once, and returns when all are done.
  template <class F>
  NF_INLINE void operator()(std::size_t tasks, const F& f) {
    const auto run = [this](std::size_t count, const auto& task) NF_INLINED {
      using task_type = std::remove_cvref_t<decltype(task)>;
      detail::run_by_pool(
          pool_, count,
          [](const void* context, std::size_t i) { (*static_cast<const task_type*>(context))(i); },
          &task);
    };
    detail::run_tasks(run, tasks, f);
  }

 private:
  static NF_INLINE std::size_t most_threads() {
    const unsigned found = std::thread::hardware_concurrency();
    return found != 0 ? found : 1;
  }

  detail::thread_pool pool_;
};

}  // namespace narrowfloat
