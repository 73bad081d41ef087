// SPDX-License-Identifier: MIT
// A program that a test starts, and ends by signals.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace pieces {

using Arguments = std::vector<std::string>;

inline Arguments with(Arguments all, const Arguments& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// A program, started; what it prints is dropped, its errors too where they are not to be in a
/// file.
class Program {
 public:
  explicit Program(Arguments command, const char* errors = nullptr) {
    std::vector<char*> pointers;
    for (std::string& a : command) pointers.push_back(a.data());
    pointers.push_back(nullptr);
    id_ = fork();
    if (id_ == 0) {
      dup2(open("/dev/null", O_WRONLY), 1);
      if (errors != nullptr) dup2(open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0644), 2);
      execvp(pointers.front(), pointers.data());
      _exit(127);
    }
    REQUIRE(id_ > 0);
  }
  pid_t id() const { return id_; }
  void send(int signal) const { kill(id_, signal); }
  bool is_running() const {
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(id_), &ended, WEXITED | WNOHANG | WNOWAIT);
    return ended.si_pid == 0;
  }
  /// The exit status; -1 where a signal ended it.
  int wait() const {
    int status = 0;
    waitpid(id_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t id_;
};

inline void sleep_for(unsigned milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// Waits for what a program does. Special: fails where it ends without that.
template <class F>
void wait_for(const Program& program, const F& is_done) {
  for (bool runs = true; !is_done(); sleep_for(5)) {
    REQUIRE(runs);
    runs = program.is_running();
  }
}

}  // namespace pieces
