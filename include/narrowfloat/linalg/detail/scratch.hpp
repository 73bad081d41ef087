// SPDX-License-Identifier: MIT
// Memory that a call works in.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "../../detail/array/lengths.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Arrays that begin on cache lines, in one piece, not initialized: allocators give one large piece
/// back to the system less often than several small ones, so that the next call finds its pages.
class scratch {
 public:
  /// Requires  `bytes` is what all arrays take, each rounded up to cache lines.
  explicit scratch(std::size_t bytes)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(bytes + line_)) {
    void* first = memory_.get();
    std::size_t room = bytes + line_;
    next_ = static_cast<std::byte*>(std::align(line_, bytes, first, room));
  }
  /// Bytes of an array of n.
  template <class T>
  static constexpr std::size_t bytes_of(std::size_t n) {
    return rounded_up(n * sizeof(T), line_);
  }
  /// The next array.
  template <class T>
  T* take(std::size_t n) {
    std::byte* const taken = next_;
    next_ += bytes_of<T>(n);
    return new (taken) T[n];
  }

 private:
  static constexpr std::size_t line_ = 64;
  std::unique_ptr<std::byte[]> memory_;
  std::byte* next_;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
