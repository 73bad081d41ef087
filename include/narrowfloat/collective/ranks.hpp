// SPDX-License-Identifier: MIT
// A group of ranks: processes, or threads, that call the same collectives in the same order.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>

#include "../errors.hpp"

namespace narrowfloat {

/// What the collectives need of a group of ranks: SingleRank, the ranks of an MPI communicator
/// (io/mpi.hpp), or what a user writes for another network. All ranks call the same members in the
/// same order, with spans of the same lengths where nothing else is said:
///
///   rank(), size()         this rank's number, from 0 on, and how many there are
///   all_max(numbers)       each element becomes the largest of all ranks'; none is NaN
///   all_sum(numbers)       each becomes the sum over the ranks, modulo 2^64
///   exchange(send, send_bytes, receive, receive_bytes)
///                          `send` is one piece after the other, of send_bytes[r] bytes for rank r;
///                          `receive` gets the pieces of ranks 0, 1, ... one after the other
///   all_gather(mine, all, bytes)
///                          `all` gets the bytes[r] bytes of each rank r, one after the other
///   broadcast(bytes, root) all get those of rank `root`
///
/// Example   const auto largest = [](rank_group auto& ranks, float amax) {
///             ranks.all_max(std::span(&amax, 1));
///             return amax;
///           };
///           SingleRank alone;
///           assert(largest(alone, 3) == 3 && alone.size() == 1);
template <class R>
concept rank_group = requires(R& ranks, std::span<float> floats, std::span<std::uint64_t> integers,
                              std::span<const std::byte> sent, std::span<std::byte> received,
                              std::span<const std::size_t> sizes, int root) {
  { ranks.rank() } -> std::convertible_to<int>;
  { ranks.size() } -> std::convertible_to<int>;
  ranks.all_max(floats);
  ranks.all_sum(integers);
  ranks.exchange(sent, sizes, received, sizes);
  ranks.all_gather(sent, received, sizes);
  ranks.broadcast(received, root);
};

/// The group of one: a program without ranks calls collectives by it.
struct SingleRank {
  /// Its number, and how many there are.
  int rank() const { return 0; }
  int size() const { return 1; }
  /// What a group does, of one rank's numbers and bytes: spans of different lengths throw
  /// std::invalid_argument.
  void all_max(std::span<float>) {}
  void all_sum(std::span<std::uint64_t>) {}
  NF_INLINE void exchange(std::span<const std::byte> send, std::span<const std::size_t>,
                          std::span<std::byte> receive, std::span<const std::size_t>) {
    copy("SingleRank::exchange", send, receive);
  }
  NF_INLINE void all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                            std::span<const std::size_t>) {
    copy("SingleRank::all_gather", mine, all);
  }
  void broadcast(std::span<std::byte>, int) {}

 private:
  static NF_INLINE void copy(const char* call, std::span<const std::byte> from,
                             std::span<std::byte> to) {
    if (from.size() != to.size())
      detail::fail<std::invalid_argument>(
          call,
          std::to_string(from.size()) + " bytes, into a span of " + std::to_string(to.size()));
    if (!from.empty()) std::memmove(to.data(), from.data(), from.size());
  }
};

}  // namespace narrowfloat
