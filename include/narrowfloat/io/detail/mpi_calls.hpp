// SPDX-License-Identifier: MIT
// MPI's calls: their errors, and messages of any length.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../errors.hpp"

namespace narrowfloat::detail {

/// The duplicate of a communicator: a public type has it, which is the same in all units.
struct mpi_group {
  MPI_Comm comm = MPI_COMM_NULL;
  std::size_t most_bytes = 0;
  int rank = 0, size = 1;
  std::uint64_t bytes_sent = 0;
};

inline namespace NF_BASELINE {

/// Throws for the function that the caller called unless a call of MPI succeeded.
inline void require_mpi(const char* call, int code) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  fail<std::runtime_error>(call, std::string(text, static_cast<std::size_t>(length)));
}

/// A committed datatype of so many bytes: pieces of 2^30, and a rest.
inline MPI_Datatype mpi_type_of_bytes(const char* call, std::size_t bytes) {
  constexpr std::size_t piece = std::size_t{1} << 30;
  MPI_Datatype types[2] = {MPI_BYTE, MPI_BYTE}, type = MPI_DATATYPE_NULL;
  require_mpi(call, MPI_Type_contiguous(static_cast<int>(piece), MPI_BYTE, &types[0]));
  const int counts[2] = {static_cast<int>(bytes / piece), static_cast<int>(bytes % piece)};
  const MPI_Aint places[2] = {0, static_cast<MPI_Aint>(bytes / piece * piece)};
  const int made = MPI_Type_create_struct(2, counts, places, types, &type);
  MPI_Type_free(&types[0]);
  require_mpi(call, made);
  const int committed = MPI_Type_commit(&type);
  if (committed != MPI_SUCCESS) MPI_Type_free(&type);
  require_mpi(call, committed);
  return type;
}
inline void free_mpi_type(MPI_Datatype& type) {
  int is_over = 0;
  MPI_Finalized(&is_over);
  if (is_over == 0 && type != MPI_DATATYPE_NULL) MPI_Type_free(&type);
}

inline mpi_group open_mpi_group(const char* call, MPI_Comm communicator, std::size_t most_bytes) {
  constexpr std::size_t limit = std::size_t{1} << 30;  // counts of MPI are ints
  if (most_bytes < 8 || most_bytes > limit) {
    fail<std::invalid_argument>(call, "messages of " + std::to_string(most_bytes) +
                                          " bytes, outside [8, " + std::to_string(limit) + "]");
  }
  int is_running = 0, is_over = 0;
  MPI_Initialized(&is_running);
  MPI_Finalized(&is_over);
  if (is_running == 0 || is_over != 0)
    fail<std::runtime_error>(call, "MPI is not running: call MPI_Init first");
  if (communicator == MPI_COMM_NULL)
    fail<std::invalid_argument>(call, "the communicator is MPI_COMM_NULL");
  mpi_group group;
  group.most_bytes = most_bytes;
  require_mpi(call, MPI_Comm_dup(communicator, &group.comm));
  int code = MPI_Comm_set_errhandler(group.comm, MPI_ERRORS_RETURN);
  if (code == MPI_SUCCESS) code = MPI_Comm_rank(group.comm, &group.rank);
  if (code == MPI_SUCCESS) code = MPI_Comm_size(group.comm, &group.size);
  if (code != MPI_SUCCESS) MPI_Comm_free(&group.comm);
  require_mpi(call, code);
  return group;
}
inline void close_mpi_group(mpi_group& group) {
  int is_over = 0;
  MPI_Finalized(&is_over);
  if (is_over == 0) MPI_Comm_free(&group.comm);
}

template <class T>
void mpi_reduce(const char* call, mpi_group& group, std::span<T> numbers, MPI_Datatype type,
                MPI_Op operation) {
  const auto ranks = static_cast<std::uint64_t>(group.size);
  group.bytes_sent += (2 * (ranks - 1) * numbers.size_bytes() + ranks - 1) / ranks;
  const std::size_t most = group.most_bytes / sizeof(T);
  for (std::size_t done = 0; done < numbers.size(); done += most) {
    const std::size_t count = std::min(most, numbers.size() - done);
    require_mpi(call, MPI_Allreduce(MPI_IN_PLACE, numbers.data() + done, static_cast<int>(count),
                                    type, operation, group.comm));
  }
}
inline void mpi_all_max(const char* call, mpi_group& group, std::span<float> numbers) {
  // In integers, in the order of the numbers: MPI's maximum of floats depends on the environment.
  const auto turn = [&] {
    for (float& x : numbers) {
      const auto bits = __builtin_bit_cast(std::int32_t, x);
      const std::int32_t key = bits < 0 ? bits ^ 0x7fffffff : bits;
      std::memcpy(&x, &key, sizeof x);
    }
  };
  turn();
  mpi_reduce(call, group, numbers, MPI_INT32_T, MPI_MAX);
  turn();
}

/// Pieces of bytes, one for or of each rank, one after the other; without sizes each is them all.
template <class Byte>
struct mpi_pieces {
  std::span<Byte> bytes;
  std::span<const std::size_t> sizes;

