// SPDX-License-Identifier: MIT
// How the products of a dot product are added up: rounded once or twice a step, and in chunks.
#pragma once

#include "detail/rounded_sum.hpp"

namespace narrowfloat {

/// A way to add products up: one of the policies of linalg/, a plain aggregate. `type` is that of
/// its sums.
template <class Acc>
concept accumulator = number<typename Acc::type> && requires {
  sizeof(detail::running_sum<Acc>);
};

/// Multiplies and adds with one rounding a step, as a fused multiply-add and the MAC units of the
/// papers do.
///
/// Result    beginning with +0, sum = round_A(sum + a * b) for each product: both operations are
///           exact, and the sum is rounded once. A sum that is exactly zero is +0. A keyed
///           Stochastic draws for step l the bits of index l (dot), (i * n + j) * k + l (element
///           (i, j) of a matmul); a rounding with words takes the word of that index.
/// Special   Inf and NaN as IEEE 754; overflow, Inf among the operands too, by `saturation`.
///           Subnormals::flush reads operands that are subnormal in their format as zero, and makes
///           sums that are subnormal after rounding zero.
/// Requires  R without random bits where A is double.
///
/// Example   // Ali, Filip and Sentieys 2024: E5M2 operands into E6M5, 13 random bits a step,
///           // saturating
///           using Mac =
///               FusedAccumulator<float12_e6m5, Stochastic<13, StochasticVariant::p3109_a>>;
///           const Mac mac{.rounding = {.seed = 7}, .saturation = Saturation::finite};
///           const std::vector<float8_e5m2> ones(1000, float8_e5m2(1.0f));
///           // to nearest it sticks
///           assert(dot(ones, ones, FusedAccumulator<float12_e6m5>{}) == 64.0f);
///           assert(dot(ones, ones, mac) > 500.0f);
template <number A, rounding_policy R = NearestEven>
struct FusedAccumulator {
  /// The type of the sum.
  using type = A;
  /// How each sum is rounded.
  R rounding{};
  /// What becomes of overflow.
  Saturation saturation = default_saturation<A>;
  /// What becomes of subnormal operands and sums.
  Subnormals subnormals = Subnormals::keep;

  /// One step: the next sum, rounded as element `i` of a call.
  template <multiplicand T, multiplicand U>
  constexpr NF_FN A step(A sum, T a, U b, std::uint64_t i = 0) const noexcept {
    const detail::exact product =
        detail::product(detail::operand_value(a, subnormals), detail::operand_value(b, subnormals));
    return detail::rounded_to<A>(detail::sum_from_zero(detail::sum_value(sum, subnormals), product),
                                 rounding, i, saturation, subnormals);
  }
};

namespace detail {
/// The rounding of products where that of sums is given: of a key, a stream that no chunks get to.
template <class R>
constexpr NF_FN R rounding_of_products(const R& rounding) {
  static_assert(
      !requires { rounding.size(); },
      "SeparateAccumulator: words of random bits serve one rounding; give .product_rounding its own");
  return in_stream(rounding, std::uint64_t{1} << 63);
}
}  // namespace detail

/// Multiplies, rounds, adds and rounds again, as separate instructions do.
///
/// Result    beginning with +0, sum = round_A(sum + round_A(a * b)) for each product; a sum that is
///           exactly zero is +0. Products round by `product_rounding`, which is `rounding` unless
///           given; with a key they draw from stream + 2^63. Both draw for step l the bits of the
///           index that FusedAccumulator has.
/// Special   as FusedAccumulator; a product too overflows by `saturation` and is flushed.
/// Requires  R without random bits where A is double.
template <number A, rounding_policy R = NearestEven, rounding_policy P = R>
struct SeparateAccumulator {
  /// The type of the sum.
  using type = A;
  /// How each sum is rounded.
  R rounding{};
  /// What becomes of overflow.
  Saturation saturation = default_saturation<A>;
  /// What becomes of subnormal operands, products and sums.
  Subnormals subnormals = Subnormals::keep;
  /// How each product is rounded.
  P product_rounding = detail::rounding_of_products(rounding);

