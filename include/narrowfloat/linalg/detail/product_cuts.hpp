// SPDX-License-Identifier: MIT
// The parts of a matrix product that are tasks of their own.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <ranges>
#include <type_traits>

#include "../../detail/array/matrix_cuts.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// An m x n product of k steps an element.
struct product_size {
  std::size_t m, n, k;
};

/// The tasks of a product that is written to a range by an executor: one, or about as many as keep
/// a machine busy, 16 and more, unless they fall below 64 rows and columns, within which an operand
/// is laid out once. Codes that share bytes are written by one thread.
template <class Range, class E>
constexpr matrix_cuts cuts_of_product(const product_size& size) {
  constexpr bool is_apart = std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>>;
  constexpr std::size_t enough = 16, least = 64;
  matrix_cuts cuts{{size.m, size.m}, {size.n, size.n}};
  std::size_t &height = cuts.down.length, &width = cuts.across.length;
  if constexpr (is_apart && !std::same_as<std::remove_const_t<E>, SerialExecutor>) {
    while (cuts.count() < enough && std::max(height, width) > least) {
      std::size_t& longer = height > width ? height : width;
      longer = rounded_up(longer / 2, least);
    }
  }
  return cuts;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