  std::size_t size(std::size_t rank) const { return sizes.empty() ? bytes.size() : sizes[rank]; }
  void require(const char* call, const char* what, int ranks) const {
    if (sizes.size() != static_cast<std::size_t>(ranks)) {
      fail<std::invalid_argument>(call, std::to_string(sizes.size()) + " pieces " + what + ", of " +
                                            std::to_string(ranks) + " ranks");
    }
    std::size_t sum = 0;
    for (const std::size_t size : sizes) sum += size;
    if (sum != bytes.size()) {
      fail<std::invalid_argument>(call, "pieces " + std::string(what) + " of " +
                                            std::to_string(sum) + " bytes, in a span of " +
                                            std::to_string(bytes.size()));
    }
  }
  std::vector<Byte*> begins(std::size_t ranks) const {
    std::vector<Byte*> all(ranks, bytes.data());
    for (std::size_t r = 1; r < ranks && !sizes.empty(); ++r) all[r] = all[r - 1] + sizes[r - 1];
    return all;
  }
};

/// Sends a piece to each rank and receives one of each. Throws the first error when all messages
/// have ended: until then MPI reads and writes the pieces.
inline void mpi_exchange(const char* call, mpi_group& group, mpi_pieces<const std::byte> sent,
                         mpi_pieces<std::byte> received) {
  const auto ranks = static_cast<std::size_t>(group.size),
             me = static_cast<std::size_t>(group.rank);
  received.require(call, "to receive", group.size);
  if (sent.size(me) != received.size(me)) {
    fail<std::invalid_argument>(call, "rank " + std::to_string(me) + " sends itself " +
                                          std::to_string(sent.size(me)) + " bytes, and receives " +
                                          std::to_string(received.size(me)));
  }
  const std::vector<const std::byte*> from = sent.begins(ranks);
  const std::vector<std::byte*> to = received.begins(ranks);
  std::vector<MPI_Request> requests;
  std::vector<int> counts;
  int error = MPI_SUCCESS;  // the first
  const auto post = [&](const auto& message, auto* begin, std::size_t bytes, std::size_t rank) {
    for (std::size_t done = 0; done < bytes && error == MPI_SUCCESS; done += group.most_bytes) {
      counts.push_back(static_cast<int>(std::min(group.most_bytes, bytes - done)));
      requests.push_back(MPI_REQUEST_NULL);
      error = message(begin + done, counts.back(), MPI_BYTE, static_cast<int>(rank), 0, group.comm,
                      &requests.back());
      if (error != MPI_SUCCESS) requests.pop_back();
    }
  };
  for (std::size_t k = 1; k < ranks; ++k) {  // each begins with its neighbour
    const std::size_t r = (me + ranks - k) % ranks;
    post(MPI_Irecv, to[r], received.size(r), r);
  }
  const std::size_t receives = requests.size();
  for (std::size_t k = 1; k < ranks; ++k) {
    const std::size_t r = (me + k) % ranks;
    group.bytes_sent += sent.size(r);
    post(MPI_Isend, from[r], sent.size(r), r);
  }
  if (sent.size(me) != 0) std::memmove(to[me], from[me], sent.size(me));
  std::string fault;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    MPI_Status status;
    int count = counts[i], code = MPI_Wait(&requests[i], &status);
    if (code == MPI_SUCCESS && i < receives) code = MPI_Get_count(&status, MPI_BYTE, &count);
    if (error != MPI_SUCCESS || !fault.empty()) continue;
    error = code;
    if (code == MPI_SUCCESS && count != counts[i])
      fault = "rank " + std::to_string(status.MPI_SOURCE) + " sent " + std::to_string(count) +
              " bytes, of which " + std::to_string(counts[i]) + " were expected";
  }
  if (!fault.empty()) fail<std::runtime_error>(call, fault);
  require_mpi(call, error);
}
inline void mpi_broadcast(const char* call, mpi_group& group, std::span<std::byte> bytes,
                          int root) {
  if (root < 0 || root >= group.size) {
    fail<std::invalid_argument>(
        call, "there is no rank " + std::to_string(root) + " of " + std::to_string(group.size));
  }
  if (group.rank == root)
    group.bytes_sent += bytes.size() * static_cast<std::size_t>(group.size - 1);
  for (std::size_t done = 0; done < bytes.size(); done += group.most_bytes) {
    const std::size_t count = std::min(group.most_bytes, bytes.size() - done);
    require_mpi(
        call, MPI_Bcast(bytes.data() + done, static_cast<int>(count), MPI_BYTE, root, group.comm));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
