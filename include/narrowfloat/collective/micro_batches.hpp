// SPDX-License-Identifier: MIT
// Exact sums over micro-batches and ranks: the same bits however a global batch is distributed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <utility>

#include "../convert.hpp"
#include "detail/gradient_digits.hpp"
#include "ranks.hpp"

namespace narrowfloat {

/// The exact sum of the gradients of micro-batches: add() each, then all_reduce() over the ranks.
/// A global batch that is cut into the same micro-batches gives the same bits on any number of
/// ranks, whoever has which of them and in whatever order: the sum is rounded once, at the end.
///
/// Result    all_reduce() writes the sum times the factor of a Scale, or divided by the divisor of
///           a Divide (the mean: Divide{micro-batches}), exact, then rounded once to nearest even,
///           on all ranks; and begins anew. An exact zero is +0.
/// Special   a NaN, or Inf and -Inf, among the terms gives NaN, else Inf that of its sign; a
///           result beyond the largest float is Inf. Subnormals count, in any floating-point
///           environment. Lengths that are not those of the sum, a factor of 0, Inf or NaN, ranks
///           of different lengths and more than 2^31 - 1 terms throw std::invalid_argument with the
///           numbers; all_reduce() on every rank, whoever of them has the fault.
/// Promises  the same bits for every number and order of ranks and micro-batches and for every
///           executor.
/// Cost      8 bytes an element for each 32 bits of the exponents' range that occur, and one more:
///           24 bytes for gradients of magnitudes in [2^-62, 4), and zeros; as many on the wire,
///           and 4 for the result, times (ranks - 1) / ranks.
///
/// Example   SingleRank ranks;  // mpi::Ranks(MPI_COMM_WORLD), of io/mpi.hpp
///           ExactGradientSum sum(gradients.size());
///           for (int i = 0; i < 3; ++i) sum.add(gradients);  // of a micro-batch
///           std::vector<float> mean(gradients.size());
///           sum.all_reduce(ranks, mean, Divide{3});
///           assert(mean == gradients);
class ExactGradientSum {
 public:
  /// The sum of nothing, of `size` elements.
  explicit ExactGradientSum(std::size_t size) : size_(size) {}

  /// How many elements there are, how many arrays have been added, and the bytes that hold them.
  std::size_t size() const noexcept { return size_; }
  std::uint64_t count() const noexcept { return count_; }
  std::size_t size_bytes() const noexcept {
    std::size_t elements = 0;
    for (const auto& digits : digits_) elements += digits.size();
    return elements * sizeof(std::int64_t);
  }

  /// Adds the gradients of a micro-batch; an executor runs parts of them.
  template <float_source G, task_executor E = SerialExecutor>
  NF_INLINE void add(const G& gradients, E&& executor = {}) {
    constexpr const char* call = "ExactGradientSum::add";
    if (const std::string problem = size_problem(std::ranges::size(gradients)); !problem.empty())
      detail::throw_invalid(call, problem);
    detail::require_summands(call, count_ + 1);
    detail::add_gradients(std::ranges::data(gradients), size_, digits_,
                          detail::executor_ref::of(executor));
    ++count_;
  }
  /// Writes the sum over all ranks, rounded once, and begins anew; an executor rounds parts of it.
  template <rank_group R, float_range Out, detail::factor Factor = Scale,
            task_executor E = SerialExecutor>
  NF_INLINE void all_reduce(R& ranks, Out&& out, Factor factor = {}, E&& executor = {}) {
    constexpr const char* call = "ExactGradientSum::all_reduce";
    detail::all_reduce_digits(call, ranks, digits_, count_, std::ranges::data(out), size_,
                              detail::factor_of(factor), std::same_as<Factor, Divide>,
                              size_problem(std::ranges::size(out)),
                              detail::executor_ref::of(executor));
    clear();
  }
  /// Begins anew.
  void clear() noexcept {
    for (auto& digits : digits_) digits.clear();  // their memory stays
    count_ = 0;
  }

 private:
  NF_INLINE std::string size_problem(std::size_t size) const {
    if (size == size_) return {};
    return std::to_string(size) + " elements, of a sum of " + std::to_string(size_);
  }

  std::size_t size_;
  std::uint64_t count_ = 0;
  detail::gradient_digits digits_;
};

/// The exact sum of doubles, of all ranks: a loss, or a squared norm, that does not depend on the
/// distribution.
///
/// Result    all_reduce() returns the sum times, or divided by, a factor, exact, then rounded once
///           to nearest even, on all ranks; and begins anew. value() is that of this rank alone.
/// Special, Promises  as for ExactGradientSum.
/// Cost      544 bytes; a message of 552.
///
/// Example   ExactSum loss;
///           loss.add(1e300);
///           loss.add(1);
///           loss.add(-1e300);
///           SingleRank ranks;
///           assert(loss.all_reduce(ranks, Divide{2}) == 0.5);
class ExactSum {
 public:
  /// How many numbers have been added.
  std::uint64_t count() const noexcept { return count_; }
  /// Adds a number; a float or an integer of at most 53 bits is one.
  NF_INLINE void add(double x) {
    detail::require_summands("ExactSum::add", count_ + 1);
    ++count_;
    detail::add_number(x, digits_);
  }
  /// The sum so far, of this rank.
  template <detail::factor Factor = Scale>
  NF_INLINE double value(Factor factor = {}) const {
    if (const std::string problem = detail::factor_problem(detail::factor_of(factor));
        !problem.empty())
      detail::throw_invalid("ExactSum::value", problem);
    return detail::value_of_number_sum(digits_, detail::factor_of(factor),
                                       std::same_as<Factor, Divide>);
  }
  /// The sum of all ranks, on all of them; begins anew.
  template <rank_group R, detail::factor Factor = Scale>
  NF_INLINE double all_reduce(R& ranks, Factor factor = {}) {
    constexpr const char* call = "ExactSum::all_reduce";
    detail::number_digits all = digits_;
    detail::all_sum_numbers(call, ranks, all, count_,
                            detail::factor_problem(detail::factor_of(factor)));
    digits_ = {};
    count_ = 0;
    return detail::value_of_number_sum(all, detail::factor_of(factor),
                                       std::same_as<Factor, Divide>);
  }

 private:
  std::uint64_t count_ = 0;
  detail::number_digits digits_ = {};
};

}  // namespace narrowfloat
