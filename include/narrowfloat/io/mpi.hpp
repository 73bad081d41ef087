// SPDX-License-Identifier: MIT
// The ranks of an MPI communicator (MPI 3.0 and later), as the collectives call them.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "detail/mpi_calls.hpp"

namespace narrowfloat::mpi {

/// The ranks of a communicator: a rank_group (collective/ranks.hpp). Its messages go through a
/// duplicate, so that they never meet those of the program; the communicator stays the caller's.
/// Made, and destroyed, by all ranks of it together, between MPI_Init and MPI_Finalize.
///
/// Special   an error of MPI throws std::runtime_error with the call and MPI's own text; lengths
///           that do not fit the pieces throw std::invalid_argument with the numbers before
///           anything is sent. What another rank that died does to this one is MPI's affair:
///           mpirun ends all.
/// Requires  ranks that pass what belongs together: lengths that differ between ranks are an error
///           of MPI, or wait for ever.
/// Promises  maxima and sums do not depend on the order in which MPI joins ranks, nor on the
///           floating-point environment; messages of any length, in pieces of `most_bytes`.
/// Cost      exchange() and all_gather() send each piece straight to its rank: size() - 1 messages.
///
/// Example   int is_running = 0;  // in a program of mpirun: MPI_Init(nullptr, nullptr) before
///           MPI_Initialized(&is_running);
///           if (is_running) {
///             mpi::Ranks ranks(MPI_COMM_WORLD);
///             float largest = amax(gradients);
///             ranks.all_max(std::span(&largest, 1));
///             assert(largest >= amax(gradients));
///           }
class Ranks {
 public:
  /// The ranks of a communicator; `most_bytes` is the length of the longest message.
  explicit NF_INLINE Ranks(MPI_Comm communicator, std::size_t most_bytes = std::size_t{1} << 30)
      : group_(detail::open_mpi_group("mpi::Ranks::Ranks", communicator, most_bytes)) {}
  NF_INLINE ~Ranks() { detail::close_mpi_group(group_); }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  /// This rank's number, and how many there are.
  int rank() const noexcept { return group_.rank; }
  int size() const noexcept { return group_.size; }
  /// How many bytes this rank has sent to others: those of exchange() and all_gather(), and what a
  /// root would send if a broadcast were size() - 1 messages; those of a maximum or a sum as a ring
  /// sends them: 2 (size() - 1) / size() of the numbers, rounded up.
  std::uint64_t bytes_sent() const noexcept { return group_.bytes_sent; }

  /// The largest of all ranks, element by element. -0 is less than +0.
  NF_INLINE void all_max(std::span<float> numbers) {
    detail::mpi_all_max("mpi::Ranks::all_max", group_, numbers);
  }
  /// The sum over all ranks, modulo 2^64, element by element.
  NF_INLINE void all_sum(std::span<std::uint64_t> numbers) {
    detail::mpi_reduce("mpi::Ranks::all_sum", group_, numbers, MPI_UINT64_T, MPI_SUM);
  }
  /// Sends a piece to each rank, and receives one from each.
  NF_INLINE void exchange(std::span<const std::byte> send, std::span<const std::size_t> send_bytes,
                          std::span<std::byte> receive,
                          std::span<const std::size_t> receive_bytes) {
    constexpr const char* call = "mpi::Ranks::exchange";
    detail::mpi_pieces<const std::byte> sent{send, send_bytes};
    sent.require(call, "to send", group_.size);
    detail::mpi_exchange(call, group_, sent, {receive, receive_bytes});
  }
  /// Sends the same bytes to all ranks, and receives those of each.
  NF_INLINE void all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                            std::span<const std::size_t> bytes) {
    detail::mpi_exchange("mpi::Ranks::all_gather", group_, {mine, {}}, {all, bytes});
  }
  /// Gives the bytes of one rank to all.
  NF_INLINE void broadcast(std::span<std::byte> bytes, int root) {
    detail::mpi_broadcast("mpi::Ranks::broadcast", group_, bytes, root);
  }

 private:
  detail::mpi_group group_;
};

}  // namespace narrowfloat::mpi
