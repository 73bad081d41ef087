// SPDX-License-Identifier: MIT
#include "ranks.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#ifdef NARROWFLOAT_WITH_MPI
#include <narrowfloat/io/mpi.hpp>
#endif

namespace train {

void end_together(Ranks& ranks, int who_says_it, const std::string& error) {
  ranks.ends_together = true;
  if (ranks.rank() != who_says_it) throw EndedElsewhere{2};
  throw std::runtime_error(error);
}

void require_no_error(Ranks& ranks, const std::string* error) {
  std::vector<std::uint64_t> has_error(static_cast<std::size_t>(ranks.size()));
  has_error[static_cast<std::size_t>(ranks.rank())] = error != nullptr ? 1 : 0;
  ranks.all_sum(has_error);
  const auto first = std::ranges::find(has_error, 1u);
  if (first == has_error.end()) return;
  const bool is_common = std::ranges::find(has_error, 0u) == has_error.end();
  end_together(ranks, static_cast<int>(first - has_error.begin()),
               (is_common ? "" : "rank " + std::to_string(ranks.rank()) + ": ") +
                   (error != nullptr ? *error : ""));
}

namespace {

/// A number that mpirun gives to what it starts, of Open MPI or MPICH and its kin, or Slurm's srun;
/// -1 where none has started this process.
int launched(const char* of_open_mpi, const char* of_mpich, const char* of_slurm) {
  for (const char* const name : {of_open_mpi, of_mpich, of_slurm})
    if (const char* const text = std::getenv(name); text != nullptr) return std::atoi(text);
  return -1;
}
int launched_ranks() {
  return launched("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS");
}

/// What say_which_rank_ended() reads: processes of this machine by rank, 0 for those of others, and
/// the lines about them.
struct Neighbours {
  std::vector<pid_t> processes;
  std::vector<std::string> lines;
  std::size_t mine = 0;
};
Neighbours neighbours;
volatile sig_atomic_t is_said = 0;   // by the rank that has ended
volatile sig_atomic_t have_met = 0;  // whether neighbours are known

/// Before that: the list, which Linux has, of the processes that mpirun has started here, how many
/// these were, and what is said where one of them is gone.
struct Siblings {
  std::string list, line;
  int count = 0;
};
Siblings siblings;

/// Whether one is gone, and this is the first of those that are left.
bool tells_of_siblings() {
  std::array<char, 8192> text{};
  const int file = open(siblings.list.c_str(), O_RDONLY);
  const ssize_t length = file < 0 ? 0 : read(file, text.data(), text.size());
  if (file >= 0) close(file);
  int count = 0;
  pid_t first = 0, process = 0;
  for (ssize_t i = 0; i < length; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c >= '0' && c <= '9') {
      process = 10 * process + (c - '0');
    } else if (process != 0) {
      if (count++ == 0 || process < first) first = process;
      process = 0;
    }
  }
  return count < siblings.count && first == getpid();
}
void say(const std::string& line) {
  if (write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

#ifndef NARROWFLOAT_WITH_MPI
constexpr const char* without_mpi =
    "was built without MPI, for one rank: build it where CMake finds MPI (Debian: libopenmpi-dev)";
#endif

}  // namespace

void require_ranks(const Ranks& ranks, std::size_t wanted) {
  if (wanted == 0 || wanted == static_cast<std::size_t>(ranks.size())) return;
#ifndef NARROWFLOAT_WITH_MPI
  throw std::runtime_error(without_mpi);
#endif
  throw std::invalid_argument("--ranks " + std::to_string(wanted) + ": there are " +
                              std::to_string(ranks.size()) + "; mpirun -n " +
                              std::to_string(wanted) + " starts as many");
}

void say_which_rank_ended() {
  if (is_said != 0) return;
  if (have_met == 0) {
    if (tells_of_siblings()) say(siblings.line);
    return;
  }
  const std::vector<pid_t>& all = neighbours.processes;
  std::size_t ended = all.size();
  for (std::size_t r = 0; r < all.size(); ++r) {
    if (r == neighbours.mine || all[r] == 0) continue;
    if (kill(all[r], 0) != 0)
      ended = std::min(ended, r);
    else if (r < neighbours.mine)
      return;  // which says it
  }
  if (ended != all.size()) say(neighbours.lines[ended]);
}

#ifdef NARROWFLOAT_WITH_MPI

namespace {

struct Session {
  Session() {
    int given = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
  }
};

/// Ends a rank by SIGTERM, after it has said whether another one has ended.
void end_by(int signal_number) {
  say_which_rank_ended();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

/// Hears when a rank ends before all have met.
void await_neighbours(std::string_view program) {
  const std::string parent = std::to_string(getppid());
  siblings.list = "/proc/" + parent + "/task/" + parent + "/children";
  siblings.line =
      std::string(program) + ": a rank has ended before all had begun, and the run with it\n";
  siblings.count =
      launched("OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "SLURM_NTASKS_PER_NODE");
  signal(SIGTERM, end_by);
}

/// Notes who runs on this machine, and hears when one of them ends, or says why it does.
void meet_neighbours(std::string_view program, Ranks& ranks) {
  struct Card {
    std::array<char, 256> machine;
    pid_t process;
  };
  Card mine{};
  gethostname(mine.machine.data(), mine.machine.size() - 1);
  mine.process = getpid();
  std::vector<Card> all(static_cast<std::size_t>(ranks.size()));
  const std::vector<std::size_t> bytes(all.size(), sizeof(Card));
  ranks.all_gather(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all)),
                   bytes);
  neighbours.mine = static_cast<std::size_t>(ranks.rank());
  for (const Card& card : all) {
    const auto line = std::string(program) + ": rank " + std::to_string(neighbours.lines.size()) +
                      ", process " + std::to_string(card.process) +
                      ", has ended, and the run with it\n";
    neighbours.processes.push_back(card.machine == mine.machine ? card.process : 0);
    neighbours.lines.push_back(line);
  }
  struct sigaction heard {};
  heard.sa_handler = [](int) { is_said = 1; };
  heard.sa_flags = SA_RESTART;
  sigaddset(&heard.sa_mask, SIGTERM);  // which may have come with it, and waits
  sigaction(SIGUSR1, &heard, nullptr);
  have_met = 1;
}

/// Before this rank ends by itself: mpirun's SIGTERM, which may follow, is not about a killed one.
void tell_neighbours() {
  for (const pid_t process : neighbours.processes)
    if (process != 0 && process != getpid()) kill(process, SIGUSR1);
}

}  // namespace

struct Job::Started {
  explicit Started(std::string_view program) {
    if (launched_ranks() < 2) {
      ranks = std::make_unique<RanksOf<nf::SingleRank>>(alone);
      return;
    }
    await_neighbours(program);
    session.emplace();
    group.emplace(MPI_COMM_WORLD);
    if (group->size() == 1)
      throw std::runtime_error(std::to_string(launched_ranks()) +
                               " processes were started as ranks, but MPI knows of one alone");
    ranks = std::make_unique<RanksOf<nf::mpi::Ranks>>(*group);
    meet_neighbours(program, *ranks);
  }

  nf::SingleRank alone;
  std::optional<Session> session;
  std::optional<nf::mpi::Ranks> group;
  std::unique_ptr<Ranks> ranks;
};

Job::~Job() {
  if (!started_->session) return;
  if (started_->ranks->ends_together) {
    started_->group.reset();
    MPI_Finalize();
    tell_neighbours();  // some of which may be in MPI_Finalize still
    signal(SIGTERM, SIG_DFL);
    return;
  }
  tell_neighbours();
  MPI_Abort(MPI_COMM_WORLD, 2);
}

#else

struct Job::Started {
  explicit Started(std::string_view) {
    if (launched_ranks() < 2) return;
    if (launched("OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID") != 0) throw EndedElsewhere{2};
    throw std::runtime_error(without_mpi);
  }

  nf::SingleRank alone;
  std::unique_ptr<Ranks> ranks = std::make_unique<RanksOf<nf::SingleRank>>(alone);
};

Job::~Job() = default;

#endif

Job::Job(std::string_view program) : started_(std::make_unique<Started>(program)) {}
Ranks& Job::ranks() { return *started_->ranks; }

}  // namespace train
