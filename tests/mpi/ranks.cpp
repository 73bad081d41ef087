// SPDX-License-Identifier: MIT
// The ranks of a communicator do what a group of ranks must, whatever the longest message; errors
// say what was wrong.
#include <cstdio>
#include <string>

#include <narrowfloat/collective.hpp>
#include <narrowfloat/io/mpi.hpp>

#include "support/check_ranks.hpp"

static_assert(narrowfloat::rank_group<narrowfloat::mpi::Ranks>);

namespace {

template <class F>
int not_said(const char* text, const F& f) {
  try {
    f();
  } catch (const std::exception& error) {
    if (std::string(error.what()).find(text) != std::string::npos) return 0;
    std::printf("%s\n", error.what());
  }
  std::printf("not said: %s\n", text);
  return 1;
}

int failures_of_ranks() {
  using narrowfloat::mpi::Ranks;
  Ranks ranks(MPI_COMM_WORLD), short_messages(MPI_COMM_WORLD, 8);
  const auto wrong = test::mismatches_of(ranks) + test::mismatches_of(short_messages);
  if (wrong != 0) std::printf("rank %d: %zu mismatches\n", ranks.rank(), wrong);
  int failures = wrong != 0 ? 1 : 0;
  failures += ranks.bytes_sent() == short_messages.bytes_sent() &&
                      (ranks.bytes_sent() > 0) == (ranks.size() > 1)
                  ? 0
                  : 1;

  const auto count = static_cast<std::size_t>(ranks.size());
  const std::vector<std::size_t> sizes(count, 3);
  std::vector<std::byte> bytes(3 * count);
  failures += not_said("narrowfloat::mpi::Ranks::exchange: pieces to send of ",
                       [&] { ranks.exchange({}, sizes, bytes, sizes); });
  failures += not_said("narrowfloat::mpi::Ranks::all_gather: rank ",
                       [&] { ranks.all_gather({}, bytes, sizes); });
  failures += not_said("narrowfloat::mpi::Ranks::broadcast: there is no rank ",
                       [&] { ranks.broadcast(bytes, ranks.size()); });
  failures += not_said("narrowfloat::mpi::Ranks::Ranks: messages of 7 bytes",
                       [] { const Ranks refused(MPI_COMM_WORLD, 7); });
  if (count > 1) {  // rank 0 expects more of its neighbour than that sends: MPI's own errors
    std::vector<std::size_t> more(count, 0), less(count, 0);
    more[1] = ranks.rank() == 0 ? 8 : 0;
    less[0] = ranks.rank() == 1 ? 5 : 0;
    std::vector<std::byte> five(ranks.rank() == 1 ? 5 : 0), eight(ranks.rank() == 0 ? 8 : 0);
    const auto exchange = [&] { ranks.exchange(five, less, eight, more); };
    if (ranks.rank() == 0)
      failures += not_said("exchange: rank 1 sent 5 bytes, of which 8 were expected", exchange);
    else
      exchange();
    std::swap(five, eight);
    std::vector<std::byte> sent(ranks.rank() == 1 ? 8 : 0), received(ranks.rank() == 0 ? 5 : 0);
    less[0] = ranks.rank() == 1 ? 8 : 0;
    more[1] = ranks.rank() == 0 ? 5 : 0;
    const auto truncate = [&] { ranks.exchange(sent, less, received, more); };
    if (ranks.rank() == 0)
      failures += not_said("narrowfloat::mpi::Ranks::exchange: MPI_ERR_TRUNCATE", truncate);
    else
      truncate();
  }
  return failures;
}

}  // namespace

int main() {
  MPI_Init(nullptr, nullptr);
  const int failures = failures_of_ranks();
  MPI_Finalize();
  return failures;
}
