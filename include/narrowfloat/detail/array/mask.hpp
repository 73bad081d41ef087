// SPDX-License-Identifier: MIT
// Masks: a bit an element, element 0 in the lowest bit of the first byte.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <type_traits>

#include "../codec/bit_stream.hpp"
#include "checks.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A contiguous range of bytes to write to: neither const nor a temporary that dies with the call.
template <class T>
concept mask_output = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    std::ranges::borrowed_range<T> &&
    std::same_as<std::remove_reference_t<std::ranges::range_reference_t<T>>, std::uint8_t>;

constexpr void require_mask(const char* call, std::size_t bytes, std::size_t n) {
  if (bytes != bit_stream_bytes(n, 1))
    throw_invalid(call, "the mask has " + std::to_string(bytes) + " bytes, " + std::to_string(n) +
                            " elements take " + std::to_string(bit_stream_bytes(n, 1)));
}

/// Where bits go: from bit `first` on, which are 0. Nowhere if there are no bytes.
struct mask_place {
  std::uint8_t* bytes = nullptr;
  std::size_t first = 0;

  /// Joins n bits from `at` on; those that follow in their last byte are 0. Threads may join others
  /// in the bytes at both ends.
  NF_INLINE void join(std::size_t at, const std::uint8_t* bits, std::size_t n) const {
    std::uint8_t* const to = bytes + (first + at) / 8;
    const std::size_t shift = (first + at) % 8;
    if (shift == 0) {
      std::copy_n(bits, n / 8, to);
      if (n % 8 != 0) join_end(to + n / 8, bits[n / 8]);
      return;
    }
    const std::size_t count = bit_stream_bytes(n, 1), last = (shift + n - 1) / 8;
    std::uint32_t carried = 0;
    for (std::size_t k = 0; k <= last; ++k) {
      if (k < count) carried |= static_cast<std::uint32_t>(bits[k]) << shift;
      if (k == 0 || k == last)
        join_end(to + k, static_cast<std::uint8_t>(carried));
      else
        to[k] = static_cast<std::uint8_t>(carried);
      carried >>= 8;
    }
  }

 private:
  static NF_INLINE void join_end(std::uint8_t* to, std::uint8_t bits) {
#if __GCC_ATOMIC_CHAR_LOCK_FREE == 2
    __atomic_fetch_or(to, bits, __ATOMIC_RELAXED);
#else  // RISC-V by GCC before 14: by the word that the byte lies in, where others would want -latomic
    using word [[gnu::may_alias]] = std::uint32_t;
    const std::size_t byte = reinterpret_cast<std::uintptr_t>(to) % sizeof(word);
    const std::size_t shift = 8 * (std::endian::native == std::endian::little ? byte : 3 - byte);
    __atomic_fetch_or(reinterpret_cast<word*>(to - byte), word{bits} << shift, __ATOMIC_RELAXED);
#endif
  }
};

/// The place of the mask of n elements, which becomes 0.
template <class Mask>
mask_place cleared_mask(const char* call, Mask& mask, std::size_t n) {
  require_mask(call, std::ranges::size(mask), n);
  std::ranges::fill(mask, std::uint8_t{0});
  return {std::ranges::data(mask), 0};
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
