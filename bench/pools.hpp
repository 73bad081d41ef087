// SPDX-License-Identifier: MIT
// The threads of rows by several threads.
#pragma once

#include <cstddef>
#include <map>
#include <narrowfloat/io/threads.hpp>

namespace bench {

/// So many threads, made once.
inline narrowfloat::ThreadPool& pool_of(std::size_t threads) {
  static std::map<std::size_t, narrowfloat::ThreadPool> pools;
  return pools.try_emplace(threads, threads).first->second;
}

/// The threads of a pool, or of none: the caller alone.
struct pool_executor {
  narrowfloat::ThreadPool* pool = nullptr;

  template <class F>
  void operator()(std::size_t tasks, const F& f) const {
    if (pool != nullptr)
      (*pool)(tasks, f);
    else
      narrowfloat::SerialExecutor{}(tasks, f);
  }
};

}  // namespace bench
