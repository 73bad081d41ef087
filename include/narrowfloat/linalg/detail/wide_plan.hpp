// SPDX-License-Identifier: MIT
// Products of matrices whose sums are float or double, or exact: which of them vectors make by
// their own arithmetic, and how. Their loop stands in wide_sums.hpp.
#pragma once

#include "../exact.hpp"
#include "narrow_plan.hpp"
#include "scratch.hpp"

namespace narrowfloat::detail {

/// Rows and vectors of columns whose sums go on side by side.
inline constexpr std::size_t wide_rows = 6, wide_vectors = 2;

/// Rows of a matrix, a multiple of wide_rows, by wide_vectors vectors of columns of another, added
/// to sums.
template <class T>
struct wide_task {
  const T* a;          ///< wide_rows rows at a time, in each their numbers of a step side by side
  std::size_t a_step;  ///< steps of a whole row of it
  const T* b;          ///< `k` rows of the columns
  T* sums;             ///< `rows` rows of the columns
  std::size_t rows, k;
};

/// sum + a * b rounded once, or the product first; or of integers, two half-words of a word by two
/// others.
enum class wide_step { fused, separate, pairs };

/// Does a task, in the environment that its sums are rounded in.
template <class T, wide_step Step>
void run_wide_sums(in_library, Isa isa, const wide_task<T>& task);
/// Adds sums, as `Part`, to n totals and makes them zero; n fills vectors.
template <class Part, class T, class Total>
void add_wide_sums(in_library, Isa isa, T* sums, Total* totals, std::size_t n);

inline namespace NF_BASELINE {

template <class T, wide_step Step>
void run_wide_sums(here, Isa isa, const wide_task<T>& task);
template <class Part, class T, class Total>
void add_wide_sums(here, Isa isa, T* sums, Total* totals, std::size_t n);

/// What a lane has under a policy: its type, its step, and the direction of its roundings. `serves`
/// says that it gives the sums of products of A and B, on every instruction set or where there is a
/// fused step.
template <class Acc, class A, class B>
struct wide_lane {
  static constexpr bool serves = false;
};

template <class A, class B>
inline constexpr number_shape product_of = product_shape_of(shape_of<A>(), shape_of<B>());
/// Whether float holds the operands, as far as their types say.
template <class A, class B>
inline constexpr bool are_in_floats = (is_scaled<A> || is_in_floats(shape_of<A>())) &&
                                      (is_scaled<B> || is_in_floats(shape_of<B>()));

template <class R>
inline constexpr bool rounds_as_processors = R::random_bits == 0 &&
                                             (R::rule == rule::half_even || R::rule == rule::floor);
/// Lanes of a type and a step, rounded in a direction. As it stands none needs a fused step, and a
/// sum is -0 only where it was zero before it was rounded.
template <class T, wide_step Step, direction Rounds>
struct lane_arithmetic {
  using type = T;
  static constexpr wide_step step = Step;
  static constexpr direction rounds = Rounds;
  static constexpr bool needs_fused(const number_shape&) { return false; }
  static constexpr bool may_underflow(const number_shape&) { return false; }
};
template <class R, class A, class B>
requires rounds_as_processors<R>
struct wide_lane<FusedAccumulator<float, R>, A, B>
    : lane_arithmetic<float, wide_step::fused, direction_of(R::rule)> {
  static constexpr bool serves = are_in_floats<A, B>;
  static constexpr bool needs_fused(const number_shape& product) { return !is_in_floats(product); }
  /// A sum can be -0: where one is not zero before it is rounded.
  static constexpr bool may_underflow(const number_shape& product) {
    return product.quantum < -149;
  }
};
/// Products of floats are doubles.
template <class R, class A, class B>
requires rounds_as_processors<R>
struct wide_lane<FusedAccumulator<double, R>, A, B>
    : lane_arithmetic<double, wide_step::fused, direction_of(R::rule)> {
  static constexpr bool serves = are_in_floats<A, B>;
};
template <class A, class B, class R>
requires rounds_as_processors<R>
struct wide_lane<SeparateAccumulator<float, R>, A, B>
    : lane_arithmetic<float, wide_step::separate, direction_of(R::rule)> {
  static constexpr bool serves = are_in_floats<A, B>;
};
/// Exact in double: a sum of 2^n products is a multiple of their quantum that has n bits more than
/// they.
struct exact_lane : lane_arithmetic<double, wide_step::fused, direction::nearest> {
  static constexpr int bits(const number_shape& product) {
    return product.max_exponent + 1 - product.quantum;
  }
  static constexpr std::size_t longest(const number_shape& product) {
    return bits(product) <= 45 ? std::size_t{1} << (53 - bits(product)) : 0;
  }
};
template <class A, class B>
struct wide_lane<ExactAccumulator, A, B> : exact_lane {
  static constexpr bool serves = are_in_floats<A, B> && bits(product_of<A, B>) <= 45;
};

/// How sums by a policy of products of A and B are made with lanes; `serves` is whether they are.
template <class Acc, class A, class B>
struct wide_plan : wide_lane<Acc, A, B> {
  using policy = Acc;
  using total = typename Acc::type;
  static constexpr bool has_chunks = false;
  static constexpr std::size_t chunk(const Acc&, std::size_t k) { return k; }
};
/// Chunks of such sums, added up by float or double.
template <class Inner, class T, class R, class A, class B>
requires(wide_lane<Inner, A, B>::serves&& wide_lane<FusedAccumulator<T, R>, A, B>::serves&&
                 wide_lane<Inner, A, B>::rounds == direction_of(R::rule) &&
         sizeof(typename Inner::type) <=
             sizeof(T)) struct wide_plan<ChunkedAccumulator<Inner, FusedAccumulator<T, R>>, A, B>
    : wide_lane<Inner, A, B> {
  using policy = ChunkedAccumulator<Inner, FusedAccumulator<T, R>>;
  using total = T;
  using part = typename Inner::type;
  static constexpr bool has_chunks = true;
  static constexpr bool may_underflow(const number_shape&) { return false; }
  static constexpr std::size_t chunk(const policy& acc, std::size_t) { return acc.chunk; }
};

/// Whether lanes do what the options of a policy ask for.
template <class Acc>
constexpr bool is_plain(const Acc& of) {
  if constexpr (requires { of.inner; }) {
    return is_plain(of.inner) && is_plain(of.outer);
  } else if constexpr (requires { of.subnormals; }) {
    return of.subnormals == Subnormals::keep && of.saturation == Saturation::none;
  } else {
    return true;
  }
}
/// The same for sums of k products of operands of these shapes on an instruction set.
template <class Plan>
bool suits(const typename Plan::policy& acc, Isa isa, std::size_t k, const number_shape& a,
           const number_shape& b) {
  const number_shape product = product_shape_of(a, b);
  bool is_short = true;
  if constexpr (requires { Plan::longest(product); })
    is_short = std::min(k, Plan::chunk(acc, k)) <= Plan::longest(product);
  return is_in_floats(a) && is_in_floats(b) && is_plain(acc) && is_short &&
         !(isa == Isa::generic && Plan::needs_fused(product));
}

/// Columns of a task.
template <class T>
constexpr std::size_t wide_columns(Isa isa) {
  return wide_vectors * columns_together(isa) * sizeof(float) / sizeof(T);
}
/// Steps, and bytes of their columns, of the second matrix that are laid out at a time: its panels
/// lie in the first-level cache, and memory is small enough to be used again by the next call.
inline constexpr std::size_t wide_depth = 128, wide_bytes = 1024;

template <class T>
using bits_of_lane = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T>
constexpr bool is_negative_zero(T x) {
  using bits = bits_of_lane<T>;
  return __builtin_bit_cast(bits, x) == wide<bits>::sign_mask;
}
/// A sum in a lane as the policy has it, with one NaN; in the environment of its rounding.
template <class Total, class T>
constexpr Total sum_of_lane(T x) {
  using bits = bits_of_lane<T>;
  if ((__builtin_bit_cast(bits, x) & ~wide<bits>::sign_mask) <= wide<bits>::infinity)
    return static_cast<Total>(x);
  return __builtin_bit_cast(Total, wide<bits_of_lane<Total>>::quiet_nan);
}

/// A rectangle of sums of k products each, by a plan: a and b are row_floats, put(i, j, x) takes a
/// sum: `total`, or for an ExactAccumulator a double.
template <class Plan, class A, class B, class Put>
void sum_wide_products(const typename Plan::policy& policy, const matrix_part& part, std::size_t k,
                       const A& a, const B& b, const Put& put) {
  using T = typename Plan::type;
  const std::size_t m = part.rows, n = part.cols;
  const Isa isa = active_isa();
  const std::size_t columns = wide_columns<T>(isa), padded = rounded_up(m, wide_rows),
                    chunk = Plan::chunk(policy, k), depth = std::min(k, wide_depth),
                    panels = std::min(ceil_divided(n, columns), wide_bytes / (columns * sizeof(T)));
  const float_environment environment(Plan::rounds);
  const std::size_t count_of_sums = panels * padded * columns;
  using total = typename Plan::total;
  const std::size_t count_of_totals = Plan::has_chunks ? count_of_sums : 0;
  scratch memory(scratch::bytes_of<T>(padded * k) + scratch::bytes_of<T>(panels * depth * columns) +
                 scratch::bytes_of<T>(count_of_sums) + scratch::bytes_of<total>(count_of_totals));
  T* const rows = memory.take<T>(padded * k);
  T* const laid = memory.take<T>(panels * depth * columns);
  T* const sums = memory.take<T>(count_of_sums);
  total* const totals = memory.take<total>(count_of_totals);
  for (std::size_t i = 0; i < padded; ++i) {
    T* const to = rows + i / wide_rows * wide_rows * k + i % wide_rows;
    if (i < m) {
      a.read(part.top + i, 0, k, to, wide_rows);
    } else {
      for (std::size_t l = 0; l < k; ++l) to[l * wide_rows] = 0;
    }
  }
  for (std::size_t left = 0; left < n; left += panels * columns) {
    const std::size_t width = std::min(panels * columns, n - left),
                      used = ceil_divided(width, columns);
    std::fill_n(sums, count_of_sums, T{0});
    std::fill_n(totals, count_of_totals, total{0});
    std::size_t filled = 0;
    for (std::size_t first = 0; first < k;) {
      const std::size_t steps = std::min({depth, k - first, Plan::has_chunks ? chunk - filled : k});
      for (std::size_t p = 0; p < used; ++p) {
        const std::size_t count = std::min(columns, width - p * columns);
        for (std::size_t l = 0; l < steps; ++l) {
          T* const to = laid + (p * depth + l) * columns;
          b.read(first + l, part.left + left + p * columns, count, to);
          for (std::size_t j = count; j < columns; ++j) to[j] = 0;
        }
      }
      first += steps;
      filled += steps;
      for (std::size_t p = 0; p < used; ++p)
        run_wide_sums<T, Plan::step>(
            place_of<true>(), isa,
            {rows + (first - steps) * wide_rows, k, laid + p * depth * columns,
             sums + p * padded * columns, padded, steps});
      if constexpr (Plan::has_chunks) {
        if (filled < chunk && first < k) continue;
        add_wide_sums<typename Plan::part>(place_of<true>(), isa, sums, totals, count_of_sums);
        filled = 0;
      }
    }
    const auto* const results = [&] {
      if constexpr (Plan::has_chunks) {
        return totals;
      } else {
        return sums;
      }
    }();
    for (std::size_t p = 0; p < used; ++p) {
      const std::size_t at = p * columns, count = std::min(columns, width - at);
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < count; ++j)
          put(part.top + i, part.left + left + at + j, results[at * padded + i * columns + j]);
      }
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
