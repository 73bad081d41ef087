// SPDX-License-Identifier: MIT
// What is the same with every executor.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <narrowfloat/executor.hpp>

#include "support/catch.hpp"
#include "support/executors.hpp"

namespace test {

/// Elements of several tasks, the last of them short.
inline constexpr std::size_t several_tasks = 3 * 65536 + 1003;

/// Random floats of many sizes, of which some are Inf and NaN where they may be.
inline std::vector<float> numbers(std::size_t n = several_tasks, bool all_finite = false) {
  std::mt19937 random(7);
  std::vector<float> all(n);
  for (float& x : all)
    x = std::ldexp(static_cast<float>(static_cast<std::int32_t>(random())),
                   -static_cast<int>(random() % 16));
  if (!all_finite) {
    all[n / 2] = INFINITY;
    all[n - 70] = NAN;
  }
  return all;
}

inline bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}
template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}

/// run(executor) gives `want` with every executor but the SerialExecutor.
template <class Run, class Want>
void check_tasks(const Run& run, const Want& want) {
  for (const std::size_t count : {2u, 3u}) CHECK(same(run(Threads{count}), want));
  Shuffled shuffled;
  CHECK(same(run(shuffled), want));
  CHECK(shuffled.most > 1);
}
/// run(executor) gives the same with every executor, `want`.
template <class Run, class Want>
void check(const Run& run, const Want& want) {
  CHECK(same(run(narrowfloat::SerialExecutor{}), want));
  check_tasks(run, want);
}
template <class Run>
void check(const Run& run) {
  check_tasks(run, run(narrowfloat::SerialExecutor{}));
}

}  // namespace test
