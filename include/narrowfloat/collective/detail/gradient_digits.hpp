// SPDX-License-Identifier: MIT
// Arrays of exact sums: an array of each digit that one of the sums has.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "../../convert.hpp"
#include "../../detail/array/tasks.hpp"
#include "pieces.hpp"
#include "wide_sums.hpp"

namespace narrowfloat::detail {

/// The digits of n sums of floats; the last array has what special_summand() counts. An array that
/// nothing was added to is empty.
inline constexpr std::size_t gradient_arrays = 10;
using gradient_digits = std::array<std::vector<std::int64_t>, gradient_arrays>;

inline namespace NF_BASELINE {

inline constexpr std::size_t specials_of_gradients = sum_digits<float>;

/// The digits that floats are added to, as bits.
inline std::uint32_t digits_of(const float* x, std::size_t n) {
  std::uint32_t used = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t magnitude = magnitude_bits(x[i]), field = magnitude >> 23;
    const std::uint32_t bits =
        field == 255 ? 1u << specials_of_gradients : 3u << ((field - (field != 0 ? 1 : 0)) / 32);
    used |= magnitude == 0 ? 0 : bits;
  }
  return used;
}

/// Adds n floats to the sums from `first` on.
inline void add_to_digits(const float* x, std::size_t n, std::size_t first,
                          gradient_digits& digits) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t code = bits_of_float(x[i]), magnitude = magnitude_bits(x[i]);
    if (magnitude == 0) continue;
    if (magnitude >= float_infinity) {
      digits[specials_of_gradients][first + i] +=
          special_summand(magnitude > float_infinity, code != magnitude);
      continue;
    }
    const summand found = summand_of<float>(code);
    digits[found.digit][first + i] += found.parts[0];
    digits[found.digit + 1][first + i] += found.parts[1];
  }
}

template <class T>
void add_gradients(const T* x, std::size_t n, gradient_digits& digits,
                   const executor_ref& executor) {
  const task_cuts cuts{n};
  std::atomic<std::uint32_t> used = 0;
  const auto in_parts = [&](const auto& f) {
    run_cuts(executor, cuts, [&](std::size_t begin, std::size_t count) {
      for_each_part(x, begin, begin + count, f);
    });
  };
  in_parts([&](const float* values, std::size_t count, std::size_t) {
    const std::uint32_t bits = digits_of(values, count);
    if ((bits & ~used.load(std::memory_order_relaxed)) != 0) used |= bits;
  });
  for (std::size_t k = 0; k < digits.size(); ++k) {
    if ((used >> k & 1) != 0 && digits[k].empty()) digits[k].resize(n);
  }
  in_parts([&](const float* values, std::size_t count, std::size_t first) {
    add_to_digits(values, count, first, digits);
  });
}

/// Sums over the ranks, of a segment at a time; each rank rounds its piece and gives it to all.
template <class Ranks>
void all_reduce_digits(const char* call, Ranks& ranks, const gradient_digits& digits,
                       std::uint64_t summands, float* out, std::size_t n, float factor,
                       bool divides, const std::string& problem, const executor_ref& executor) {
  require_agreement(call, ranks, n, problem.empty() ? factor_problem(factor) : problem);
  std::uint64_t counts[gradient_arrays + 1] = {};
  for (std::size_t k = 0; k < digits.size(); ++k) counts[k] = digits[k].empty() ? 0 : 1;
  counts[digits.size()] = summands;
  ranks.all_sum(counts);
  require_summands(call, counts[digits.size()]);
  std::vector<std::size_t> used;  // by any rank
  for (std::size_t k = 0; k < digits.size(); ++k) {
    if (counts[k] != 0) used.push_back(k);
  }
  const bool has_specials = !used.empty() && used.back() == specials_of_gradients;
  const std::size_t arrays = used.size() - (has_specials ? 1 : 0);  // of digits
  const std::size_t first_digit = arrays == 0 ? 0 : used.front();
  const std::size_t span = arrays == 0 ? 0 : used[arrays - 1] - first_digit + 1;

  constexpr std::size_t segment = task_elements;
  const auto count = static_cast<std::size_t>(ranks.size()),
             me = static_cast<std::size_t>(ranks.rank());
  std::vector<std::int64_t> sent, received;
  std::vector<float> mine;
  for (std::size_t done = 0, length = 0; done < n; done += length) {
    length = std::min(segment, n - done);
    const std::size_t own = piece_size(length, count, me);
    const std::size_t bytes = used.size() * sizeof(std::int64_t);  // of an element
    sent.assign(length * used.size(), 0);
    received.resize(own * used.size() * count);
    mine.resize(own);
    auto* to = sent.data();
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t begin = piece_begin(length, count, r), size = piece_size(length, count, r);
      for (const std::size_t k : used) {
        if (!digits[k].empty() && size != 0)
          std::memcpy(to, digits[k].data() + done + begin, size * sizeof *to);
        to += size;
      }
    }
    ranks.exchange(std::as_bytes(std::span(sent)), piece_bytes(length, count, bytes),
                   std::as_writable_bytes(std::span(received)),
                   std::vector<std::size_t>(count, own * bytes));
    run_cuts(executor, task_cuts{own, 4 * part_elements}, [&](std::size_t begin, std::size_t size) {
      for (std::size_t i = begin; i < begin + size; ++i) {
        std::int64_t sum[gradient_arrays] = {}, specials = 0;
        for (std::size_t r = 0; r < count; ++r) {
          const std::int64_t* const from = received.data() + r * own * used.size() + i;
          for (std::size_t k = 0; k < arrays; ++k) sum[used[k] - first_digit] += from[k * own];
          if (has_specials) specials += from[arrays * own];
        }
        mine[i] = nearest_float(
            value_of_sum<float>(std::span(sum, span), first_digit, specials, factor, divides));
      }
    });
    ranks.all_gather(std::as_bytes(std::span(mine)),
                     std::as_writable_bytes(std::span(out + done, length)),
                     piece_bytes(length, count, sizeof(float)));
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
