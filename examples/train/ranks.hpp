// SPDX-License-Identifier: MIT
// The ranks that train one model: processes that mpirun has started, or one alone. Nothing but
// ranks.cpp knows whether there is MPI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <narrowfloat/collective.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../program.hpp"

namespace train {

namespace nf = narrowfloat;

/// A group of ranks without its type: an nf::rank_group.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Bytes that this rank has sent to others.
  virtual std::uint64_t bytes_sent() const = 0;
  virtual void all_max(std::span<float> numbers) = 0;
  virtual void all_sum(std::span<std::uint64_t> numbers) = 0;
  virtual void exchange(std::span<const std::byte> send, std::span<const std::size_t> send_bytes,
                        std::span<std::byte> receive,
                        std::span<const std::size_t> receive_bytes) = 0;
  virtual void all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                          std::span<const std::size_t> bytes) = 0;
  virtual void broadcast(std::span<std::byte> bytes, int root) = 0;

  bool is_first() const { return rank() == 0; }
  bool ends_together = false;  ///< all ranks know that they end: nobody waits for another
};

template <nf::rank_group Group>
class RanksOf final : public Ranks {
 public:
  explicit RanksOf(Group& group) : group_(group) {}
  int rank() const override { return group_.rank(); }
  int size() const override { return group_.size(); }
  std::uint64_t bytes_sent() const override {
    if constexpr (requires { group_.bytes_sent(); }) return group_.bytes_sent();
    return 0;
  }
  void all_max(std::span<float> numbers) override { group_.all_max(numbers); }
  void all_sum(std::span<std::uint64_t> numbers) override { group_.all_sum(numbers); }
  void exchange(std::span<const std::byte> send, std::span<const std::size_t> send_bytes,
                std::span<std::byte> receive, std::span<const std::size_t> receive_bytes) override {
    group_.exchange(send, send_bytes, receive, receive_bytes);
  }
  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                  std::span<const std::size_t> bytes) override {
    group_.all_gather(mine, all, bytes);
  }
  void broadcast(std::span<std::byte> bytes, int root) override { group_.broadcast(bytes, root); }

 private:
  Group& group_;
};

/// Ends a rank where another one says why.
struct EndedElsewhere {
  int status;
};

/// Ends all ranks, which call it together: the one throws the error, the others EndedElsewhere.
[[noreturn]] void end_together(Ranks& ranks, int who_says_it, const std::string& error);
/// Where a rank has an error all end together, by the lowest that has one. All ranks call it.
void require_no_error(Ranks& ranks, const std::string* error);

/// What f() returns, which every rank does for itself. Special: where it throws on a rank, all end
/// together: one of them throws, and names its rank where others have no error.
template <class F>
auto together(Ranks& ranks, const F& f) {
  if (ranks.size() == 1) return f();
  std::optional<std::invoke_result_t<const F&>> made;
  std::optional<std::string> error;
  try {
    made.emplace(f());
  } catch (const std::exception& e) {
    error = e.what();
  }
  require_no_error(ranks, error ? &*error : nullptr);
  return std::move(*made);
}

/// What mpirun, or srun, has started: this process as a rank. Ends with a call of MPI_Finalize
/// where all ranks end together, else of MPI_Abort, which ends the others.
class Job {
 public:
  /// One rank where neither has started several processes. Special: throws on the first rank where
  /// one has, and the program was built without MPI; the others throw EndedElsewhere. Where MPI
  /// knows of one rank alone then, each throws.
  explicit Job(std::string_view program);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  Ranks& ranks();

 private:
  struct Started;
  std::unique_ptr<Started> started_;
};

/// Special: another number of ranks than the one that is wanted throws, if one is (not 0).
void require_ranks(const Ranks& ranks, std::size_t wanted);

/// In a handler of SIGTERM, by which mpirun ends a job: one rank says which other one on this
/// machine has ended, if one has.
void say_which_rank_ended();

/// The main() of a program of ranks: example::run_program() on each, where the first alone shows
/// the help, and what ends them all is one line.
template <class Parse, class Run>
int run_on_ranks(std::string_view name, std::string_view help, const Parse& parse, const Run& run) {
  try {
    std::optional<Job> job;
    return example::run_program(
        name, help,
        [&] {
          job.emplace(name);
          Ranks& ranks = job->ranks();
          auto options = together(ranks, parse);
          ranks.ends_together = options.help;
          if (options.help && !ranks.is_first()) throw EndedElsewhere{0};
          return options;
        },
        [&](auto& options) {
          const int status = run(options, job->ranks());
          job->ranks().ends_together = true;
          return status;
        });
  } catch (const EndedElsewhere& end) {
    return end.status;
  }
}

}  // namespace train
