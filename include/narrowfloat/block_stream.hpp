// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. Rows of products, past the caches where their array is large.
#pragma once

#include <algorithm>

#include "block_divide.hpp"
#include "detail/codec/bit_stream.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Writes floats past the caches, from a buffer, where an array has no alignment for the kernels' own stores.
class unaligned_stream {
 public:
  unaligned_stream(float* out, const block_kernel_set& kernels)
      : out_(out),
        lead_(-reinterpret_cast<std::uintptr_t>(out) % alignment / sizeof(float)),
        kernels_(kernels) {}

  /// Where the next floats go, at most row_part.
  float* next() { return buffer_ + pending_; }
  /// Writes n of them, but for the last few.
  void commit(std::size_t n) {
    const float* from = buffer_;
    std::size_t count = pending_ + n;
    const std::size_t plain = std::min(lead_, count);
    std::copy_n(from, plain, out_);
    lead_ -= plain;
    const std::size_t whole = (count - plain) / floats * floats;
    kernels_.stream_floats(from + plain, whole, out_ + plain);
    out_ += plain + whole;
    pending_ = count - plain - whole;
    std::copy_n(from + plain + whole, pending_, buffer_);
  }
  /// Writes the last ones.
  void finish() { std::copy_n(buffer_, pending_, out_); }

  static constexpr std::size_t alignment = 64, floats = alignment / sizeof(float);

 private:
  float* out_;
  std::size_t lead_, pending_ = 0;
  const block_kernel_set& kernels_;
  float buffer_[row_part + floats];
};

/// The products of the elements of a tile in one row.
template <class Multiplier>
void multiply_row(const Multiplier& multiplier, const std::uint8_t* codes, const std::uint8_t* end,
                  std::size_t n, float* out, bool stream) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(out) % unaligned_stream::alignment == 0;
  if (!stream || aligned) {
    multiplier.multiply(codes, end, n, 0, out, stream);
    return;
  }
  unaligned_stream writer(out, block_kernels[static_cast<std::size_t>(active_isa())]);
  for (std::size_t first = 0; first < n; first += row_part) {
    const std::size_t count = std::min(row_part, n - first);
    multiplier.multiply(codes + bit_stream_bytes(first, Multiplier::width), end, count, first,
                        writer.next(), false);
    writer.commit(count);
  }
  writer.finish();
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
