// SPDX-License-Identifier: MIT
// private: include <narrowfloat/quantize/codebook_tensor.hpp>. How the codes of a CodebookTensor lie in
// memory: a byte each, or two a byte.
#pragma once

#include <span>

#include "../packed.hpp"

namespace narrowfloat {

/// Which code of a byte comes first where codes have 4 bits.
enum class NibbleOrder {
  low_first,  ///< the one in the low nibble, as in PackedVector and in DLPack
  high_first  ///< the one in the high nibble, as in bitsandbytes
};

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

namespace detail {
inline namespace NF_BASELINE {

/// Codes of a byte each, written in place.
struct byte_codes {
  std::uint8_t* to;
  NF_INLINE std::uint8_t* room(std::size_t) { return to; }
  NF_INLINE void take(std::size_t count) { to += count; }
  NF_INLINE void finish() {}
};

/// Exchanges the lower and the upper `Bits` of each 2 * Bits bits in n bytes.
template <int Bits>
NF_INLINE void swap_halves(std::uint8_t* bytes, std::size_t n) {
  constexpr std::uint64_t low = Bits == 4 ? 0x0f0f0f0f0f0f0f0fu : 0x00ff00ff00ff00ffu;
  const auto swap = [](std::uint8_t* at, std::size_t count) {
    std::uint64_t x = 0;
    __builtin_memcpy(&x, at, count);
    x = (x & low) << Bits | (x >> Bits & low);
    __builtin_memcpy(at, &x, count);
  };
  for (; n >= 8; n -= 8, bytes += 8) swap(bytes, 8);
  swap(bytes, n);
}

/// Unpacks `count` codes of 4 bits from the start of a byte, and one more where that is odd.
NF_INLINE void unpack_nibbles(const std::uint8_t* from, std::size_t count, NibbleOrder order,
                              std::uint8_t* codes) {
  count += count % 2;
  unpack_bits<4>(from, count, codes);
  if (order == NibbleOrder::high_first) swap_halves<8>(codes, count);
}

/// Codes of 4 bits, which gather until there are enough.
struct nibble_codes {
  std::uint8_t* to;
  NibbleOrder order;
  std::size_t held = 0;
  std::uint8_t codes[2 * packed_chunk];

  std::uint8_t* room(std::size_t) { return codes + held; }
  void take(std::size_t count) {
    held += count;
    if (held < packed_chunk) return;
    write(packed_chunk);
    held -= packed_chunk;
    __builtin_memcpy(codes, codes + packed_chunk, held);
  }
  void finish() { write(held); }

  void write(std::size_t count) {
    const std::size_t bytes = bit_stream_bytes(count, 4);
    pack_bits<4>(codes, count, to);
    if (order == NibbleOrder::high_first) swap_halves<4>(to, bytes);
    to += bytes;
  }
};

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
