// SPDX-License-Identifier: MIT
// PackedMatrix: a view of packed codes in rows that start on a byte each.
#pragma once

#include "../detail/array/index_iterator.hpp"
#include "span.hpp"

namespace narrowfloat {

/// A view of rows of packed codes, element i of the logical row-major array in row i / cols().
/// Every row starts on a byte. F is const where they are only read.
///
/// Example   std::uint8_t bytes[8] = {};  // two rows of five codes of 6 bits, 4 bytes each
///           PackedMatrix<float6_e3m2fn> m(bytes, 2, 5);
///           m[7] = float6_e3m2fn(1.5f);  // row 1, column 2
///           assert(m.stride() == 4 && m.row(1)[2] == 1.5f);
template <class F>
requires packable<std::remove_const_t<F>>
class PackedMatrix {
  using byte_ = std::conditional_t<std::is_const_v<F>, const std::uint8_t, std::uint8_t>;

 public:
  /// As of PackedSpan.
  using value_type = std::remove_const_t<F>;
  using reference = typename PackedSpan<F>::reference;

  PackedMatrix() = default;
  /// Requires  `bytes` has rows * ceil(cols * width / 8) bytes.
  constexpr NF_FN PackedMatrix(byte_* bytes, std::size_t rows, std::size_t cols) noexcept
      : bytes_(bytes), rows_(rows), cols_(cols) {}

  /// The shape, how many codes there are, and whether there are none.
  constexpr NF_FN std::size_t rows() const noexcept { return rows_; }
  constexpr NF_FN std::size_t cols() const noexcept { return cols_; }
  constexpr NF_FN std::size_t size() const noexcept { return rows_ * cols_; }
  constexpr NF_FN bool empty() const noexcept { return size() == 0; }
  /// Bytes from the start of a row to that of the next.
  constexpr NF_FN std::size_t stride() const noexcept {
    return detail::bit_stream_bytes(cols_, value_type::width);
  }
  /// The bytes of all rows: how many, and where they are.
  constexpr NF_FN std::size_t size_bytes() const noexcept { return rows_ * stride(); }
  constexpr NF_FN byte_* data() const noexcept { return bytes_; }
  constexpr NF_FN std::span<byte_> bytes() const noexcept { return {bytes_, size_bytes()}; }

  /// Row r.
  ///
  /// Requires  r < rows().
  constexpr NF_FN PackedSpan<F> row(std::size_t r) const noexcept {
    return {bytes_ + r * stride(), cols_};
  }
  /// Element i of the logical row-major array; see PackedSpan.
  ///
  /// Requires  i < size().
  constexpr NF_FN reference operator[](std::size_t i) const noexcept {
    return row(i / cols_)[i % cols_];
  }
  /// Element i.
  ///
  /// Special   i >= size() throws std::out_of_range with both numbers.
  NF_INLINE reference at(std::size_t i) const {
    detail::require_index("PackedMatrix::at", i, size());
    return (*this)[i];
  }
  /// Iterators over all codes, row by row.
  constexpr NF_FN auto begin() const noexcept {
    return detail::index_iterator<PackedMatrix>(*this, 0);
  }
  constexpr NF_FN auto end() const noexcept {
    return detail::index_iterator<PackedMatrix>(*this, size());
  }

 private:
  byte_* bytes_ = nullptr;
  std::size_t rows_ = 0, cols_ = 0;
};

}  // namespace narrowfloat
