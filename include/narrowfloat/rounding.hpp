// SPDX-License-Identifier: MIT
// The policies of a conversion: how it rounds, what it does at the ends of the range and near zero.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "detail/codec/philox.hpp"
#include "detail/codec/round.hpp"

namespace narrowfloat {

/// What becomes of values beyond the largest finite one; overflow is decided after rounding.
enum class Saturation {
  finite,     ///< everything too large, Inf too, becomes the largest finite value
  propagate,  ///< finite overflow becomes the largest finite value; Inf stays Inf, else NaN, else
              ///< the largest
  none        ///< overflow becomes Inf, else NaN, else the largest finite value, as in IEEE 754
};

namespace detail {
/// What a conversion to a format does with large values unless told otherwise.
constexpr NF_FN Saturation usual_saturation(Specials specials, int width) {
  return specials == Specials::ieee && width >= 12 ? Saturation::none : Saturation::propagate;
}
}  // namespace detail

/// What becomes of subnormal numbers.
enum class Subnormals {
  keep,  ///< they are numbers like all others
  flush  ///< subnormal sources are read as zero; a result that is subnormal after rounding becomes
         ///< zero
};

/// What becomes of a block, elements that share a scale, with Inf or NaN.
enum class NonFinite {
  nan_block,  ///< its scale is NaN (the largest, where the scale has no NaN), its codes are 0
  saturate,   ///< with NaN as above; Inf gets the largest scale and the largest element
  /// the scale is that of the finite elements; Inf and NaN are elements where the element format
  /// has them, else Inf is NaN, else the largest, and NaN the largest
  propagate
};

namespace detail {
/// What a policy tells the kernels: its rule, its number of random bits, and those of element i.
template <rule Rule>
struct Deterministic {
  static constexpr detail::rule rule = Rule;
  static constexpr int random_bits = 0;
  static constexpr NF_FN std::uint32_t word(std::uint64_t) noexcept { return 0; }
};
}  // namespace detail

/// To the nearest value; a tie goes to the even code, at M = 0 too (IEEE P3109).
struct NearestEven : detail::Deterministic<detail::rule::half_even> {};
/// To the nearest value; a tie goes to the larger magnitude.
struct NearestAway : detail::Deterministic<detail::rule::half_up> {};
/// To the neighbour with the smaller magnitude.
struct TowardZero : detail::Deterministic<detail::rule::floor> {};
/// To the neighbour above.
struct TowardPositive : detail::Deterministic<detail::rule::up_if_positive> {};
/// To the neighbour below.
struct TowardNegative : detail::Deterministic<detail::rule::up_if_negative> {};
/// An inexact value to the neighbour with the odd code. A later rounding to at least two bits fewer
/// is then as exact as one rounding. A finite overflow is the largest finite value, but in a
/// `p3109` format without saturation Inf, as IEEE P3109 has it for formats with Inf.
struct ToOdd : detail::Deterministic<detail::rule::odd> {};

/// The roundings without random bits, as arguments: convert(x, y, toward_zero).
inline constexpr NearestEven nearest_even{};
inline constexpr NearestAway nearest_away{};
inline constexpr TowardZero toward_zero{};
inline constexpr TowardPositive toward_positive{};
inline constexpr TowardNegative toward_negative{};
inline constexpr ToOdd to_odd{};

/// The three stochastic roundings of IEEE P3109 (interim report 3.2, section 4.7.4). With v the
/// discarded fraction of the magnitude in steps of the target and 0 <= r < 2^N, the magnitude is
/// rounded up where
enum class StochasticVariant {
  p3109_a,  ///< floor(v 2^N) + r >= 2^N: the fraction is truncated to N bits; biased toward zero by
            ///< 2^-(N+1)
  p3109_b,  ///< floor(v 2^(N+1)) + 2r + 1 >= 2^(N+1): the fraction is rounded to N bits, ties up
  p3109_c   ///< RNE(v 2^N) + r >= 2^N: the fraction is rounded to N bits, ties to even; unbiased
};

namespace detail {
constexpr rule rule_of(StochasticVariant variant) {
  return variant == StochasticVariant::p3109_a   ? rule::floor
         : variant == StochasticVariant::p3109_b ? rule::half_up
                                                 : rule::half_even;
}
}  // namespace detail

/// Stochastic rounding on explicit random bits: the low N bits of one word for a scalar call, of
/// word i of a contiguous range of std::uint32_t for element i of an array. The range stays the
/// caller's.
template <int N, StochasticVariant V>
struct StochasticBits {
  static_assert(1 <= N && N <= 32, "stochastic rounding takes 1 to 32 random bits");
  /// What rounding_policy asks for.
  static constexpr detail::rule rule = detail::rule_of(V);
  static constexpr int random_bits = N;

