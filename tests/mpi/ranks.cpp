// SPDX-License-Identifier: MIT
// The ranks of a communicator do what a group of ranks must, whatever the longest message; errors
// say what was wrong.
#include <chrono>
#include <cstdio>
#include <numeric>
#include <string>
#include <thread>

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

/// The last rank sends fewer bytes, or more, than rank 0 expects: MPI's own errors. What all others
/// send, long and late, has arrived when the call ends.
int failures_of_exchange(narrowfloat::mpi::Ranks& ranks, std::size_t sends, std::size_t expects,
                         const char* text) {
  const auto count = static_cast<std::size_t>(ranks.size()),
             me = static_cast<std::size_t>(ranks.rank()), last = count - 1;
  constexpr std::size_t piece = 1 << 20;
  std::vector<std::size_t> from(count, piece), to(count, piece);
  if (me == 0) from[last] = expects;
  if (me == last) to[0] = sends;
  const auto sum = [](const auto& all) { return std::accumulate(all.begin(), all.end(), 0ul); };
  std::vector<std::byte> sent(sum(to), static_cast<std::byte>(me + 1)), received(sum(from));
  if (me != 0 && me != last) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto exchange = [&] { ranks.exchange(sent, to, received, from); };
  int failures = 0;
  if (me == 0)
    failures += not_said(text, exchange);
  else
    exchange();
  sent.assign(sent.size(), std::byte{0});
  for (std::size_t r = 0; r < (me == 0 ? last : count); ++r) {
    for (std::size_t i = 0; i < piece; ++i)
      failures |= received[r * piece + i] != static_cast<std::byte>(r + 1) ? 1 : 0;
  }
  if (failures != 0) std::printf("rank %zu: not %zu bytes of %zu\n", me, expects, sends);
  return failures;
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
  failures += not_said("narrowfloat::mpi::Ranks::Ranks: the communicator is MPI_COMM_NULL",
                       [] { const Ranks refused(MPI_COMM_NULL); });
  if (count > 1) {
    failures += failures_of_exchange(ranks, 5, 8, "sent 5 bytes, of which 8 were expected");
    failures +=
        failures_of_exchange(ranks, 8, 5, "narrowfloat::mpi::Ranks::exchange: MPI_ERR_TRUN");
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
