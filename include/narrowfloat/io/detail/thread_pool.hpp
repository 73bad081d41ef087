// SPDX-License-Identifier: MIT
// The threads of a ThreadPool: how they come by tasks, and how they wait.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "../../executor.hpp"

namespace narrowfloat::detail {

/// The tasks that a thread begins with; others go on with them when theirs are done.
struct alignas(64) task_range {
  std::atomic<std::size_t> next = 0;
  std::size_t end = 0;
};

/// Where threads wait: awake for a while, since sleep and waking cost more than a task may take.
struct waiting_room {
  std::atomic<std::size_t> asleep = 0;
  std::condition_variable bell;
};

/// One call at a time has the threads. Its caller is thread 0, which has no std::thread.
struct thread_pool {
  using task_function = void (*)(const void* context, std::size_t task);
  /// In `state`: tasks may be left; the threads are to end. Each thread at work counts one_at_work.
  static constexpr std::size_t is_open = 1, is_closed = 2, one_at_work = 4;

  explicit thread_pool(std::size_t threads) : ranges(threads) {}

  alignas(64) std::atomic<std::size_t> state = 0;
  task_function run_task = nullptr;  // which a thread gets with the state, in one cache line
  const void* context = nullptr;
  alignas(64) std::atomic_flag has_caller;
  std::vector<task_range> ranges;  ///< of each thread
  std::mutex mutex;                ///< of those that fall asleep
  waiting_room workers_room, callers_room;
  std::vector<std::thread> workers;
};

inline namespace NF_BASELINE {

/// Tells the processor that a loop waits.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns when is_ready(), which ring() of the same room tells of.
template <class F>
void wait(thread_pool& pool, waiting_room& room, const F& is_ready) {
  using clock = std::chrono::steady_clock;
  if (is_ready()) return;
  // About what it costs to fall asleep and to be waked.
  const clock::time_point end = clock::now() + std::chrono::microseconds(50);
  do {
    for (int i = 0; i < 32; ++i, relax()) {
      if (is_ready()) return;
    }
    std::this_thread::yield();
  } while (clock::now() < end);
  std::unique_lock lock(pool.mutex);
  ++room.asleep;  // before it looks again: ring() looks after what it tells of
  room.bell.wait(lock, is_ready);
  --room.asleep;
}

inline void ring(thread_pool& pool, waiting_room& room, std::size_t most) {
  if (room.asleep == 0) return;
  std::size_t asleep;
  {
    const std::lock_guard lock(pool.mutex);
    asleep = room.asleep;
  }
  for (std::size_t i = 0; i < std::min(asleep, most); ++i) room.bell.notify_one();
}

/// Runs a thread's tasks, then what is left of the others'.
inline void run_ranges(thread_pool& pool, std::size_t thread) {
  for (std::size_t k = thread; k < thread + pool.ranges.size(); ++k) {
    task_range& range = pool.ranges[k % pool.ranges.size()];
    while (range.next.load(std::memory_order_relaxed) < range.end) {
      const std::size_t task = range.next.fetch_add(1, std::memory_order_relaxed);
      if (task < range.end) pool.run_task(pool.context, task);
    }
  }
}

inline void work(thread_pool& pool, std::size_t thread) {
  for (;;) {
    std::size_t seen = 0;
    wait(pool, pool.workers_room, [&] { return (seen = pool.state) % pool.one_at_work != 0; });
    if ((seen & pool.is_closed) != 0) return;
    // Whichever call is open now is joined, be it a later one than was seen: its caller waits until
    // those at work have left.
    if (!pool.state.compare_exchange_strong(seen, seen + pool.one_at_work)) continue;
    run_ranges(pool, thread);
    // All tasks are taken: there is nothing left for others to join, whose count stays.
    std::size_t left = 0;
    seen = pool.state;
    do {
      left = (seen & ~pool.is_open) - pool.one_at_work;
    } while (!pool.state.compare_exchange_weak(seen, left));
    if (left == 0) ring(pool, pool.callers_room, 1);
  }
}

/// Runs f(context, 0) ... f(context, tasks - 1), which do not throw.
inline void run_by_pool(thread_pool& pool, std::size_t tasks, thread_pool::task_function f,
                        const void* context) {
  if (pool.workers.empty() || pool.has_caller.test_and_set(std::memory_order_acquire)) {
    for (std::size_t i = 0; i < tasks; ++i) f(context, i);
    return;
  }
  pool.run_task = f;
  pool.context = context;
  const std::size_t threads = pool.ranges.size(), each = tasks / threads, more = tasks % threads;
  for (std::size_t i = 0, first = 0; i < threads; ++i) {
    pool.ranges[i].next.store(first, std::memory_order_relaxed);
    pool.ranges[i].end = first += each + (i < more ? 1 : 0);
  }
  pool.state = pool.is_open;
  ring(pool, pool.workers_room, tasks - 1);
  run_ranges(pool, 0);
  pool.state &= ~pool.is_open;
  wait(pool, pool.callers_room, [&] { return pool.state == 0; });
  pool.has_caller.clear(std::memory_order_release);
}

inline void close(thread_pool& pool) {
  pool.state |= pool.is_closed;
  ring(pool, pool.workers_room, pool.workers.size());
  for (std::thread& worker : pool.workers) worker.join();
  pool.workers.clear();
}

/// Makes the threads. Throws std::system_error where the system has no more, and leaves none.
inline void open(thread_pool& pool) {
  struct closing {
    thread_pool* pool;
    ~closing() {
      if (pool != nullptr) close(*pool);
    }
  } unless_done{&pool};
  for (std::size_t i = 1; i < pool.ranges.size(); ++i)
    pool.workers.emplace_back([&pool, i] { work(pool, i); });
  unless_done.pool = nullptr;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
