// SPDX-License-Identifier: MIT
// The codes of a CodebookTensor: a byte each, or two a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../detail/codec/bit_stream.hpp"
#include "codebook_options.hpp"

namespace narrowfloat {

/// The codes of a CodebookTensor as numbers.
class CodebookCodes {
 public:
  NF_INLINE CodebookCodes(const std::uint8_t* bytes, std::size_t n, int bits,
                          NibbleOrder order) noexcept
      : bytes_(bytes), size_(n), bits_(bits), order_(order) {}
  NF_INLINE std::size_t size() const noexcept { return size_; }
  /// Requires  i < size().
  NF_INLINE std::uint8_t operator[](std::size_t i) const noexcept {
    if (bits_ == 8) return bytes_[i];
    const bool high = (i % 2 != 0) == (order_ == NibbleOrder::low_first);
    return static_cast<std::uint8_t>(bytes_[i / 2] >> (high ? 4 : 0) & 15);
  }
  /// As they lie in memory; the nibble after the last of an odd number of 4-bit codes is 0.
  NF_INLINE std::span<const std::uint8_t> bytes() const noexcept {
    return {bytes_, detail::bit_stream_bytes(size_, static_cast<std::size_t>(bits_))};
  }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_;
  int bits_;
  NibbleOrder order_;
};

}  // namespace narrowfloat
