// SPDX-License-Identifier: MIT
// Who runs the parts of a call: the caller's threads, or one after the other; what becomes of a
// part that throws.
#pragma once

#include <cstddef>
#include <exception>

#include "config.hpp"

namespace narrowfloat {

namespace detail {
/// What executors run: an object, no function.
struct any_task {
  NF_INLINE void operator()(std::size_t) const {}
};
}  // namespace detail

/// Runs the parts of a call: executor(tasks, f) calls f(0), f(1) ... f(tasks - 1), each once, in
/// any order, on any threads, and returns when all are done. It is the last argument of a call that
/// reads arrays; left out, the calling thread does the work alone.
///
/// Promises  what a call gives does not depend on its executor: arrays are cut by their lengths,
///           and results of parts are joined in the order of the parts. An exception of a part is
///           caught there; when all have ended, the caller gets that of the first part that threw.
///
/// Example   const auto threads = [](std::size_t tasks, auto f) {
///             std::atomic<std::size_t> next = 0;
///             const auto work = [&] { for (std::size_t i; (i = next++) < tasks;) f(i); };
///             std::jthread other(work);
///             work();
///           };
///           std::vector<float> y(rows * rows);
///           matmul(x, weights, y, rows, rows, cols, ExactAccumulator{}, {.b_transposed = true},
///                  threads);
template <class E>
concept task_executor = requires(E& executor, std::size_t tasks) {
  executor(tasks, detail::any_task{});
};

/// One after the other: what calls do unless told otherwise.
struct SerialExecutor {
  /// Calls f(0), f(1) ... f(tasks - 1), in this order, on this thread.
  template <class F>
  NF_INLINE void operator()(std::size_t tasks, F&& f) const {
    for (std::size_t i = 0; i < tasks; ++i) f(i);
  }
};

namespace detail {
inline namespace NF_BASELINE {

/// A lock that is held for a moment: by the built-ins, for <atomic> takes long to compile.
class short_lock {
 public:
  explicit short_lock(bool& is_busy) : is_busy_(is_busy) {
    while (__atomic_test_and_set(&is_busy_, __ATOMIC_ACQUIRE)) {
    }
  }
  short_lock(const short_lock&) = delete;
  short_lock& operator=(const short_lock&) = delete;
  ~short_lock() { __atomic_clear(&is_busy_, __ATOMIC_RELEASE); }

 private:
  bool& is_busy_;
};

#if defined(__cpp_exceptions)
/// The exception of the first task, by its number, among those that threw.
class first_failure {
 public:
  /// Takes the exception that is being handled.
  void keep(std::size_t task) {
    const short_lock lock(is_busy_);
    if (what_ != nullptr && task >= task_) return;
    task_ = task;
    what_ = std::current_exception();
  }
  void rethrow() const {
    if (what_ != nullptr) std::rethrow_exception(what_);
  }

 private:
  bool is_busy_ = false;
  std::size_t task_ = 0;
  std::exception_ptr what_;
};
#endif

/// Runs f(0) ... f(tasks - 1) by an executor. An exception does not reach the executor, whose
/// threads may not survive it: the caller gets that of the first task that threw once all have
/// ended. A single task is the caller's.
template <class E, class F>
void run_tasks(E& executor, std::size_t tasks, const F& f) {
  if (tasks < 2) {
    if (tasks == 1) f(std::size_t{0});
    return;
  }
#if defined(__cpp_exceptions)
  first_failure failure;
  executor(tasks, [&](std::size_t task) {
    try {
      f(task);
    } catch (...) {
      failure.keep(task);
    }
  });
  failure.rethrow();
#else
  executor(tasks, f);
#endif
}

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
