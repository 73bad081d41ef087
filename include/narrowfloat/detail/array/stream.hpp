// SPDX-License-Identifier: MIT
// Floats written past the caches, where their array is large.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../simd/loops.hpp"
#include "parts.hpp"

#define NF_LOOP "../../detail/array/stream.inl"
#include "../simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using stream_kernel = void (*)(const float*, std::size_t, float*);
inline constexpr isa_table<stream_kernel> stream_kernels NF_EACH_ISA(stream_floats);
using end_streaming_kernel = void (*)();
inline constexpr isa_table<end_streaming_kernel> end_streaming_kernels NF_EACH_ISA(end_streaming);

/// Writes floats past the caches, from a buffer, where an array has no alignment for the kernels'
/// own stores.
class unaligned_stream {
 public:
  unaligned_stream(float* out, Isa isa)
      : out_(out),
        lead_(-reinterpret_cast<std::uintptr_t>(out) % alignment / sizeof(float)),
        isa_(isa) {}

  /// Where the next floats go, at most part_elements.
  float* next() { return buffer_ + pending_; }
  /// Writes n of them, but for the last few.
  void commit(std::size_t n) {
    const float* from = buffer_;
    std::size_t count = pending_ + n;
    const std::size_t plain = std::min(lead_, count);
    std::copy_n(from, plain, out_);
    lead_ -= plain;
    const std::size_t whole = (count - plain) / floats * floats;
    stream_kernels[isa_](from + plain, whole, out_ + plain);
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
  Isa isa_;
  float buffer_[part_elements + floats];
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
