// SPDX-License-Identifier: MIT
// PackedVector: packed codes in memory of their own.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "span.hpp"

namespace narrowfloat {

/// n packed codes in memory of their own: Layout::bytes<width>(n) bytes, ceil(n * width / 8) in the
/// BitStream. Padding bits are 0.
///
/// Example   PackedVector<float6_e3m2fn> codes(weights.size());  // 6 bits each
///           convert(weights, codes);
///           codes[1] = float6_e3m2fn(-0.5f);
///           assert(codes.size_bytes() == weights.size() * 6 / 8 && codes[1] == -0.5f);
template <class F, class Layout = BitStream>
requires packable<F, Layout>
class PackedVector {
 public:
  /// As of std::vector; span and const_span view all codes.
  using value_type = F;
  using span = PackedSpan<F, Layout>;
  using const_span = PackedSpan<const F, Layout>;
  using iterator = typename span::iterator;
  using const_iterator = typename const_span::iterator;
  using reference = typename span::reference;

  PackedVector() = default;
  /// n elements of code 0.
  ///
  /// Special   more than fit in memory throw std::invalid_argument.
  NF_INLINE explicit PackedVector(std::size_t n)
      : bytes_(Layout::template bytes<F::width>(detail::checked_count("PackedVector", n))),
        size_(n) {}
  /// n elements of this value.
  NF_INLINE PackedVector(std::size_t n, F value) : PackedVector(n) {
    for (std::size_t i = 0; i < n; ++i) (*this)[i] = value;
  }
  /// These elements.
  NF_INLINE PackedVector(std::initializer_list<F> values) : PackedVector(values.size()) {
    std::copy(values.begin(), values.end(), begin());
  }

  /// A view of all codes.
  NF_INLINE operator span() noexcept { return {data(), size_}; }
  NF_INLINE operator const_span() const noexcept { return {data(), size_}; }

  /// How many elements there are, and whether there are none.
  NF_INLINE std::size_t size() const noexcept { return size_; }
  NF_INLINE bool empty() const noexcept { return size_ == 0; }
  /// The bytes of the codes, padding included: how many, and where they are.
  NF_INLINE std::size_t size_bytes() const noexcept { return bytes_.size(); }
  NF_INLINE std::uint8_t* data() noexcept { return bytes_.data(); }
  NF_INLINE const std::uint8_t* data() const noexcept { return bytes_.data(); }
  NF_INLINE std::span<std::uint8_t> bytes() noexcept { return bytes_; }
  NF_INLINE std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

  /// Element i; see PackedSpan.
  ///
  /// Requires  i < size().
  NF_INLINE reference operator[](std::size_t i) noexcept { return span(*this)[i]; }
  NF_INLINE F operator[](std::size_t i) const noexcept { return const_span(*this)[i]; }
  /// Element i.
  ///
  /// Special   i >= size() throws std::out_of_range with both numbers.
  NF_INLINE reference at(std::size_t i) {
    detail::require_index("PackedVector::at", i, size_);
    return (*this)[i];
  }
  NF_INLINE F at(std::size_t i) const {
    detail::require_index("PackedVector::at", i, size_);
    return (*this)[i];
  }
  /// The first and the last element, and iterators, as of std::vector.
  NF_INLINE reference front() noexcept { return (*this)[0]; }
  NF_INLINE F front() const noexcept { return (*this)[0]; }
  NF_INLINE reference back() noexcept { return (*this)[size_ - 1]; }
  NF_INLINE F back() const noexcept { return (*this)[size_ - 1]; }
  NF_INLINE iterator begin() noexcept { return span(*this).begin(); }
  NF_INLINE const_iterator begin() const noexcept { return const_span(*this).begin(); }
  NF_INLINE iterator end() noexcept { return span(*this).end(); }
  NF_INLINE const_iterator end() const noexcept { return const_span(*this).end(); }

  /// Keeps the first elements; new ones are code 0.
  NF_INLINE void resize(std::size_t n) {
    PackedVector other(n);
    std::copy(begin(), begin() + static_cast<std::ptrdiff_t>(std::min(n, size_)), other.begin());
    *this = std::move(other);
  }

  /// The same number of elements and the same codes.
  friend NF_INLINE bool operator==(const PackedVector& a, const PackedVector& b) noexcept {
    return const_span(a) == const_span(b);
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
};

namespace detail {
template <class T>
inline constexpr bool is_packed = false;
template <class F, class Layout>
inline constexpr bool is_packed<PackedSpan<F, Layout>> = true;
template <class F, class Layout>
inline constexpr bool is_packed<PackedVector<F, Layout>> = true;
}  // namespace detail

/// Makes PackedSpan(vector) a view of its codes, which only reads where the vector is const.
template <class F, class Layout>
PackedSpan(PackedVector<F, Layout>&) -> PackedSpan<F, Layout>;
template <class F, class Layout>
PackedSpan(const PackedVector<F, Layout>&) -> PackedSpan<const F, Layout>;

/// A PackedVector or a PackedSpan of numbers.
template <class T>
concept packed_range = detail::is_packed<std::remove_cvref_t<T>> &&
    number<typename std::remove_cvref_t<T>::value_type>;

}  // namespace narrowfloat
