// SPDX-License-Identifier: MIT
// What the program is doing, on stderr: one line that changes on a terminal, else a line now and
// then.
#pragma once

#include <unistd.h>

#include <fmt/format.h>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace bench {

class progress {
 public:
  explicit progress(std::size_t steps) : steps_(steps) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() {
    if (is_terminal_) fmt::print(stderr, "\r\x1b[K");  // leave an empty line to what comes next
  }

  /// The next step begins.
  void next_step() { ++step_; }

  /// Shows what is being done; cheap to call often.
  void show(std::string_view what) {
    const auto now = clock::now();
    const auto quiet =
        is_terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
    if (now - shown_ < quiet) return;
    shown_ = now;
    const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - start_).count();
    const std::string line = fmt::format("[{}/{}] {} s  {}", step_, steps_, elapsed, what);
    if (is_terminal_) {
      fmt::print(stderr, "\r\x1b[K{:.79}", line);
      std::fflush(stderr);
    } else {
      fmt::print(stderr, "{}\n", line);
    }
  }

 private:
  using clock = std::chrono::steady_clock;
  std::size_t step_ = 0, steps_;
  clock::time_point start_ = clock::now(), shown_ = start_;
  bool is_terminal_ = isatty(STDERR_FILENO) == 1;
};

}  // namespace bench
