// SPDX-License-Identifier: MIT
// Products of matrices whose sums are in a narrow format: which of them vectors of floats make
// exactly, and how. Their loop stands in narrow_sums.hpp.
#pragma once

#include <algorithm>
#include <vector>

#include "../../detail/array/place.hpp"
#include "../../detail/simd/environment.hpp"
#include "../accumulator.hpp"
#include "number_shape.hpp"
#include "product_cuts.hpp"
#include "scratch.hpp"

namespace narrowfloat::detail {

// Plain data, the same in every translation unit.

struct narrow_key {
  std::uint64_t seed = 0, stream = 0, offset = 0;
};
struct narrow_policy {
  bool saturates = false, saturates_infinity = false, flush = false;
  narrow_key key;
};

/// Rows that the loops take at a time, so that the steps of one sum wait less for each other.
inline constexpr std::size_t rows_together = 4;

/// Rows of a matrix of floats, a multiple of rows_together, by some columns of another, and where
/// their sums go.
struct narrow_task {
  const float* a;        ///< `rows` rows of k, times 2^-sum_shift
  const float* b;        ///< k rows of as many columns as the loop has lanes
  std::uint32_t* codes;  ///< `rows` rows of as many
  std::size_t rows, k, chunk;
  std::uint64_t first,
      row_step;  ///< the element of the first step of the first row, and from row to row
  narrow_policy inner, outer;
};

/// How a sum is rounded to 24 bits before R sees it: as the processor does; to nearest where that
/// is enough but for sums that are watched for; to odd.
enum class first_rounding { plain, watched, odd };

/// Sums in A, rounded by R. Without `Underflow` none lies below the least normal number but such as
/// A holds.
template <class A, class R, first_rounding First, bool Underflow>
struct sum_kind {
  using number = A;
  using rounding = R;
  static constexpr first_rounding first = First;
  static constexpr bool may_underflow = Underflow;
};
/// Sums of chunks where there are none.
struct no_chunks {};

/// Does a task whose sums are of the kind Inner, those of chunks of the kind Outer.
template <class Inner, class Outer>
void run_narrow_sums(in_library, Isa isa, const narrow_task& task);

inline namespace NF_BASELINE {

template <class Inner, class Outer>
void run_narrow_sums(here, Isa isa, const narrow_task& task);

/// Whether narrowfloat::compiled has the loop: sums of the papers' formats to nearest, chunks of
/// such sums, and the stochastic MAC with 13 bits.
template <class Inner, class Outer>
inline constexpr bool is_compiled_sum = false;
template <class A, first_rounding First, bool Underflow, class Outer>
inline constexpr bool is_compiled_sum<sum_kind<A, NearestEven, First, Underflow>, Outer> =
    (std::same_as<A, float12_e6m5> || std::same_as<A, float16_e6m9>)&&(
        std::same_as<Outer, no_chunks> ||
        std::same_as<Outer, sum_kind<A, NearestEven, first_rounding::plain, true>>);
template <bool Underflow>
inline constexpr bool
    is_compiled_sum<sum_kind<float12_e6m5, Stochastic<13, StochasticVariant::p3109_a>,
                             first_rounding::plain, Underflow>,
                    no_chunks> = true;

/// Whether floats hold what is added, and sums of float arithmetic show all that a rounding to A by
/// R looks at.
///
/// With P significant bits of A, s = sum + addend, both exact in float:
/// - R truncates (TowardZero, StochasticA) or needs one bit more (NearestAway, StochasticB): s is
///   truncated to 24 bits, by the processor's rounding. Truncations compose, so the first P + N (+
///   1) bits are those of the exact sum.
/// - NearestEven, StochasticC: s is rounded to odd, to 24 bits, of which P + N + 2 suffice (Boldo
///   and Melquiond 2008).
/// - NearestEven, an addend of B bits, P + B <= 22: s is rounded to nearest. Where that is inexact,
///   one term lies below 2^(max(P, B) - 23) of the other, so that it matters only where the other
///   is the middle of two numbers of A. A sum is none, so the addend is, which needs B > P, and s
///   must tell on which side of it the exact sum lies: it does unless it is the addend itself while
///   the sum was not zero. Such steps are watched for.
/// Below the least normal number of A the steps are wider: there, too, 24 bits are enough.
template <class A, class R>
constexpr bool floats_serve(const number_shape& addend) {
  if constexpr (!narrow_float<A> || R::random_bits > 16) {
    return false;
  } else {
    using to = layout_of<A>;
    constexpr bool is_drawn = R::random_bits == 0 || is_keyed<R>;
    constexpr int seen = to::mantissa_bits + 1 + R::random_bits +
                         (R::rule == rule::half_up     ? 1
                          : R::rule == rule::half_even ? 2
                                                       : 0);
    constexpr bool has_rule =
        R::rule == rule::floor || R::rule == rule::half_up || R::rule == rule::half_even;
    return float_environment::is_known && is_drawn && has_rule && seen <= 24 && to::is_signed &&
           to::has_nan && to::mantissa_bits > 0 && to::exponent_bits > 1 && to::quantum >= -126 &&
           to::max_exponent <= 125 && addend.bits <= 24 && addend.quantum >= -126 &&
           addend.max_exponent <= 125;
  }
}
template <class A, class R>
constexpr first_rounding first_rounding_of(const number_shape& addend) {
  constexpr int P = layout_of<A>::mantissa_bits + 1;
  if (R::rule != rule::half_even) return first_rounding::plain;
  if (R::random_bits != 0 || P + addend.bits > 22) return first_rounding::odd;
  return addend.bits > P ? first_rounding::watched : first_rounding::plain;
}
/// Sums in A are kept times 2^-sum_shift: then those beyond its largest number are 2 and more.
template <class A>
inline constexpr int sum_shift = layout_of<A>::max_exponent;
/// Whether numbers are exact as floats when they are.
constexpr bool shifts_well(const number_shape& x, int shift) {
  return x.quantum - shift >= -126 && x.max_exponent - shift <= 125;
}
template <class A, class R>
constexpr narrow_policy narrow_policy_of(const FusedAccumulator<A, R>& of) {
  narrow_policy policy{of.saturation != Saturation::none,
                       of.saturation == Saturation::finite,
                       of.subnormals == Subnormals::flush,
                       {}};
  if constexpr (is_keyed<R>)
    policy.key = {of.rounding.seed, of.rounding.stream, of.rounding.offset};
  return policy;
}

/// Columns that the loop of an instruction set takes side by side.
constexpr std::size_t columns_together(Isa isa) {
  return isa == Isa::avx512 ? 16 : isa == Isa::avx2 ? 8 : 4;
}
/// How sums by a policy of products of A and B are made with floats; `serves` is whether they are.
template <class Acc, class A, class B>
struct narrow_plan {
  static constexpr bool serves = false;
};
template <class S, class R, class A, class B>
struct narrow_plan<FusedAccumulator<S, R>, A, B> {
  static constexpr number_shape product = product_shape_of(shape_of<A>(), shape_of<B>());
  /// Whether it gives the sums where the operands have these shapes: those of their types, or with
  /// scales.
  static constexpr bool suits(const number_shape& a, const number_shape& b) {
    if constexpr (!narrow_float<S>) {
      return false;
    } else {
      const number_shape all{product.bits, a.quantum + b.quantum,
                             a.max_exponent + b.max_exponent + 1};
      // the operands are no subnormal floats, which the caller's environment may flush
      return floats_serve<S, R>(all) && a.quantum >= -126 && b.quantum >= -126 &&
             a.max_exponent <= 125 && b.max_exponent <= 125 && shifts_well(a, sum_shift<S>) &&
             shifts_well(all, sum_shift<S>) && shifts_well(shape_of<S>(), sum_shift<S>);
    }
  }
  static constexpr bool serves = suits(shape_of<A>(), shape_of<B>());
  /// Whether a product may lie below the numbers of S.
  static constexpr bool is_fine =
      is_scaled<A> || is_scaled<B> || product.quantum < shape_of<S>().quantum;
  using summand = S;
  using policy = FusedAccumulator<S, R>;
  static void set(narrow_task& task, const policy& of) { task.inner = narrow_policy_of(of); }
  template <bool Underflow>
  static void run(Isa isa, const narrow_task& task) {
    using inner = sum_kind<S, R, first_rounding_of<S, R>(product), Underflow>;
    run_narrow_sums<inner, no_chunks>(place_of<is_compiled_sum<inner, no_chunks>, inner>(), isa,
                                      task);
  }
  static void run(Isa isa, const narrow_task& task) {
    if (is_fine || task.inner.flush) {
      run<true>(isa, task);
    } else {
      run<is_fine>(isa, task);
    }
  }
};
template <class S, class R, class T, class Q, class A, class B>
struct narrow_plan<ChunkedAccumulator<FusedAccumulator<S, R>, FusedAccumulator<T, Q>>, A, B> {
  using within = narrow_plan<FusedAccumulator<S, R>, A, B>;
  static constexpr number_shape part = shape_of<S>();
  static constexpr bool serves = [] {
    if constexpr (!within::serves || !floats_serve<T, Q>(part)) {
      return false;
    } else {
      return direction_of(R::rule) == direction_of(Q::rule) &&
             shifts_well(shape_of<T>(), sum_shift<S>);
    }
  }();
  static constexpr bool suits(const number_shape& a, const number_shape& b) {
    return serves && within::suits(a, b);
  }
  using summand = S;
  using policy = ChunkedAccumulator<FusedAccumulator<S, R>, FusedAccumulator<T, Q>>;
  static void set(narrow_task& task, const policy& of) {
    task.inner = narrow_policy_of(of.inner);
    task.outer = narrow_policy_of(for_chunk_sums(of.outer, 1));
    task.chunk = of.chunk;
  }
  template <bool Underflow>
  static void run(Isa isa, const narrow_task& task) {
    using inner = sum_kind<S, R, first_rounding_of<S, R>(within::product), Underflow>;
    using outer = sum_kind<T, Q, first_rounding_of<T, Q>(part), true>;
    run_narrow_sums<inner, outer>(place_of<is_compiled_sum<inner, outer>, inner>(), isa, task);
  }
  static void run(Isa isa, const narrow_task& task) {
    constexpr bool is_fine = within::is_fine;
    if (is_fine || task.inner.flush) {
      run<true>(isa, task);
    } else {
      run<is_fine>(isa, task);
    }
  }
};

/// The floats of operands of a type, all of which float holds; a table of them where that is small.
template <multiplicand T>
class operand_floats {
  static constexpr bool has_table_ = narrow_float<T> && sizeof(T) == 1;

 public:
  /// The numbers come times 2^-shift.
  explicit operand_floats(Subnormals subnormals, int shift = 0)
      : is_plain_(subnormals == Subnormals::keep && shift == 0),
        subnormals_(subnormals),
        shift_(shift),
        factor_(power_of_two<float>(-shift)) {
    if constexpr (has_table_) {
      for (unsigned code = 0; code < 1u << T::width; ++code)
        table_[code] = computed(T::from_bits(static_cast<typename T::Storage>(code)));
    }
  }
  float operator()(T x) const {
    if constexpr (has_table_) {
      return table_[x.bits()];
    } else {
      return is_plain_ ? plain(x) : computed(x);
    }
  }
  /// Whether they are what plain() gives, which is sooner done.
  bool is_plain() const { return is_plain_ && !has_table_; }
  static constexpr float plain(T x) {
    if constexpr (number<T>) {
      using from = layout_of<T>;
      if constexpr (from::exponent_bits == 8 && from::bias == binary32::bias && from::is_signed &&
                    from::has_infinity) {  // a float without its last bits
        constexpr int cut = binary32::mantissa_bits - from::mantissa_bits;
        const auto bits = std::uint32_t{number_traits<T>::to_code(x)} << cut;
        if ((bits & ~binary32::sign_mask) <= binary32::infinity_code)
          return __builtin_bit_cast(float, bits);
      }
      return convert_number<float>(x, NearestEven{}, Saturation::none);
    } else {
      return static_cast<float>(x);
    }
  }

 private:
  float computed(T x) const {
    const float number = as_float(x);
    return shift_ == 0 ? number : number * factor_;  // a product flushes where the caller does
  }
  float as_float(T x) const {
    if constexpr (number<T>) {
      return convert_number<float>(x, NearestEven{}, Saturation::none, subnormals_);
    } else {
      return static_cast<float>(x);
    }
  }
  bool is_plain_;
  Subnormals subnormals_;
  int shift_;
  float factor_;
  float table_[has_table_ ? 256 : 1];
};

/// A rectangle of the sums of a product with n columns and k products a sum, by a plan: a and b are
/// row_floats, put(i, j, x) takes a sum.
template <class Plan, class A, class B, class Put>
void sum_narrow_products(const typename Plan::policy& policy, const matrix_part& part,
                         std::size_t n, std::size_t k, const A& a, const B& b, const Put& put) {
  using number = typename Plan::policy::type;
  const Isa isa = active_isa();
  const std::size_t lanes = columns_together(isa), m = part.rows;
  const std::size_t padded = rounded_up(m, rows_together);
  scratch memory(scratch::bytes_of<float>(padded * k) + scratch::bytes_of<float>(k * lanes) +
                 scratch::bytes_of<std::uint32_t>(padded * lanes));
  float* const rows = memory.take<float>(padded * k);
  float* const panel = memory.take<float>(k * lanes);
  std::uint32_t* const codes = memory.take<std::uint32_t>(padded * lanes);
  for (std::size_t i = 0; i < m; ++i) a.read(part.top + i, 0, k, rows + i * k);
  std::fill(rows + m * k, rows + padded * k, 0.0f);
  narrow_task task{rows, panel, codes, padded, k, 0, 0, std::uint64_t{n} * k, {}, {}};
  Plan::set(task, policy);
  const std::size_t right = part.left + part.cols;
  for (std::size_t first = part.left; first < right; first += lanes) {
    const std::size_t width = std::min(lanes, right - first);
    for (std::size_t l = 0; l < k; ++l) {
      b.read(l, first, width, panel + l * lanes);
      std::fill_n(panel + l * lanes + width, lanes - width, 0.0f);
    }
    task.first = (std::uint64_t{part.top} * n + first) * k;
    Plan::run(isa, task);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < width; ++j)
        put(part.top + i, first + j,
            number::from_bits(static_cast<typename number::Storage>(codes[i * lanes + j])));
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
