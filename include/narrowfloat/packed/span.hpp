// SPDX-License-Identifier: MIT
// PackedSpan: a view of packed codes in memory that someone else owns.
#pragma once

#include <cstring>
#include <span>

#include "iterator.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

template <class F, class Layout>
bool same_codes(const std::uint8_t* a, std::size_t n, const std::uint8_t* b, std::size_t m) {
  if (n != m) return false;
  std::size_t i = 0;
  if constexpr (std::same_as<Layout, BitStream>) {
    i = n / 8 * 8;  // these fill their bytes
    if (i != 0 && std::memcmp(a, b, bit_stream_bytes(i, F::width)) != 0) return false;
  }
  for (; i < n; ++i) {
    if (load_code<F, Layout>(a, n, i).bits() != load_code<F, Layout>(b, n, i).bits()) return false;
  }
  return true;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// A view of n packed codes in memory that someone else owns. F is const where they are only read.
///
/// Requires  the memory starts on a byte and has at least Layout::bytes<width>(n) of them.
/// Promises  no byte beyond those is read or written.
/// Example   std::uint8_t received[3] = {};  // four codes of 6 bits, in memory of someone else
///           PackedSpan<float6_e3m2fn> codes(received, 4);
///           codes[1] = float6_e3m2fn(28.0f);  // 0x1f, from bit 6 on
///           assert(received[0] == 0xc0 && received[1] == 0x07 && codes[2] == 0.0f);
template <class F, class Layout = BitStream>
requires packable<std::remove_const_t<F>, Layout>
class PackedSpan {
  static constexpr int width_ = F::width;
  using byte_ = std::conditional_t<std::is_const_v<F>, const std::uint8_t, std::uint8_t>;
  using void_ = std::conditional_t<std::is_const_v<F>, const void, void>;

 public:
  /// As of std::span; the layout, too.
  using element_type = F;
  using layout = Layout;
  using value_type = std::remove_const_t<F>;
  using iterator = PackedIterator<F, Layout>;
  using reference = std::iter_reference_t<iterator>;

  PackedSpan() = default;
  /// The n codes at `bytes`.
  constexpr NF_FN PackedSpan(byte_* bytes, std::size_t n) noexcept : bytes_(bytes), size_(n) {}
  NF_INLINE PackedSpan(void_* bytes, std::size_t n) noexcept
      : bytes_(static_cast<byte_*>(bytes)), size_(n) {}
  /// The n codes at the start of `bytes`.
  ///
  /// Special   too few bytes throw std::invalid_argument with both numbers.
  NF_INLINE PackedSpan(std::span<byte_> bytes, std::size_t n)
      : bytes_(bytes.data()), size_(detail::checked_count("PackedSpan", n)) {
    detail::require_bytes("PackedSpan", bytes.size(), size_bytes(), n);
  }
  /// A view that only reads. A template, or it would be the copy constructor where F is not const.
  template <class G>
  requires(std::is_const_v<F>&& std::same_as<G, value_type>) constexpr NF_FN PackedSpan(
      const PackedSpan<G, Layout>& other) noexcept
      : bytes_(other.data()), size_(other.size()) {}

  /// How many elements there are, and whether there are none.
  constexpr NF_FN std::size_t size() const noexcept { return size_; }
  constexpr NF_FN bool empty() const noexcept { return size_ == 0; }
  /// The bytes of the codes, padding included: how many, and where they are.
  constexpr NF_FN std::size_t size_bytes() const noexcept {
    return Layout::template bytes<width_>(size_);
  }
  constexpr NF_FN byte_* data() const noexcept { return bytes_; }
  constexpr NF_FN std::span<byte_> bytes() const noexcept { return {bytes_, size_bytes()}; }

  /// Element i: F from a const view, else a reference that reads and writes it.
  ///
  /// Requires  i < size().
  constexpr NF_FN reference operator[](std::size_t i) const noexcept {
    return detail::element_at<F, Layout>(bytes_, size_, i);
  }
  /// Element i.
  ///
  /// Special   i >= size() throws std::out_of_range with both numbers.
  NF_INLINE reference at(std::size_t i) const {
    detail::require_index("PackedSpan::at", i, size_);
    return (*this)[i];
  }
  /// The first and the last element, and iterators, as of std::span.
  constexpr NF_FN reference front() const noexcept { return (*this)[0]; }
  constexpr NF_FN reference back() const noexcept { return (*this)[size_ - 1]; }
  constexpr NF_FN iterator begin() const noexcept { return iterator(bytes_, size_, 0); }
  constexpr NF_FN iterator end() const noexcept { return iterator(bytes_, size_, size_); }

  /// Elements first ... first + count - 1.
  ///
  /// Special   throws std::invalid_argument, with the numbers, where they are not all there, where
  ///           the first does not start on a byte, or where the last is neither the last of this
  ///           view nor ends on a byte: writing to the part could not leave its neighbours alone.
  NF_INLINE PackedSpan subspan(std::size_t first,
                               std::size_t count) const requires std::same_as<Layout, BitStream> {
    detail::require_part(first, count, size_, width_);
    return {bytes_ + detail::bit_stream_bytes(first, width_), count};
  }

  /// The same number of elements and the same codes; padding does not count.
  friend NF_INLINE bool operator==(const PackedSpan& a, const PackedSpan& b) noexcept {
    return detail::same_codes<value_type, Layout>(a.data(), a.size(), b.data(), b.size());
  }

 private:
  byte_* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace narrowfloat
