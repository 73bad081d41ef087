// SPDX-License-Identifier: MIT
// Sums that carry what rounding lost, and sums in a tree: every operation of them is rounded to the
// format of the sum.
#pragma once

#include <array>

#include "accumulator.hpp"

namespace narrowfloat {

/// Kahan's compensated sum.
///
/// Result    with R rounding to A, to nearest even, s = c = +0, for each product: u = R(a * b); y =
///           R(u - c); t = R(s + y); c = R(R(t - s) - y); s = t. The sum is s.
/// Special   overflow by `saturation`; after an Inf the sum is NaN, as the differences are.
///           Subnormals::flush as in FusedAccumulator, for every R.
///
/// Example   const std::vector<float8_e5m2> ones(5000, float8_e5m2(1.0f));
///           assert(dot(ones, ones, FusedAccumulator<float16_e6m9>{}) == 1024.0f);  // it sticks
///           assert(dot(ones, ones, KahanAccumulator<float16_e6m9>{}) == float16_e6m9(5000.0f));
template <number A>
struct KahanAccumulator {
  /// The type of the sum.
  using type = A;
  /// What becomes of overflow, and of subnormal operands and sums.
  Saturation saturation = default_saturation<A>;
  Subnormals subnormals = Subnormals::keep;
};

/// A sum kept as two numbers of A, about twice as precise as one (Joldes, Muller and Popescu 2017,
/// algorithm 4).
///
/// Result    with R rounding to A, to nearest even, hi = lo = +0, for each product: u = R(a * b); s
///           + e = hi + u exactly (Knuth's TwoSum: six R); v = R(lo + e); hi = R(s + v); lo = R(v -
///           R(hi - s)). The sum is hi, which is hi + lo rounded to A.
/// Special   as KahanAccumulator.
///
/// Example   const std::vector<float> a = {1, 0x1p-30f, -1}, ones(3, 1.0f);
///           assert(dot(a, ones, FusedAccumulator<float>{}) == 0.0f);
///           assert(dot(a, ones, TwoSumAccumulator<float>{}) == 0x1p-30f);
template <number A>
struct TwoSumAccumulator {
  /// The type of the sum.
  using type = A;
  /// What becomes of overflow, and of subnormal operands and sums.
  Saturation saturation = default_saturation<A>;
  Subnormals subnormals = Subnormals::keep;
};

/// A sum in a tree, whose error grows with the logarithm of the number of products.
///
/// Result    each product is rounded to A, to nearest even; neighbours are added in pairs, the sums
///           again in pairs, and so on, each sum rounded to A; what is left over at an end joins
///           the next level as it is.
/// Special   overflow by `saturation`; Subnormals::flush as in FusedAccumulator.
///
/// Example   const std::vector<float8_e5m2> ones(4096, float8_e5m2(1.0f));
///           assert(dot(ones, ones, PairwiseAccumulator<float16_e6m9>{}) == 4096.0f);
template <number A>
struct PairwiseAccumulator {
  /// The type of the sum.
  using type = A;
  /// What becomes of overflow, and of subnormal operands and sums.
  Saturation saturation = default_saturation<A>;
  Subnormals subnormals = Subnormals::keep;
};

namespace detail {
inline namespace NF_BASELINE {

/// Sums and differences in A, each rounded to nearest even; an exact zero is +0.
template <class A>
struct rounded_arithmetic {
  Saturation saturation;
  Subnormals subnormals;

  constexpr exact value(A x) const { return sum_value(x, subnormals); }
  constexpr A rounded(const exact& x) const {
    return rounded_to<A>(x, NearestEven{}, 0, saturation, subnormals);
  }
  constexpr A sum(A x, A y) const { return rounded(sum_from_zero(value(x), value(y))); }
  constexpr A difference(A x, A y) const {
    return rounded(sum_from_zero(value(x), negated(value(y))));
  }
};

/// What sums that round every operation to A, to nearest even, have in common.
template <class Policy>
class rounded_running_sum {
 public:
  static constexpr Subnormals subnormals(const Policy& of) { return of.subnormals; }
  static constexpr void require(const char*, const Policy&, std::size_t, std::size_t) {}

 protected:
  using A = typename Policy::type;
  explicit constexpr rounded_running_sum(const Policy& of) : in_{of.saturation, of.subnormals} {}
  rounded_arithmetic<A> in_;
};

template <class A>
class running_sum<KahanAccumulator<A>> : public rounded_running_sum<KahanAccumulator<A>> {
 public:
  constexpr running_sum(const KahanAccumulator<A>& of, std::uint64_t)
      : rounded_running_sum<KahanAccumulator<A>>(of) {}
  constexpr void add(const exact& a, const exact& b) { add(product(a, b)); }
  constexpr void add(const exact& x) {
    const auto& in = this->in_;
    const A y = in.difference(in.rounded(x), lost_);
    const A total = in.sum(sum_, y);
    lost_ = in.difference(in.difference(total, sum_), y);
    sum_ = total;
  }
  constexpr A value() const { return sum_; }

 private:
  A sum_ = zero_of<A>(), lost_ = zero_of<A>();
};

template <class A>
class running_sum<TwoSumAccumulator<A>> : public rounded_running_sum<TwoSumAccumulator<A>> {
 public:
  constexpr running_sum(const TwoSumAccumulator<A>& of, std::uint64_t)
      : rounded_running_sum<TwoSumAccumulator<A>>(of) {}
  constexpr void add(const exact& a, const exact& b) { add(product(a, b)); }
  constexpr void add(const exact& x) {
    const auto& in = this->in_;
    const A u = in.rounded(x), s = in.sum(high_, u);
    const A high_part = in.difference(s, u), u_part = in.difference(s, high_part);
    const A e = in.sum(in.difference(high_, high_part), in.difference(u, u_part));
    const A v = in.sum(low_, e);
    high_ = in.sum(s, v);
    low_ = in.difference(v, in.difference(high_, s));
  }
  constexpr A value() const { return high_; }

 private:
  A high_ = zero_of<A>(), low_ = zero_of<A>();
};

template <class A>
class running_sum<PairwiseAccumulator<A>> : public rounded_running_sum<PairwiseAccumulator<A>> {
 public:
  constexpr running_sum(const PairwiseAccumulator<A>& of, std::uint64_t)
      : rounded_running_sum<PairwiseAccumulator<A>>(of) {}
  constexpr void add(const exact& a, const exact& b) { add(product(a, b)); }
  constexpr void add(const exact& x) {
    A right = this->in_.rounded(x);
    // The trees in waiting are those of the ones among the bits of the count, the largest first.
    for (std::uint64_t bits = count_++; (bits & 1) != 0; bits >>= 1)
      right = this->in_.sum(waiting_[--trees_], right);
    waiting_[trees_++] = right;
  }
  constexpr A value() const {
    if (trees_ == 0) return zero_of<A>();
    A right = waiting_[trees_ - 1];
    for (std::size_t i = trees_ - 1; i > 0; --i) right = this->in_.sum(waiting_[i - 1], right);
    return right;
  }

 private:
  std::array<A, 64> waiting_{};
  std::size_t trees_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