  /// One step: the next sum, both roundings those of element `i` of a call.
  template <multiplicand T, multiplicand U>
  constexpr NF_FN A step(A sum, T a, U b, std::uint64_t i = 0) const noexcept {
    const A product = detail::rounded_to<A>(
        detail::product(detail::operand_value(a, subnormals), detail::operand_value(b, subnormals)),
        product_rounding, i, saturation, subnormals);
    return detail::rounded_to<A>(detail::sum_from_zero(detail::sum_value(sum, subnormals),
                                                       detail::sum_value(product, subnormals)),
                                 rounding, i, saturation, subnormals);
  }
};

/// Adds up chunks of products by one accumulator and their sums, in order, by another: Wang et al.
/// 2018 (chunks of 64 in 1-6-9), and DeepSeek-V3's promotion to float every 128 products.
///
/// Result    total = the sum by Outer, from +0, of the sums by Inner of `chunk` products each, each
///           from +0; the last chunk may be shorter. The sum of chunk c is element (i * n + j) * k
///           + c of outer's rounding; with a key it draws from stream + 1, in chunks of chunks from
///           one stream further for each level.
/// Special   as Inner and Outer; a chunk of 0 throws std::invalid_argument.
///
/// Example   using E6M9 = FusedAccumulator<float16_e6m9>;  // Wang et al. 2018
///           // DeepSeek-V3
///           using Promoted = ChunkedAccumulator<AlignedAccumulator, FusedAccumulator<float>>;
///           const std::vector<float8_e5m2> ones(4096, float8_e5m2(1.0f));
///           assert(dot(ones, ones, E6M9{}) == 1024.0f);  // it sticks
///           assert(dot(ones, ones, ChunkedAccumulator<E6M9, E6M9>{.chunk = 64}) == 4096.0f);
///           assert(dot(ones, ones, Promoted{.chunk = 128}) == 4096.0f);
template <class Inner, class Outer>
struct ChunkedAccumulator {
  /// The type of the total.
  using type = typename Outer::type;
  /// Adds up the products of a chunk.
  Inner inner{};
  /// Adds up the sums of chunks.
  Outer outer{};
  /// Products in a chunk.
  std::size_t chunk = 64;
};

namespace detail {
inline namespace NF_BASELINE {

/// Levels of chunks in an accumulator.
template <class Acc>
inline constexpr std::uint64_t levels_of_chunks = 0;
template <class Inner, class Outer>
inline constexpr std::uint64_t levels_of_chunks<ChunkedAccumulator<Inner, Outer>> =
    1 + levels_of_chunks<Inner>;

/// The same policy for sums of chunks: of a key, some streams further.
template <class Acc>
constexpr NF_HD Acc for_chunk_sums(Acc policy, std::uint64_t level) {
  if constexpr (requires { policy.rounding; }) policy.rounding = in_stream(policy.rounding, level);
  if constexpr (requires { policy.product_rounding; })
    policy.product_rounding = in_stream(policy.product_rounding, level);
  return policy;
}

template <class A, class R>
class running_sum<FusedAccumulator<A, R>> {
  using policy = FusedAccumulator<A, R>;

 public:
  static constexpr Subnormals subnormals(const policy& of) { return of.subnormals; }
  static constexpr void require(const char* call, const policy& of, std::size_t sums,
                                std::size_t length) {
    require_sum_words(call, of.rounding, sums * length);
  }

  constexpr running_sum(const policy& of, std::uint64_t first) : policy_(of), index_(first) {}
  constexpr void add(const exact& a, const exact& b) { add(product(a, b)); }
  constexpr void add(const exact& x) {
    sum_ = rounded_to<A>(sum_from_zero(sum_value(sum_, policy_.subnormals), x), policy_.rounding,
                         index_++, policy_.saturation, policy_.subnormals);
  }
  constexpr A value() const { return sum_; }

 private:
  policy policy_;
  std::uint64_t index_;
  A sum_ = zero_of<A>();
};

template <class A, class R, class P>
class running_sum<SeparateAccumulator<A, R, P>> {
  using policy = SeparateAccumulator<A, R, P>;

 public:
  static constexpr Subnormals subnormals(const policy& of) { return of.subnormals; }
  static constexpr void require(const char* call, const policy& of, std::size_t sums,
                                std::size_t length) {
    require_sum_words(call, of.rounding, sums * length);
    require_sum_words(call, of.product_rounding, sums * length);
  }

  constexpr running_sum(const policy& of, std::uint64_t first) : policy_(of), index_(first) {}
  constexpr void add(const exact& a, const exact& b) { add(product(a, b)); }
  constexpr void add(const exact& x) {
    const Subnormals flush = policy_.subnormals;
    const A addend = rounded_to<A>(x, policy_.product_rounding, index_, policy_.saturation, flush);
    sum_ = rounded_to<A>(sum_from_zero(sum_value(sum_, flush), sum_value(addend, flush)),
                         policy_.rounding, index_, policy_.saturation, flush);
    ++index_;
  }
  constexpr A value() const { return sum_; }

 private:
  policy policy_;
  std::uint64_t index_;
  A sum_ = zero_of<A>();
};

template <class Inner, class Outer>
class running_sum<ChunkedAccumulator<Inner, Outer>> {
  using policy = ChunkedAccumulator<Inner, Outer>;
  using inner_sum = running_sum<Inner>;
  using outer_sum = running_sum<Outer>;

 public:
  static constexpr Subnormals subnormals(const policy& of) {
    return inner_sum::subnormals(of.inner);
  }
  static constexpr void require(const char* call, const policy& of, std::size_t sums,
                                std::size_t length) {
    if (of.chunk == 0) throw_invalid(call, "ChunkedAccumulator: the chunk is 0");
    inner_sum::require(call, of.inner, sums, length);
    // the last sum begins at step (sums - 1) * length
    const std::size_t chunks = ceil_divided(length, of.chunk);
    outer_sum::require(call, of.outer, 1, sums == 0 ? 0 : (sums - 1) * length + chunks);
  }

  constexpr running_sum(const policy& of, std::uint64_t first)
      : inner_policy_(of.inner),
        chunk_(of.chunk),
        outer_subnormals_(outer_sum::subnormals(of.outer)),
        index_(first),
        inner_(of.inner, first),
        outer_(for_chunk_sums(of.outer, levels_of_chunks<policy>), first) {}
  constexpr void add(const exact& a, const exact& b) {
    inner_.add(a, b);
    end_step();
  }
  constexpr void add(const exact& x) {
    inner_.add(x);
    end_step();
  }
  constexpr typename Outer::type value() const {
    if (filled_ == 0) return outer_.value();
    outer_sum last = outer_;
    last.add(sum_value(inner_.value(), outer_subnormals_));
    return last.value();
  }

 private:
  constexpr void end_step() {
    ++index_;
    if (++filled_ < chunk_) return;
    outer_.add(sum_value(inner_.value(), outer_subnormals_));
    inner_ = inner_sum(inner_policy_, index_);
    filled_ = 0;
  }

  Inner inner_policy_;
  std::size_t chunk_, filled_ = 0;
  Subnormals outer_subnormals_;
  std::uint64_t index_;
  inner_sum inner_;
  outer_sum outer_;
};

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
