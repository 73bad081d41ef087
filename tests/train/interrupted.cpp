// SPDX-License-Identifier: MIT
// The program itself, killed again and again while it saves: each time it goes on from a whole
// checkpoint, and ends in the bytes of a run that was left alone. Interrupted, it saves first.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "pieces.hpp"

namespace {

using pieces::bytes_of;
using pieces::Checkpoint;

const std::vector<std::string> run{"--recipe", "fp8-hybrid", "--no-blas",
                                   "--quiet",  "--steps",    "600"};

std::vector<std::string> with(std::vector<std::string> all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// The program, started; its output is dropped.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    const char* const program = std::getenv("TRAIN_DIGITS");
    REQUIRE(program != nullptr);
    arguments.insert(arguments.begin(), program);
    std::vector<char*> pointers;
    for (std::string& a : arguments) pointers.push_back(a.data());
    pointers.push_back(nullptr);
    id_ = fork();
    if (id_ == 0) {
      const int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, 1);
      execv(program, pointers.data());
      _exit(127);
    }
    REQUIRE(id_ > 0);
  }
  void send(int signal) const { kill(id_, signal); }
  /// The exit status; -1 where a signal ended it.
  int wait() const {
    int status = 0;
    waitpid(id_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t id_;
};

void sleep_for(unsigned milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace

TEST_CASE("a run that is killed goes on to the bytes of one that was left alone") {
  const Checkpoint left("interrupted.left"), killed("interrupted.killed");
  REQUIRE(Program(with(run, {"--save", left.path()})).wait() == 0);
  std::random_device seed;
  std::mt19937 random(seed());
  int kills = 0;
  for (bool is_done = false; !is_done;) {
    std::vector<std::string> arguments = with(run, {"--save", killed.path(), "--save-every", "1"});
    if (std::filesystem::exists(killed.path()))
      arguments = with(arguments, {"--resume", killed.path()});
    const Program program(arguments);
    if (kills < 8) {
      sleep_for(30 + static_cast<unsigned>(random() % 200));
      program.send(SIGKILL);
      ++kills;
    }
    const int status = program.wait();
    is_done = status == 0;
    CHECK((is_done || status == -1));
  }
  CHECK(kills > 2);
  CHECK((bytes_of(left.path()) == bytes_of(killed.path())));
}

TEST_CASE("a run that is interrupted saves, ends with 130, and goes on") {
  const Checkpoint left("interrupted.left"), stopped("interrupted.stopped");
  REQUIRE(Program(with(run, {"--save", left.path()})).wait() == 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    const Checkpoint first("interrupted.first");
    // The first checkpoint of the loop tells that the signals are heard.
    const Program program(with(run, {"--save", first.path(), "--save-every", "1"}));
    while (!std::filesystem::exists(first.path())) sleep_for(5);
    program.send(signal);
    CHECK(program.wait() == 130);
    CHECK(Program(with(run, {"--save", stopped.path(), "--resume", first.path()})).wait() == 0);
    CHECK((bytes_of(left.path()) == bytes_of(stopped.path())));
  }
}
