// SPDX-License-Identifier: MIT
// The exact sum of products, rounded once.
#pragma once

#include "../detail/exact/sum.hpp"
#include "accumulator.hpp"

namespace narrowfloat {

/// Adds products up in fixed point so wide that nothing is lost (Kulisch), and rounds once, at the
/// end.
///
/// Result    the exact sum, to the nearest float, ties to even; a sum that is exactly zero is +0.
/// Special   Inf and NaN as IEEE 754: NaN for 0 * Inf and Inf - Inf, whatever the order. Overflow
///           is Inf.
/// Promises  the same sum in every order.
///
/// Example   const std::vector<float> a = {0x1p100f, 1, -0x1p100f}, ones(3, 1.0f);
///           assert(dot(a, ones, FusedAccumulator<float>{}) == 0.0f);
///           assert(dot(a, ones, ExactAccumulator{}) == 1.0f);
struct ExactAccumulator {
  /// The type of the sum.
  using type = float;
};

namespace detail {
inline namespace NF_BASELINE {

/// A finite magnitude without trailing zeros.
constexpr NF_HD binary short_binary(const exact& x) {
  const int zeros = trailing_zeros(x.significand);
  return {x.significand >> zeros, x.exponent + zeros};
}

template <>
class running_sum<ExactAccumulator> {
 public:
  static constexpr Subnormals subnormals(ExactAccumulator) { return Subnormals::keep; }
  static constexpr void require(const char*, ExactAccumulator, std::size_t, std::size_t) {}

  constexpr running_sum(ExactAccumulator, std::uint64_t) {}
  constexpr void add(const exact& a, const exact& b) {
    using kind = exact::kind;
    if (a.what == kind::finite && b.what == kind::finite) {
      sum_.add(short_binary(a), short_binary(b), 0, a.negative != b.negative);
    } else {
      special_ = sum(special_, product(a, b));  // a zero, an infinity or a NaN
    }
  }
  constexpr void add(const exact& x) { add(x, exact_integer(1)); }
  /// Adds the products of another sum.
  constexpr running_sum& operator+=(const running_sum& other) {
    sum_ += other.sum_;
    special_ = sum(special_, other.special_);
    return *this;
  }
  constexpr float value() const {
    return nearest_float(special_.what == exact::kind::zero ? sum_.value() : special_);
  }

 private:
  exact_sum sum_;
  exact special_ = exact::zero(false);
};

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
