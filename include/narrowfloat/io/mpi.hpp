// SPDX-License-Identifier: MIT
// The ranks of an MPI communicator (MPI 3.0 and later), as collectives call them, and formats as
// datatypes of MPI.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "../float.hpp"
#include "detail/mpi_calls.hpp"

namespace narrowfloat::mpi {

/// The datatype of a number: MPI_FLOAT, MPI_DOUBLE, and of a Float the unsigned integer of its
/// codes, which MPI knows: nothing has to be committed or freed. Codes are moved; MPI's sums and
/// maxima of them would be those of integers.
///
/// Example   int is_running = 0;
///           MPI_Initialized(&is_running);
///           std::vector<bfloat16> codes(10, bfloat16(0.5f));
///           const MPI_Datatype type = mpi::datatype<bfloat16>();
///           if (is_running) MPI_Bcast(codes.data(), 10, type, 0, MPI_COMM_WORLD);
///           assert(codes[9] == 0.5f);
template <number T>
NF_INLINE MPI_Datatype datatype() noexcept {
  if constexpr (std::is_same_v<T, float>)
    return MPI_FLOAT;
  else if constexpr (std::is_same_v<T, double>)
    return MPI_DOUBLE;
  else if constexpr (sizeof(T) == 1)
    return MPI_UINT8_T;
  else if constexpr (sizeof(T) == 2)
    return MPI_UINT16_T;
  else
    return MPI_UINT32_T;
}

/// A committed datatype that is freed with its object.
class Datatype {
 public:
  /// Takes a datatype over, or from another.
  explicit Datatype(MPI_Datatype type) noexcept : type_(type) {}
  Datatype(Datatype&& other) noexcept : type_(std::exchange(other.type_, MPI_DATATYPE_NULL)) {}
  Datatype& operator=(Datatype&& other) noexcept {
    std::swap(type_, other.type_);
    return *this;
  }
  NF_INLINE ~Datatype() { detail::free_mpi_type(type_); }
  /// What calls of MPI take.
  MPI_Datatype get() const noexcept { return type_; }

 private:
  MPI_Datatype type_;
};

/// The datatype of a run of `size` packed codes: the bytes of a PackedVector<F> of that size.
///
/// Special   an error of MPI throws std::runtime_error with MPI's text where MPI_COMM_WORLD's error
///           handler returns; MPI's default one ends the program. Runs may have more than 2^31
///           bytes.
///
/// Example   int is_running = 0;
///           MPI_Initialized(&is_running);
///           PackedVector<float4_e2m1fn> codes(1001);  // 501 bytes
///           if (is_running) {
///             const mpi::Datatype run = mpi::packed_datatype<float4_e2m1fn>(codes.size());
///             MPI_Bcast(codes.data(), 1, run.get(), 0, MPI_COMM_WORLD);
///           }
template <narrow_float F>
NF_INLINE Datatype packed_datatype(std::size_t size) {
  constexpr std::size_t width = F::width;
  return Datatype(detail::mpi_type_of_bytes("mpi::packed_datatype",
                                            size / 8 * width + (size % 8 * width + 7) / 8));
}

/// The ranks of a communicator: a rank_group (collective/ranks.hpp). Its messages go through a
/// duplicate, so that they never meet those of the program; the communicator stays the caller's.
/// Made, and destroyed, by all ranks of it together, between MPI_Init and MPI_Finalize.
///
/// Special   an error of MPI throws std::runtime_error with the call and MPI's own text, when all
///           messages of the call have ended; one of the duplication only where the error handler
///           of the communicator returns: MPI's default one ends the program. MPI_COMM_NULL, and
///           lengths that do not fit the pieces, throw std::invalid_argument before anything is
///           sent. What another rank that died does to this one is MPI's affair: mpirun ends all.
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
