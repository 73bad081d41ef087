// SPDX-License-Identifier: MIT
// What each rank of a group must find when all call its members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace test {

/// The number of mismatches that this rank finds, of pieces of all lengths, 0 included.
template <class Ranks>
std::size_t mismatches_of(Ranks& ranks) {
  const auto count = static_cast<std::size_t>(ranks.size());
  const auto me = static_cast<std::size_t>(ranks.rank());
  std::size_t wrong = 0;

  const auto last = static_cast<float>(count - 1);
  std::vector<float> numbers{static_cast<float>(me), -1 - static_cast<float>(me),
                             me == 0 ? -0.0f : -1.0f, me == count - 1 ? 0x1p-149f : 0x1p-148f};
  ranks.all_max(numbers);
  const std::vector<float> largest{last, -1, -0.0f, count == 1 ? 0x1p-149f : 0x1p-148f};
  for (std::size_t i = 0; i < largest.size(); ++i) wrong += numbers[i] != largest[i] ? 1 : 0;

  std::vector<std::uint64_t> integers(1001);
  for (std::size_t i = 0; i < integers.size(); ++i) integers[i] = i * (me + 1) - me;
  ranks.all_sum(integers);
  for (std::size_t i = 0; i < integers.size(); ++i) {
    const std::uint64_t sum = i * (count * (count + 1) / 2) - count * (count - 1) / 2;
    wrong += integers[i] != sum ? 1 : 0;
  }

  const auto piece = [](std::size_t from, std::size_t to) { return 3 * from + 10 * to; };
  const auto byte = [](std::size_t from, std::size_t to, std::size_t i) {
    return static_cast<std::byte>(100 * from + 7 * to + i);
  };
  std::vector<std::size_t> sent, received, gathered;
  std::vector<std::byte> out;
  for (std::size_t r = 0; r < count; ++r) {
    sent.push_back(piece(me, r));
    received.push_back(piece(r, me));
    gathered.push_back(17 * r);
    for (std::size_t i = 0; i < sent[r]; ++i) out.push_back(byte(me, r, i));
  }
  const auto total = [](const auto& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  };
  std::vector<std::byte> in(total(received)), all(total(gathered));
  ranks.exchange(out, sent, in, received);
  auto at = in.begin();
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t i = 0; i < received[r]; ++i) wrong += *at++ != byte(r, me, i) ? 1 : 0;
  }
  const std::vector<std::byte> mine(gathered[me], static_cast<std::byte>(me));
  ranks.all_gather(mine, all, gathered);
  at = all.begin();
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t i = 0; i < gathered[r]; ++i)
      wrong += *at++ != static_cast<std::byte>(r) ? 1 : 0;
  }
  std::vector<std::byte> bytes(100, static_cast<std::byte>(me));
  ranks.broadcast(bytes, static_cast<int>(count - 1));
  for (const std::byte x : bytes) wrong += x != static_cast<std::byte>(count - 1) ? 1 : 0;
  return wrong;
}

}  // namespace test
