// SPDX-License-Identifier: MIT
// Square matrices of normal numbers, and a BLAS's product of such: what the benchmarks of products
// have in common.
#pragma once

#include <concepts>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "blas.hpp"
#include "turns.hpp"

namespace bench {

/// size * size normal numbers; integers with a deviation of 20.
template <class F>
std::vector<F> normal_numbers(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<F> all(size * size);
  constexpr float deviation = std::integral<F> ? 20 : 1;
  for (F& x : all) x = static_cast<F>(normal(random) * deviation);
  return all;
}

/// The product of floats in an order of its own.
inline void add_sgemm(turns& timed, const std::string& name, std::size_t n) {
  timed.add(name, n * n * n,
            [n, a = normal_numbers<float>(n, 1), b = normal_numbers<float>(n, 2),
             c = std::make_shared<std::vector<float>>(n * n)] {
              example::Blas{}(n, n, n, a.data(), n, b.data(), n, c->data(), n);
            });
}

}  // namespace bench
