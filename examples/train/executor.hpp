// SPDX-License-Identifier: MIT
// The threads of a training run: made once, for products, optimizers and the operations of the
// model alike.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace train {

/// Runs tasks on so many threads, the caller's among them: the executor of every call of the
/// library. What tasks make does not depend on the number of threads. A call from inside a task
/// runs its own tasks one after the other.
class Executor {
 public:
  explicit Executor(std::size_t threads = 1) : pool_(std::make_unique<Pool>(threads)) {}

  std::size_t threads() const { return pool_->workers.size() + 1; }

  void operator()(std::size_t tasks, const std::function<void(std::size_t)>& f) {
    if (inside_task || tasks < 2 || pool_->workers.empty()) {
      for (std::size_t i = 0; i < tasks; ++i) f(i);
    } else {
      pool_->run(tasks, f);
    }
  }

  /// f(first, end) for parts of [0, n) of `part` elements: a task each.
  template <class F>
  void in_parts(std::size_t n, std::size_t part, const F& f) {
    (*this)((n + part - 1) / part,
            [&](std::size_t i) { f(i * part, std::min(n, (i + 1) * part)); });
  }

 private:
  struct Pool {
    explicit Pool(std::size_t threads) {
      for (std::size_t i = 1; i < threads; ++i) workers.emplace_back([this] { wait_for_work(); });
    }
    ~Pool() {
      {
        const std::lock_guard lock(mutex);
        is_closed = true;
      }
      changed.notify_all();
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    void run(std::size_t count, const std::function<void(std::size_t)>& f) {
      {
        const std::lock_guard lock(mutex);
        task = &f;
        tasks = count;
        next = 0;
        busy = workers.size();
        failure = nullptr;
        ++round;
      }
      changed.notify_all();
      work();
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return busy == 0; });
      if (failure) std::rethrow_exception(failure);
    }
    void work() {
      inside_task = true;
      try {
        for (std::size_t i = next++; i < tasks; i = next++) (*task)(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
      }
      inside_task = false;
    }
    void wait_for_work() {
      std::unique_lock lock(mutex);
      for (std::size_t seen = 0;;) {
        changed.wait(lock, [&] { return is_closed || round != seen; });
        if (is_closed) return;
        seen = round;
        lock.unlock();
        work();
        lock.lock();
        if (--busy == 0) changed.notify_all();
      }
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool is_closed = false;
    std::size_t round = 0, tasks = 0, busy = 0;
    std::atomic<std::size_t> next = 0;
    const std::function<void(std::size_t)>* task = nullptr;
    std::exception_ptr failure;
    std::vector<std::jthread> workers;
  };

  static inline thread_local bool inside_task = false;
  std::unique_ptr<Pool> pool_;
};

}  // namespace train
