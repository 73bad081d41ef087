// SPDX-License-Identifier: MIT
// The threads of a training run: made once, for products, optimizers and the operations of the
// model alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <narrowfloat/io/threads.hpp>

namespace train {

/// The executor of every call of the library, and of the model's own loops.
class Executor : public narrowfloat::ThreadPool {
 public:
  explicit Executor(std::size_t threads = 1) : ThreadPool(threads) {}

  /// f(first, end) for parts of [0, n) of `part` elements: a task each.
  template <class F>
  void in_parts(std::size_t n, std::size_t part, const F& f) {
    (*this)((n + part - 1) / part,
            [&](std::size_t i) { f(i * part, std::min(n, (i + 1) * part)); });
  }
};

}  // namespace train
