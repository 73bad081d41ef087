// SPDX-License-Identifier: MIT
// An array as tasks for an executor: where it is cut.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../executor.hpp"
#include "lengths.hpp"
#include "parts.hpp"

namespace narrowfloat::detail {

using task_function = void (*)(const void* tasks, std::size_t i);

inline namespace NF_BASELINE {

// What an executor_ref points to: functions, not lambdas of its own, which units would share.
inline void run_serially(void*, std::size_t tasks, task_function f, const void* context) {
  for (std::size_t i = 0; i < tasks; ++i) f(context, i);
}
template <class E>
void run_by(void* executor, std::size_t tasks, task_function f, const void* context) {
  (*reinterpret_cast<E*>(executor))(tasks, [=](std::size_t i) { f(context, i); });
}
template <class F>
void run_one(const void* tasks, std::size_t i) {
  (*static_cast<const F*>(tasks))(i);
}

/// Raises what tasks share to what one of them found.
template <class Word>
void raise_to(Word& most, Word found) {
  Word before = __atomic_load_n(&most, __ATOMIC_RELAXED);
  while (before < found && !__atomic_compare_exchange_n(&most, &before, found, true,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

}  // namespace NF_BASELINE

/// An executor without its type.
struct executor_ref {
  void* executor;  ///< null: the SerialExecutor
  void (*run)(void* executor, std::size_t tasks, task_function f, const void* context);

  /// The SerialExecutor.
  static NF_INLINE executor_ref serial() { return {nullptr, run_serially}; }
  template <class E>
  static NF_INLINE executor_ref of(E& executor) {
    if constexpr (std::is_same_v<std::remove_cv_t<E>, executor_ref>) {
      return executor;
    } else if constexpr (std::is_same_v<std::remove_cv_t<E>, SerialExecutor>) {
      return serial();
    } else if constexpr (std::is_function_v<E>) {
      return {reinterpret_cast<void*>(&executor), run_by<E>};
    } else {
      return {const_cast<void*>(static_cast<const void*>(&executor)), run_by<E>};
    }
  }
  /// Whether one thread works alone: what does not depend on cuts it may do without any.
  NF_INLINE bool is_serial() const { return executor == nullptr; }
  template <class F>
  NF_INLINE void operator()(std::size_t tasks, const F& f) const {
    run(executor, tasks, run_one<F>, &f);
  }
};

/// An executor without its type; a SerialExecutor as it is: it does an array in one go.
template <class E>
NF_INLINE auto executor_of(E& executor) {
  if constexpr (std::is_same_v<std::remove_const_t<E>, SerialExecutor>) {
    return SerialExecutor{};
  } else {
    return executor_ref::of(executor);
  }
}

inline namespace NF_BASELINE {

/// Elements of a task: a multiple of the part that loops work on, whatever the number of threads.
inline constexpr std::size_t task_elements = 64 * part_elements;

/// Units of so many elements each that are one task, where there is no place for more.
constexpr std::size_t units_of_task(std::size_t elements) {
  return std::max(task_elements / std::max(elements, std::size_t{1}), std::size_t{1});
}

/// Where an array is cut into tasks: by its length and its place alone, never by the executor.
struct task_cuts {
  std::size_t size;                    ///< elements
  std::size_t length = task_elements;  ///< of a task, but for the first and the last
  std::size_t before = 0;              ///< elements that the first one is shorter

  /// Of n numbers that are written: the tasks after the first begin on a cache line.
  template <class To>
  static task_cuts of(const To* out, std::size_t n) {
    return {n, task_elements, reinterpret_cast<std::uintptr_t>(out) % 64 / sizeof(To)};
  }
  constexpr std::size_t count() const {
    return size == 0 ? 0 : size <= length - before ? 1 : ceil_divided(size + before, length);
  }
  constexpr std::size_t begin(std::size_t task) const {
    return task == 0 ? 0 : task * length - before;
  }
  constexpr std::size_t end(std::size_t task) const {
    return std::min(size, (task + 1) * length - before);
  }
};

/// Runs f(first, count) for the tasks of an array.
template <class E, class F>
void run_cuts(E& executor, const task_cuts& cuts, const F& f) {
  run_tasks(executor, cuts.count(), [&](std::size_t task) {
    const std::size_t first = cuts.begin(task);
    f(first, cuts.end(task) - first);
  });
}

/// The same for n elements that are written to `out`, in one go by a SerialExecutor: for work that
/// gives the same wherever it is cut.
template <class E, class To, class F>
constexpr NF_INLINE void run_pieces(const E& executor, const To* out, std::size_t n, const F& f) {
  if constexpr (std::is_same_v<E, SerialExecutor>) {
    f(std::size_t{0}, n);
  } else {
    run_cuts(executor, task_cuts::of(out, n), f);
  }
}

/// Runs f(room, first, count) for the parts of these elements; `room` has place for one Room for
/// each element of a part.
template <class Room, class E, class To, class F>
void run_parts(const E& executor, const To* out, std::size_t n, const F& f) {
  run_pieces(executor, out, n, [&](std::size_t begin, std::size_t size) {
    Room room[part_elements];
    for (std::size_t first = begin, count = 0; first < begin + size; first += count) {
      count = std::min(part_elements, begin + size - first);
      f(room, first, count);
    }
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
