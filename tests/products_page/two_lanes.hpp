// SPDX-License-Identifier: MIT
// The policy of docs/products.md.
#pragma once

#include <narrowfloat/linalg.hpp>

/// A processor that adds up two sums in turn: the products at even places and those at odd ones,
/// and both at the end.
template <narrowfloat::accumulator Acc>
struct TwoLanesAccumulator {
  using type = typename Acc::type;
  Acc acc{};  ///< without random bits
};

namespace narrowfloat::detail {

template <class Acc>
class running_sum<TwoLanesAccumulator<Acc>> {
  using policy = TwoLanesAccumulator<Acc>;

 public:
  static constexpr Subnormals subnormals(const policy& of) {
    return running_sum<Acc>::subnormals(of.acc);
  }
  static constexpr void require(const char* call, const policy& of, std::size_t sums,
                                std::size_t length) {
    running_sum<Acc>::require(call, of.acc, sums, length);
  }

  constexpr running_sum(const policy& of, std::uint64_t first)
      : both_(of.acc, first), even_(both_), odd_(both_), flush_(subnormals(of)) {}
  constexpr void add(const exact& a, const exact& b) {
    (count_++ % 2 == 0 ? even_ : odd_).add(a, b);
  }
  constexpr void add(const exact& x) { (count_++ % 2 == 0 ? even_ : odd_).add(x); }
  constexpr typename Acc::type value() const {
    running_sum<Acc> total = both_;
    total.add(sum_value(even_.value(), flush_));
    total.add(sum_value(odd_.value(), flush_));
    return total.value();
  }

 private:
  running_sum<Acc> both_, even_, odd_;
  Subnormals flush_;
  std::uint64_t count_ = 0;
};

}  // namespace narrowfloat::detail
