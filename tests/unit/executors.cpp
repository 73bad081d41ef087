// SPDX-License-Identifier: MIT
// Executors run every task once and return when all have ended; of the tasks that throw, the first
// one's exception reaches the caller.
#include <narrowfloat/io/threads.hpp>
#if defined(_OPENMP)
#include <narrowfloat/io/openmp.hpp>
#endif
#if defined(NARROWFLOAT_TEST_TBB)
#include <narrowfloat/io/tbb.hpp>
#endif
#include <narrowfloat/detail/array/tasks.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"

namespace nf = narrowfloat;

namespace {

/// How often each of so many tasks ran, under a call.
template <class Call>
std::vector<int> runs(std::size_t tasks, const Call& call) {
  std::vector<std::atomic<int>> counts(tasks);
  call([&](std::size_t i) { ++counts[i]; });
  return {counts.begin(), counts.end()};
}

/// The message of what a call throws; "" where it throws nothing.
template <class Call>
std::string message(const Call& call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

/// run(tasks, f) is an executor, or calls one.
template <class Run>
void check(const Run& run) {
  for (const std::size_t tasks : {0u, 1u, 2u, 3u, 7u, 64u, 1000u}) {
    INFO(tasks);
    CHECK(runs(tasks, [&](const auto& f) { run(tasks, f); }) == std::vector<int>(tasks, 1));
  }

  SECTION("the first task's exception, when all have ended") {
    for (int i = 0; i < 100; ++i) {
      std::atomic<int> ended = 0;
      CHECK(message([&] {
              run(50, [&](std::size_t task) {
                if (task == 41) std::this_thread::sleep_for(std::chrono::microseconds(20 * i));
                ++ended;
                if (task % 10 == 3) throw std::runtime_error(std::to_string(task));
              });
            }) == "3");
      CHECK(ended == 50);
    }
  }
  SECTION("a task may call, and throw from there") {
    std::vector<std::vector<int>> inner(9);
    run(9, [&](std::size_t i) { inner[i] = runs(i + 20, [&](const auto& f) { run(i + 20, f); }); });
    for (std::size_t i = 0; i < inner.size(); ++i) CHECK(inner[i] == std::vector<int>(i + 20, 1));
    CHECK(message([&] {
            run(5, [&](std::size_t i) {
              run(5, [&](std::size_t k) {
                if (k + i == 4) throw std::runtime_error(std::to_string(i));
              });
            });
          }) == "0");
  }
  SECTION("two threads call at once, many times") {
    std::atomic<std::size_t> wrong = 0;
    const auto caller = [&] {
      for (std::size_t i = 0; i < 3000; ++i) {
        std::atomic<std::size_t> sum = 0;
        run(2 + i % 5, [&](std::size_t task) { sum += task + 1; });
        const std::size_t tasks = 2 + i % 5;
        wrong += sum != tasks * (tasks + 1) / 2;
      }
    };
    std::thread other(caller);
    caller();
    other.join();
    CHECK(wrong == 0);
  }
}

/// As check(), through run_tasks too.
template <class E>
void check_executor(E&& executor) {
  SECTION("by itself") {
    check([&](std::size_t tasks, const auto& f) { executor(tasks, f); });
  }
  SECTION("through a call of the library") {
    check([&](std::size_t tasks, const auto& f) { nf::detail::run_tasks(executor, tasks, f); });
  }
}

using AnyTask = std::function<void(std::size_t)>;

void function(std::size_t tasks, const AnyTask& f) {
  for (std::size_t i = tasks; i-- > 0;) f(i);
}

static_assert(nf::task_executor<decltype(function)>);
static_assert(nf::task_executor<const std::function<void(std::size_t, AnyTask)>>);
static_assert(!nf::task_executor<void (*)(std::size_t, void (*)(std::size_t))>);  // no object
static_assert(!nf::task_executor<const nf::ThreadPool>);

}  // namespace

TEST_CASE("executors: one after the other, and threads made for a call", "[executor]") {
  const auto check_calls = [](auto executor) {
    check([&](std::size_t tasks, const auto& f) { nf::detail::run_tasks(executor, tasks, f); });
  };
  SECTION("serial") { check_calls(nf::SerialExecutor{}); }
  SECTION("threads") { check_calls(test::Threads{3}); }
  SECTION("a function") {
    const auto by = nf::detail::executor_ref::of(function);
    check([&](std::size_t tasks, const auto& f) { nf::detail::run_tasks(by, tasks, f); });
  }
}

TEST_CASE("executors: ThreadPool", "[executor]") {
  const std::size_t threads = GENERATE(1u, 2u, 5u);
  nf::ThreadPool pool(threads);
  CHECK(pool.threads() == threads);
  check_executor(pool);
}

TEST_CASE("executors: a ThreadPool has the threads that it says, asleep or awake", "[executor]") {
  CHECK(nf::ThreadPool().threads() == std::max(1u, std::thread::hardware_concurrency()));
  nf::ThreadPool pool(3);
  for (int i = 0; i < 20; ++i) {
    // each task waits for the other two: as many threads run, and wake where they slept
    std::atomic<int> begun = 0;
    pool(3, [&](std::size_t) {
      ++begun;
      while (begun < 3) std::this_thread::yield();
    });
    if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (int i = 0; i < 50; ++i) nf::ThreadPool unused(3);
}

TEST_CASE("executors: threads of a ThreadPool keep their tasks, and take over others'",
          "[executor]") {
  nf::ThreadPool pool(2);
  std::vector<std::thread::id> by(8);
  std::atomic<int> begun = 0;
  const auto first_of_each = [&](std::size_t task) {
    by[task] = std::this_thread::get_id();
    if (task % 4 != 0) return;
    ++begun;
    while (begun < 2) std::this_thread::yield();
  };
  pool(8, first_of_each);
  CHECK(by[0] == std::this_thread::get_id());
  CHECK(by[4] != std::this_thread::get_id());

  // one thread holds its first task until all others have run
  std::atomic<int> ended = 0;
  pool(8, [&](std::size_t task) {
    while (task == 0 && ended < 7) std::this_thread::yield();
    ++ended;
  });
  CHECK(ended == 8);
}

#if defined(_OPENMP)
TEST_CASE("executors: OpenMP", "[executor]") {
  check_executor(nf::OpenMPExecutor{.threads = 3});
  std::atomic<int> most = 0;
  nf::OpenMPExecutor{.threads = 2}(2, [&](std::size_t) { most = omp_get_num_threads(); });
  CHECK(most == 2);
  nf::OpenMPExecutor{}(2, [&](std::size_t) { most = omp_get_num_threads(); });
  CHECK(most == omp_get_max_threads());
}
#endif

#if defined(NARROWFLOAT_TEST_TBB)
TEST_CASE("executors: oneTBB", "[executor]") {
  SECTION("the caller's arena") { check_executor(nf::TBBExecutor{}); }
  SECTION("an arena of two") {
    tbb::task_arena arena(2);
    check_executor(nf::TBBExecutor{&arena});
    std::atomic<int> most = 0;
    nf::TBBExecutor{&arena}(8,
                            [&](std::size_t) { most = tbb::this_task_arena::max_concurrency(); });
    CHECK(most == 2);
  }
  SECTION("in a loop of which another task throws") {
    std::atomic<int> ran = 0;
    tbb::task_arena arena(2);
    CHECK(message([&] {
            arena.execute([&] {
              const auto throw_or_call = [&](int i) {
                if (i == 0) {
                  for (int k = 0; k < 20000 && ran == 0; ++k)
                    std::this_thread::sleep_for(std::chrono::microseconds(100));
                  throw std::runtime_error("0");
                }
                nf::TBBExecutor{}(40, [&](std::size_t) {
                  ++ran;
                  std::this_thread::sleep_for(std::chrono::microseconds(100));
                });
              };
              tbb::parallel_for(0, 2, throw_or_call, tbb::simple_partitioner{});
            });
          }) == "0");
    CHECK((ran == 40 || ran == 0));  // none where one thread had both
  }
}
#endif
