// SPDX-License-Identifier: MIT
// Executors: threads, and another order.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace test {

struct Threads {
  std::size_t count;

  template <class F>
  void operator()(std::size_t tasks, const F& f) const {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < tasks; i = next++) f(i);
    };
    std::vector<std::thread> others;
    for (std::size_t t = 1; t < count; ++t) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  }
};

struct Shuffled {
  std::mt19937_64 random{3};
  std::size_t most = 0;  ///< tasks of a call

  template <class F>
  void operator()(std::size_t tasks, const F& f) {
    std::vector<std::size_t> order(tasks);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) f(i);
    most = std::max(most, tasks);
  }
};

}  // namespace test
