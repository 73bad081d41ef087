// SPDX-License-Identifier: MIT
// The program itself, killed again and again while it saves: each time it goes on from a whole
// checkpoint, and ends in the bytes of a run that was left alone. Interrupted, it saves first.
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include "pieces.hpp"
#include "program.hpp"

namespace {

using pieces::Arguments;
using pieces::bytes_of;
using pieces::Checkpoint;
using pieces::Program;
using pieces::sleep_for;
using pieces::wait_for;
using pieces::with;

const Arguments run{"--recipe", "fp8-hybrid", "--no-blas", "--quiet", "--steps", "600"};

/// The program of digits.
class Digits : public Program {
 public:
  explicit Digits(Arguments arguments) : Program(with({path()}, arguments)) {}

 private:
  static std::string path() {
    const char* const program = std::getenv("TRAIN_DIGITS");
    REQUIRE(program != nullptr);
    return program;
  }
};

}  // namespace

TEST_CASE("a run that is killed goes on to the bytes of one that was left alone") {
  const Checkpoint left("interrupted.left"), killed("interrupted.killed"),
      table_left("interrupted.left.csv"), table("interrupted.killed.csv");
  REQUIRE(Digits(with(run, {"--save", left.path(), "--csv", table_left.path()})).wait() == 0);
  std::random_device seed;
  std::mt19937 random(seed());
  int kills = 0;
  for (bool is_done = false; !is_done;) {
    Arguments arguments =
        with(run, {"--save", killed.path(), "--csv", table.path(), "--save-every", "10"});
    if (std::filesystem::exists(killed.path()))
      arguments = with(arguments, {"--resume", killed.path()});
    const Digits program(arguments);
    if (kills < 8) {
      sleep_for(30 + static_cast<unsigned>(random() % 200));
      program.send(SIGKILL);
      ++kills;
    }
    const int status = program.wait();
    is_done = status == 0;
    REQUIRE((is_done || status == -1));
  }
  CHECK(kills > 2);
  CHECK((bytes_of(left.path()) == bytes_of(killed.path())));
  CHECK((bytes_of(table_left.path()) == bytes_of(table.path())));
}

TEST_CASE("a run that is interrupted saves, ends with 130, and goes on") {
  const Checkpoint left("interrupted.left"), stopped("interrupted.stopped");
  REQUIRE(Digits(with(run, {"--save", left.path()})).wait() == 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    const Checkpoint first("interrupted.first");
    // The first checkpoint of the loop tells that the signals are heard.
    const Digits program(with(run, {"--save", first.path(), "--save-every", "1"}));
    wait_for(program, [&] { return std::filesystem::exists(first.path()); });
    program.send(signal);
    CHECK(program.wait() == 130);
    CHECK(Digits(with(run, {"--save", stopped.path(), "--resume", first.path()})).wait() == 0);
    CHECK((bytes_of(left.path()) == bytes_of(stopped.path())));
  }
}
