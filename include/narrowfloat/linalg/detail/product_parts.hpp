// SPDX-License-Identifier: MIT
// The parts of a matrix product that are tasks of their own.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <ranges>
#include <type_traits>

#include "../../detail/array/tasks.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// An m x n product of k steps an element.
struct product_size {
  std::size_t m, n, k;
};
/// A rectangle of it.
struct product_part {
  std::size_t top, left, rows, cols;
  friend constexpr bool operator==(const product_part&, const product_part&) = default;
};

/// A product as one part, or cut into about as many as keep a machine busy: 16 and more, unless
/// they fall below 64 rows and columns, within which an operand is laid out once.
class product_parts {
 public:
  constexpr product_parts(std::size_t m, std::size_t n, bool cut)
      : m_(m), n_(n), height_(m), width_(n) {
    constexpr std::size_t enough = 16, least = 64;
    while (cut && count() < enough && std::max(height_, width_) > least) {
      std::size_t& longer = height_ > width_ ? height_ : width_;
      longer = (longer / 2 + least - 1) / least * least;
    }
  }
  constexpr std::size_t count() const { return cuts(m_, height_) * cuts(n_, width_); }
  constexpr product_part operator[](std::size_t task) const {
    const std::size_t across = cuts(n_, width_), top = task / across * height_,
                      left = task % across * width_;
    return {top, left, std::min(height_, m_ - top), std::min(width_, n_ - left)};
  }

 private:
  static constexpr std::size_t cuts(std::size_t length, std::size_t part) {
    return length == 0 ? 0 : (length - 1) / part + 1;
  }
  std::size_t m_, n_, height_, width_;
};

/// The parts of a product that is written to a range by an executor: codes that share bytes are
/// written by one thread.
template <class Range, class E>
constexpr product_parts parts_of_product(const product_size& size) {
  constexpr bool is_apart = std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>>;
  return {size.m, size.n, is_apart && !std::same_as<std::remove_const_t<E>, SerialExecutor>};
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
