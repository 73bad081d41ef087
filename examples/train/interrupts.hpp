// SPDX-License-Identifier: MIT
// Signals that ask a run to end.
#pragma once

#include <csignal>
#include <cstddef>

#include "ranks.hpp"

namespace train {

/// Whether one has come.
inline volatile std::sig_atomic_t interrupt_seen = 0;

/// While it lives, SIGINT and SIGTERM are only noted.
class Interrupts {
 public:
  Interrupts() {
    interrupt_seen = 0;
    for (std::size_t i = 0; i < 2; ++i)
      before_[i] = std::signal(signals[i], [](int signal) {
        interrupt_seen = 1;
        if (signal == SIGTERM) say_which_rank_ended();
      });
  }
  ~Interrupts() {
    for (std::size_t i = 0; i < 2; ++i) std::signal(signals[i], before_[i]);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  static constexpr int signals[] = {SIGINT, SIGTERM};
  void (*before_[2])(int);
};

}  // namespace train
