// SPDX-License-Identifier: MIT
// The language model on several ranks, by mpirun: with exact sums the bytes of one rank in every
// kind of recipe; a rank that is killed ends the run with one line, and any number of ranks goes on
// from its checkpoint.
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>

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

const char* variable(const char* name) {
  const char* const value = std::getenv(name);
  REQUIRE(value != nullptr);
  return value;
}

/// A run of a small model, its steps in four micro-batches, which one that goes on has from its
/// checkpoint; without mpirun on one rank.
Arguments run_on(int ranks, const Arguments& more) {
  Arguments all;
  if (ranks > 1) all = {variable("MPIRUN"), "-q", "-n", std::to_string(ranks)};
  all = with(all, {variable("TRAIN_CHARLM"), "--layers", "1", "--width", "32", "--heads", "2",
                   "--context", "16", "--batch", "8", "--no-blas", "--threads", "1", "--quiet"});
  if (std::ranges::find(more, "--resume") == more.end()) all = with(all, {"--micro-batches", "4"});
  return with(all, more);
}
Arguments files(const Checkpoint& checkpoint, const Checkpoint& table) {
  return {"--save", checkpoint.path(), "--csv", table.path()};
}

const Arguments exact{"--exact-sum", "--steps", "150", "--recipe", "fp8-hybrid"};

/// A process that mpirun has started: that of rank 0, or 1.
pid_t child_of(const Program& mpirun, int rank) {
  const auto id = std::to_string(mpirun.id());
  std::istringstream children(bytes_of("/proc/" + id + "/task/" + id + "/children"));
  pid_t first = 0, second = 0;
  children >> first >> second;
  return rank == 0 ? first : second;
}

/// The two numbers of a report that a test asks for.
std::pair<double, double> bytes_and_loss(int ranks, const Arguments& more) {
  const Checkpoint report("ranks.json");
  REQUIRE(Program(run_on(ranks, with(more, {"--json", report.path()}))).wait() == 0);
  const std::string text = bytes_of(report.path());
  const auto number = [&](const std::string& name) {
    return std::stod(text.substr(text.find("\"" + name + "\":") + name.size() + 3));
  };
  return {number("bytes_per_step"), number("loss")};
}

/// What a job says one of whose ranks is killed: one line, by another one.
void kill_rank(int rank, const Program& mpirun, const Checkpoint& errors) {
  const pid_t process = child_of(mpirun, rank);
  REQUIRE(process > 1);
  kill(process, SIGKILL);
  CHECK(mpirun.wait() != 0);
  const std::string said = bytes_of(errors.path());
  CAPTURE(said);
  CHECK(said.starts_with("train_charlm: rank "));
  CHECK(said.ends_with(", process " + std::to_string(process) +
                       ", has ended, and the run with it\n"));
  CHECK(std::ranges::count(said, '\n') == 1);
}

void check_same(const Checkpoint& a, const Checkpoint& b) {
  CHECK((bytes_of(a.path()) == bytes_of(b.path())));
  CHECK(!bytes_of(a.path()).empty());
}

}  // namespace

TEST_CASE("with exact sums 2 and 4 ranks end in the bytes of one") {
  // delayed scales, random bits, a loss scale; FP8-LM's windows of scales, formats that learn
  for (const std::string recipe :
       {"fp32", "fp8-hybrid", "own", "mixed-fp16", "fp8-lm", "flexible-bias"}) {
    INFO(recipe);
    const Arguments how{"--exact-sum", "--steps", "5", "--recipe", recipe};
    const Checkpoint one("ranks.one"), table_of_one("ranks.one.csv");
    REQUIRE(Program(run_on(1, with(how, files(one, table_of_one)))).wait() == 0);
    for (const int ranks : {2, 4}) {  // four share weights and states out among them
      if (ranks == 2 && (recipe == "fp8-lm" || recipe == "flexible-bias")) continue;
      const Checkpoint many("ranks.many"), table("ranks.many.csv");
      const Arguments sharded = with(how, ranks == 4 ? Arguments{"--zero"} : Arguments{});
      REQUIRE(Program(run_on(ranks, with(sharded, files(many, table)))).wait() == 0);
      check_same(one, many);
      check_same(table_of_one, table);
    }
  }
}

