// SPDX-License-Identifier: MIT
// The codes of a CodebookTensor: a byte each, or two a byte.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

#include "../convert.hpp"
#include "../detail/array/parts.hpp"
#include "../detail/codec/bit_stream.hpp"
#include "codebook.hpp"
#include "codebook_options.hpp"

namespace narrowfloat {
namespace detail {

/// Where codes lie, and which is meant.
struct code_place {
  const std::uint8_t* bytes = nullptr;
  int bits = 8;
  NibbleOrder order = NibbleOrder::low_first;

  NF_INLINE std::uint8_t code(std::size_t i) const noexcept {
    if (bits == 8) return bytes[i];
    const bool high = (i % 2 != 0) == (order == NibbleOrder::low_first);
    return static_cast<std::uint8_t>(bytes[i / 2] >> (high ? 4 : 0) & 15);
  }
};

/// A random-access iterator over codes.
class code_iterator {
 public:
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::input_iterator_tag;  // it hands out values
  using value_type = std::uint8_t;
  using difference_type = std::ptrdiff_t;

  code_iterator() = default;
  NF_INLINE code_iterator(const code_place& place, difference_type i) noexcept
      : place_(place), i_(i) {}

  NF_INLINE value_type operator*() const noexcept {
    return place_.code(static_cast<std::size_t>(i_));
  }
  NF_INLINE value_type operator[](difference_type n) const noexcept { return *(*this + n); }
  NF_INLINE code_iterator& operator++() noexcept { return *this += 1; }
  NF_INLINE code_iterator& operator--() noexcept { return *this -= 1; }
  NF_INLINE code_iterator operator++(int) noexcept { return {place_, i_++}; }
  NF_INLINE code_iterator operator--(int) noexcept { return {place_, i_--}; }
  NF_INLINE code_iterator& operator+=(difference_type n) noexcept {
    i_ += n;
    return *this;
  }
  NF_INLINE code_iterator& operator-=(difference_type n) noexcept { return *this += -n; }
  friend NF_INLINE code_iterator operator+(code_iterator a, difference_type n) noexcept {
    return a += n;
  }
  friend NF_INLINE code_iterator operator+(difference_type n, code_iterator a) noexcept {
    return a += n;
  }
  friend NF_INLINE code_iterator operator-(code_iterator a, difference_type n) noexcept {
    return a -= n;
  }
  friend NF_INLINE difference_type operator-(const code_iterator& a,
                                             const code_iterator& b) noexcept {
    return a.i_ - b.i_;
  }
  friend NF_INLINE bool operator==(const code_iterator& a, const code_iterator& b) noexcept {
    return a.i_ == b.i_;
  }
  friend NF_INLINE std::strong_ordering operator<=>(const code_iterator& a,
                                                    const code_iterator& b) noexcept {
    return a.i_ <=> b.i_;
  }

 private:
  code_place place_;
  difference_type i_ = 0;
};

}  // namespace detail

/// The codes of a CodebookTensor, whose they stay: a range of numbers below codebook().size(). convert()
/// takes it and gives the values that they stand for, before the scale.
///
/// Example   auto t = CodebookTensor::quantize(weights, nf4_codebook());
///           std::vector<float> values(weights.size());
///           convert(t.codes(), values);
///           assert(values[5] == nf4_codebook().value(t.codes()[5]));
class CodebookCodes {
 public:
  using value_type = std::uint8_t;
  using iterator = detail::code_iterator;

  /// Requires  the memory and the code-book live as long as this does.
  NF_INLINE CodebookCodes(const std::uint8_t* bytes, std::size_t n, const Codebook& book,
                          NibbleOrder order) noexcept
      : place_{bytes, book.code_bits(), order}, size_(n), book_(&book.tables()) {}
  NF_INLINE std::size_t size() const noexcept { return size_; }
  NF_INLINE bool empty() const noexcept { return size_ == 0; }
  /// Requires  i < size().
  NF_INLINE std::uint8_t operator[](std::size_t i) const noexcept { return place_.code(i); }
  NF_INLINE iterator begin() const noexcept { return {place_, 0}; }
  NF_INLINE iterator end() const noexcept { return {place_, static_cast<std::ptrdiff_t>(size_)}; }
  /// As they lie in memory; the nibble after the last of an odd number of 4-bit codes is 0.
  NF_INLINE std::span<const std::uint8_t> bytes() const noexcept {
    return {place_.bytes, detail::bit_stream_bytes(size_, static_cast<std::size_t>(place_.bits))};
  }

  /// Not for users: what convert() reads.
  NF_INLINE const detail::codebook_tables& tables() const noexcept { return *book_; }

 private:
  detail::code_place place_;
  std::size_t size_;
  const detail::codebook_tables* book_;
};

/// The values that codes stand for, before the scale, converted as a range of floats is.
///
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
/// Promises  as convert() of floats.
template <number_range Out, rounding_policy R = NearestEven>
NF_INLINE void convert(const CodebookCodes& codes, Out&& out, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", codes, out, rounding);
  float values[detail::part_elements];
  for (std::size_t first = 0; first < codes.size(); first += detail::part_elements) {
    const std::size_t count = std::min(detail::part_elements, codes.size() - first);
    for (std::size_t i = 0; i < count; ++i) values[i] = codes.tables().value[codes[first + i]];
    detail::convert_by_kernel(active_isa(), values, std::ranges::data(out) + first, count,
                              detail::rounding_from(rounding, first), saturation, subnormals);
  }
}

}  // namespace narrowfloat
