// SPDX-License-Identifier: MIT
// Threads as the ranks of a group.
#pragma once

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

namespace test {

/// A rank of a group of threads: a rank_group (collective/ranks.hpp). A rank that throws ends the
/// waiting of the others: run() throws what the first of them, by its number, threw.
class ThreadRanks {
 public:
  /// Calls f(ranks) on `count` threads, each with its rank. Checks of Catch are for the caller's
  /// thread: collect what f finds, by ranks.rank().
  template <class F>
  static void run(int count, const F& f) {
    Hub hub(static_cast<std::size_t>(count));
    std::vector<std::exception_ptr> failures(hub.sent.size());
    std::vector<std::thread> threads;
    for (std::size_t r = 0; r < failures.size(); ++r) {
      threads.emplace_back([&, r] {
        ThreadRanks ranks(hub, r);
        try {
          f(ranks);
        } catch (const Stopped&) {
        } catch (...) {
          failures[r] = std::current_exception();
          hub.stop();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& failure : failures) {
      if (failure != nullptr) std::rethrow_exception(failure);
    }
  }

  int rank() const { return static_cast<int>(rank_); }
  int size() const { return static_cast<int>(hub_.sent.size()); }
  /// What this rank sent to others, of exchange(), all_gather() and broadcast().
  std::uint64_t bytes_sent() const { return bytes_sent_; }

  void all_max(std::span<float> numbers) {
    // not by comparisons: flags of the environment make zeros of subnormals
    const auto key = [](float x) {
      const auto bits = std::bit_cast<std::int32_t>(x);
      return bits < 0 ? bits ^ 0x7fffffff : bits;
    };
    reduce(numbers, [&](float a, float b) { return key(a) < key(b) ? b : a; });
  }
  void all_sum(std::span<std::uint64_t> numbers) {
    reduce(numbers, [](std::uint64_t a, std::uint64_t b) { return a + b; });
  }
  void exchange(std::span<const std::byte> send, std::span<const std::size_t> send_bytes,
                std::span<std::byte> receive, std::span<const std::size_t> receive_bytes) {
    require_sum(send.size(), send_bytes);
    require_sum(receive.size(), receive_bytes);
    bytes_sent_ += send.size() - send_bytes[rank_];
    share(send, send_bytes, [&] {
      std::size_t done = 0;
      for (std::size_t r = 0; r < hub_.sent.size(); ++r) {
        std::size_t at = 0;
        for (std::size_t i = 0; i < rank_; ++i) at += hub_.sizes[r][i];
        take(hub_.sizes[r][rank_], receive_bytes[r]);
        copy(hub_.sent[r].data() + at, receive.data() + done, receive_bytes[r]);
        done += receive_bytes[r];
      }
    });
  }
  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                  std::span<const std::size_t> bytes) {
    require_sum(all.size(), bytes);
    bytes_sent_ += mine.size() * (hub_.sent.size() - 1);
    share(mine, bytes, [&] {
      std::size_t done = 0;
      for (std::size_t r = 0; r < hub_.sent.size(); ++r) {
        take(hub_.sent[r].size(), bytes[r]);
        copy(hub_.sent[r].data(), all.data() + done, bytes[r]);
        done += bytes[r];
      }
    });
  }
  void broadcast(std::span<std::byte> bytes, int root) {
    const auto from = static_cast<std::size_t>(root);
    if (rank_ == from) bytes_sent_ += bytes.size() * (hub_.sent.size() - 1);
    share(bytes, {}, [&] {
      take(hub_.sent[from].size(), bytes.size());
      if (rank_ != from) copy(hub_.sent[from].data(), bytes.data(), bytes.size());
    });
  }

 private:
  struct Stopped {};
  struct Hub {
    explicit Hub(std::size_t count) : sent(count), sizes(count) {}
    void wait() {
      std::unique_lock lock(mutex);
      const std::uint64_t now = turn;
      if (++arrived == sent.size()) {
        arrived = 0;
        ++turn;
        all_arrived.notify_all();
      }
      all_arrived.wait(lock, [&] { return turn != now || is_stopped; });
      if (turn == now) throw Stopped();
    }
    void stop() {
      const std::lock_guard lock(mutex);
      is_stopped = true;
      all_arrived.notify_all();
    }
    std::vector<std::span<const std::byte>> sent;  // by rank
    std::vector<std::span<const std::size_t>> sizes;
    std::mutex mutex;
    std::condition_variable all_arrived;
    std::size_t arrived = 0;
    std::uint64_t turn = 0;
    bool is_stopped = false;
  };

  ThreadRanks(Hub& hub, std::size_t rank) : hub_(hub), rank_(rank) {}

  /// Shows the bytes of this rank to the others while f reads those of all.
  template <class F>
  void share(std::span<const std::byte> bytes, std::span<const std::size_t> sizes, const F& f) {
    hub_.sent[rank_] = bytes;
    hub_.sizes[rank_] = sizes;
    hub_.wait();
    f();
    hub_.wait();
  }
  template <class T, class F>
  void reduce(std::span<T> numbers, const F& f) {
    std::vector<T> result(numbers.begin(), numbers.end());
    share(std::as_bytes(numbers), {}, [&] {
      for (std::size_t r = 0; r < hub_.sent.size(); ++r) {
        take(hub_.sent[r].size(), numbers.size_bytes());
        for (std::size_t i = 0; i < result.size() && r != rank_; ++i) {
          T other;
          std::memcpy(&other, hub_.sent[r].data() + i * sizeof(T), sizeof(T));
          result[i] = f(result[i], other);
        }
      }
    });
    std::copy(result.begin(), result.end(), numbers.begin());
  }
  static void copy(const std::byte* from, std::byte* to, std::size_t bytes) {
    if (bytes != 0) std::memcpy(to, from, bytes);
  }
  static void take(std::size_t sent, std::size_t expected) {
    if (sent != expected) throw std::logic_error("ThreadRanks: the ranks' lengths differ");
  }
  void require_sum(std::size_t bytes, std::span<const std::size_t> sizes) const {
    std::size_t sum = 0;
    for (const std::size_t size : sizes) sum += size;
    if (sum != bytes || sizes.size() != hub_.sent.size())
      throw std::logic_error("ThreadRanks: the pieces do not fill the span");
  }

  Hub& hub_;
  std::size_t rank_;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace test