  /// One word for a scalar call, or a range of words, one for each element, which stays the
  /// caller's.
  explicit constexpr NF_HD StochasticBits(std::uint32_t word) noexcept : word_(word) {}
  template <class Words>
  requires requires(const Words& words) {
    { words.data() } -> std::convertible_to<const std::uint32_t*>;
    { words.size() } -> std::convertible_to<std::size_t>;
  }
  explicit constexpr NF_HD StochasticBits(const Words& words) noexcept
      : words_(words.data()), size_(words.size()) {}

  /// How many elements the bits are for.
  constexpr NF_HD std::size_t size() const noexcept { return size_; }
  /// The bits of element i.
  constexpr NF_HD std::uint32_t word(std::uint64_t i) const noexcept {
    return (words_ == nullptr ? word_ : words_[i]) & (~0u >> (32 - N));
  }
  /// The words, whose low N bits count, of elements first ... first + count - 1.
  NF_INLINE void copy(std::uint32_t* to, std::uint64_t first, std::size_t count) const noexcept {
    if (words_ == nullptr) {
      *to = word_;  // for one element
    } else {
      __builtin_memcpy(to, words_ + first, count * sizeof *to);
    }
  }
  /// The policy for the elements from i on.
  constexpr NF_HD StochasticBits from(std::uint64_t i) const noexcept {
    StochasticBits rest = *this;
    if (words_ != nullptr) rest.words_ += i;
    rest.size_ -= i;
    return rest;
  }

 private:
  const std::uint32_t* words_ = nullptr;
  std::size_t size_ = 1;
  std::uint32_t word_ = 0;
};
/// StochasticBits by the variant's letter.
template <int N>
using StochasticA = StochasticBits<N, StochasticVariant::p3109_a>;
template <int N>
using StochasticB = StochasticBits<N, StochasticVariant::p3109_b>;
template <int N>
using StochasticC = StochasticBits<N, StochasticVariant::p3109_c>;

/// The generators by name, for Stochastic and element_bits: Philox with as many rounds as its
/// authors recommend, and with the fewest that pass their tests of randomness.
struct Philox4x32_10 {
  /// Rounds of the generator.
  static constexpr int rounds = 10;
};
struct Philox4x32_7 {
  /// Rounds of the generator.
  static constexpr int rounds = 7;
};
/// A generator: one of the types above.
template <class G>
concept philox_generator = std::same_as<G, Philox4x32_10> || std::same_as<G, Philox4x32_7>;

/// Stochastic rounding that draws N bits an element from a key: element i of an array draws
/// element_bits<N, Generator>(seed, stream, offset + i), a scalar call that of index offset. So a
/// result depends on (seed, stream, index) alone: never on the instruction set, the number of
/// threads, or how the array was cut.
///
/// Cost      N <= 8 draws twice as many elements a block as N <= 16, four times as many as more
///           bits do, and Philox4x32_7 takes seven tenths of the work of Philox4x32_10.
/// Example   const Stochastic<> rounding{.seed = 1, .stream = 7};
///           std::vector<bfloat16> all(x.size()), half(x.size() / 2);
///           convert(x, all, rounding);
///           // by another thread, say
///           convert(std::span(x).last(half.size()), half, rounding.from(half.size()));
///           assert(half[0] == all[half.size()]);
template <int N = 16, StochasticVariant V = StochasticVariant::p3109_c,
          philox_generator Generator = Philox4x32_10>
struct Stochastic {
  static_assert(1 <= N && N <= 32, "stochastic rounding takes 1 to 32 random bits");
  /// What rounding_policy asks for.
  static constexpr detail::rule rule = detail::rule_of(V);
  static constexpr int random_bits = N;
  /// Where the random bits come from.
  using generator = Generator;
  /// The key: element i of an array draws the bits of index offset + i of this seed and stream.
  std::uint64_t seed = 0, stream = 0, offset = 0;

  /// The random bits of element i of a call.
  constexpr NF_FN std::uint32_t word(std::uint64_t i) const noexcept {
    return detail::element_word<N, Generator::rounds>(seed, stream, offset + i);
  }
  /// The policy for the elements from i on.
  constexpr NF_FN Stochastic from(std::uint64_t i) const noexcept {
    return {seed, stream, offset + i};
  }
};

/// Makes Stochastic{seed} a Stochastic<>, on every compiler. With the names of members the type
/// must be written: Stochastic<>{.seed = 1}.
Stochastic(std::uint64_t seed, std::uint64_t stream = 0, std::uint64_t offset = 0)->Stochastic<>;

/// A rounding policy: one of the types above.
template <class R>
concept rounding_policy = requires {
  { R::rule } -> std::convertible_to<detail::rule>;
  { R::random_bits } -> std::convertible_to<int>;
};

}  // namespace narrowfloat
