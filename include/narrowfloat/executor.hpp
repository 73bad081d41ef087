// SPDX-License-Identifier: MIT
// Who runs the parts of a call: the caller's threads, or one after the other.
#pragma once

#include <cstddef>
#include <utility>

#include "config.hpp"

namespace narrowfloat {

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
concept task_executor = requires(E& executor, std::size_t tasks, void (*f)(std::size_t)) {
  executor(tasks, f);
};

/// One after the other: what calls do unless told otherwise.
struct SerialExecutor {
  /// Calls f(0), f(1) ... f(tasks - 1), in this order, on this thread.
  template <class F>
  NF_INLINE void operator()(std::size_t tasks, F&& f) const {
    for (std::size_t i = 0; i < tasks; ++i) f(i);
  }
};

}  // namespace narrowfloat