TEST_CASE("a killed rank ends the run with one line; another number of ranks goes on") {
  const Checkpoint left("ranks.left"), killed("ranks.killed"), table("ranks.killed.csv"),
      table_left("ranks.left.csv"), errors("ranks.errors");
  REQUIRE(Program(run_on(1, with(exact, files(left, table_left)))).wait() == 0);
  const Arguments saved = with(with(exact, files(killed, table)), {"--save-every", "1"});
  const Program broken(run_on(3, saved), errors.path().c_str());
  wait_for(broken, [&] { return std::filesystem::exists(killed.path()); });
  kill_rank(1, broken, errors);
  // one rank interrupted, all end after the same step, and the first saves
  const auto at_start = std::filesystem::last_write_time(killed.path());
  const Program interrupted(run_on(2, with(saved, {"--resume", killed.path()})));
  wait_for(interrupted,
           [&] { return std::filesystem::last_write_time(killed.path()) != at_start; });
  kill(child_of(interrupted, 1), SIGTERM);
  CHECK(interrupted.wait() == 130);
  REQUIRE(Program(run_on(4, with(saved, {"--zero", "--resume", killed.path()}))).wait() == 0);
  check_same(left, killed);
  check_same(table_left, table);
}

TEST_CASE("a rank that is killed when the others have done their steps is named, too") {
  const Checkpoint saved("ranks.saved"), unread("ranks.pipe"), errors("ranks.errors");
  REQUIRE(mkfifo(unread.path().c_str(), 0600) == 0);  // where the first rank waits for a reader
  const Program job(run_on(3, {"--steps", "0", "--save", saved.path(), "--json", unread.path()}),
                    errors.path().c_str());
  wait_for(job, [&] { return std::filesystem::exists(saved.path()); });
  sleep_for(100);
  kill_rank(0, job, errors);
}

TEST_CASE("a rank that is killed while MPI starts ends the run with one line") {
  const Checkpoint errors("ranks.errors");
  const Program job(run_on(2, {"--steps", "100000"}), errors.path().c_str());
  wait_for(job, [&] { return child_of(job, 1) > 1; });
  sleep_for(20);
  kill(child_of(job, 1), SIGKILL);
  CHECK(job.wait() != 0);
  const std::string said = bytes_of(errors.path());
  CAPTURE(said);
  CHECK(said.find(" has ended") < said.find(", and the run with it\n"));
  CHECK(std::ranges::count(said, '\n') == 1);
}

TEST_CASE("FP8 on the wire is a quarter of the bytes of floats, and trains as they do") {
  const auto run_in = [](const std::string& format) {
    return bytes_and_loss(2, {"--steps", "15", "--wire", format});
  };
  const auto [bytes, loss] = run_in("f32");
  for (const std::string format : {"e4m3", "mxfp8", "int8"}) {
    const auto [narrow_bytes, narrow_loss] = run_in(format);
    CAPTURE(format, bytes, loss, narrow_bytes, narrow_loss);
    const double scales =
        format == "e4m3" ? 0
                         : 1 / 128.0;  // a byte for 32, a float for 128; and the ends of tensors
    CHECK(std::abs(narrow_bytes / bytes - 0.25 - scales) < 0.015);
    CHECK((narrow_loss != loss && std::abs(narrow_loss - loss) < 0.01));
  }
}

TEST_CASE("ranks that share the weights send the others their codes") {
  const auto sent = [](const std::string& recipe) {
    const Arguments how{"--steps", "3", "--recipe", recipe};
    return bytes_and_loss(2, with(how, {"--zero"})).first - bytes_and_loss(2, how).first;
  };
  const double floats = sent("fp32");
  CHECK(std::abs(sent("mixed-fp16") / floats - 0.5) < 0.02);
}

TEST_CASE("what ends all ranks is one line") {
  const Checkpoint errors("ranks.errors");
  const auto error_of = [&](int ranks, const Arguments& more) {
    CHECK(Program(run_on(ranks, more), errors.path().c_str()).wait() == 2);
    return bytes_of(errors.path());
  };
  CHECK(error_of(2, {"--steps", "9", "--rate", "1e30"})
            .starts_with("train_charlm: step 2: the loss of micro-batch 0 (rank 0) is "));
  CHECK(error_of(2, {"--micro-batches", "1"}) ==
        "train_charlm: --micro-batches 1: 2 ranks share at least one each\n");
  CHECK(error_of(2, {"--resume", "a", "--from", "b"}) ==
        "train_charlm: --resume goes on with a run, --from starts one: not both\n");
  CHECK(error_of(1, {"--ranks", "2"}).starts_with("train_charlm: --ranks 2: there are 1"));
}
