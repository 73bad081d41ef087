// SPDX-License-Identifier: MIT
// The iterator of views that are read by an index.
#pragma once

#include <compare>
#include <cstddef>
#include <iterator>

#include "../../config.hpp"

namespace narrowfloat::detail {

/// Walks the elements of a view, which has value_type, reference and an index, and of which it
/// keeps a copy.
template <class View>
class index_iterator {
 public:
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::random_access_iterator_tag;
  using value_type = typename View::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = typename View::reference;
  using pointer = void;

  index_iterator() = default;
  constexpr NF_FN index_iterator(const View& view, std::size_t i) noexcept
      : view_(view), index_(static_cast<difference_type>(i)) {}

  constexpr NF_FN reference operator*() const noexcept { return (*this)[0]; }
  constexpr NF_FN reference operator[](difference_type n) const noexcept {
    return view_[static_cast<std::size_t>(index_ + n)];
  }
  constexpr NF_FN index_iterator& operator+=(difference_type n) noexcept {
    index_ += n;
    return *this;
  }
  constexpr NF_FN index_iterator& operator-=(difference_type n) noexcept { return *this += -n; }
  constexpr NF_FN index_iterator& operator++() noexcept { return *this += 1; }
  constexpr NF_FN index_iterator& operator--() noexcept { return *this += -1; }
  constexpr NF_FN index_iterator operator++(int) noexcept {
    const index_iterator before = *this;
    ++*this;
    return before;
  }
  constexpr NF_FN index_iterator operator--(int) noexcept {
    const index_iterator before = *this;
    --*this;
    return before;
  }
  friend constexpr NF_FN index_iterator operator+(index_iterator i, difference_type n) noexcept {
    return i += n;
  }
  friend constexpr NF_FN index_iterator operator+(difference_type n, index_iterator i) noexcept {
    return i += n;
  }
  friend constexpr NF_FN index_iterator operator-(index_iterator i, difference_type n) noexcept {
    return i -= n;
  }
  friend constexpr NF_FN difference_type operator-(const index_iterator& a,
                                                   const index_iterator& b) noexcept {
    return a.index_ - b.index_;
  }
  friend constexpr NF_FN bool operator==(const index_iterator& a,
                                         const index_iterator& b) noexcept {
    return a.index_ == b.index_;
  }
  friend constexpr NF_FN std::strong_ordering operator<=>(const index_iterator& a,
                                                          const index_iterator& b) noexcept {
    return a.index_ <=> b.index_;
  }

 private:
  View view_{};
  difference_type index_ = 0;
};

}  // namespace narrowfloat::detail
