// SPDX-License-Identifier: MIT
// Sums of gradients over ranks, in a narrow format on the wire: FP8-LM's all-reduce.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>

#include "../scaling/fp8_lm.hpp"
#include "detail/reduce_codes.hpp"
#include "ranks.hpp"

namespace narrowfloat {

/// Options of all_reduce() and reduce_scatter().
struct AllReduceOptions {
  /// Error feedback: what this rank's codes lose is kept here, one float an element, and added to
  /// the next gradients. It stays local; zeros at first. Empty: none.
  std::span<float> residuals = {};
  /// FP8-LM's factor of the scale, which takes the overflows of the sums. Null: none.
  AutoScale* mu = nullptr;
  /// Gives the sums, not the means.
  bool sums = false;
  /// What becomes of gradients, and of sums, beyond the largest value.
  Saturation saturation = Saturation::finite;
  /// Elements on the way at a time: the memory of a call is 3 codes for each, or fewer.
  std::size_t segment = std::size_t{1} << 20;
};

/// What all_reduce() did, the same on all ranks.
struct AllReduceReport {
  float amax = 0;   ///< the largest magnitude of all ranks; Inf where there is Inf or NaN
  float scale = 1;  ///< what gradients were multiplied by, mu included
  std::uint64_t inputs_beyond = 0;  ///< gradients of all ranks, finite, beyond the largest code
  std::uint64_t sums_beyond = 0;    ///< exact sums, finite, beyond it
  std::uint64_t sums_attained = 0;  ///< finite sums that became the largest code, Inf or NaN
};

/// The elements of a rank's piece of an array.
struct RankPiece {
  /// The first, and how many there are.
  std::size_t begin = 0, size = 0;
};
/// The piece that reduce_scatter() gives to a rank: of n elements in the order of the ranks, the
/// first n % ranks one longer than the others.
///
/// Requires  ranks >= 1, and a rank of 0 ... ranks - 1.
///
/// Example   assert(rank_piece(10, 4, 0).size == 3 && rank_piece(10, 4, 2).begin == 6);
constexpr NF_INLINE RankPiece rank_piece(std::size_t n, int ranks, int rank) noexcept {
  const auto count = static_cast<std::size_t>(ranks), r = static_cast<std::size_t>(rank);
  return {detail::piece_begin(n, count, r), detail::piece_size(n, count, r)};
}

namespace detail {
inline namespace NF_BASELINE {

/// Why a state that a rank was given is none, by what is loaded of it; empty: it is one.
template <has_state State>
std::string state_problem(const char* whose, const State& state) {
  for (const ConstStatePart& part : state.parts()) {
    const std::string why = part.refusal ? part.refusal(part.owner, part.bytes) : std::string();
    if (!why.empty()) return std::string(whose) + " " + part.name + " " + why;
  }
  return {};
}

template <class Ranks, class F, class R>
AllReduceReport reduce_gradients(const char* call, Ranks& ranks, const float* gradients,
                                 std::size_t n, float* out, bool gathers, AllReduceScale<F>& scale,
                                 const AllReduceOptions& options, const R& rounding,
                                 const std::string& problem, const executor_ref& executor) {
  std::string own = problem;
  if (own.empty()) own = reduction_problem(options.residuals.size(), n, options.segment);
  if (own.empty()) own = state_problem("the scale's", scale);
  if (own.empty() && options.mu != nullptr) own = state_problem("AutoScale's", *options.mu);
  require_agreement(call, ranks, n, own);
  code_reduction<F, R> of{
      gradients,          options.residuals, n, 0, 0, 0, rounding, rounding_of_sums(rounding),
      options.saturation, executor};

  AllReduceReport report;
  report.amax = of.amax();
  ranks.all_max(std::span(&report.amax, 1));
  AllReduceScale<F> next = scale;
  next.workers = ranks.size();
  next.update(report.amax);
  of.factor = next.scale;
  of.inverse = next.scale_inv;
  if (options.mu != nullptr) {
    of.factor = limited_scale(float_product(next.scale, options.mu->factor()), 0x1p127f);
    of.inverse = float_quotient(1, of.factor);
  }
  scale = next;  // what throws before leaves it
  report.scale = of.factor;
  of.decoding = of.inverse;
  if (!options.sums)
    of.decoding = nearest_float(quotient(exact_float(of.inverse), exact_integer(ranks.size())));

  std::uint64_t totals[3] = {};
  reduce_codes(ranks, of, out, gathers, options.segment, totals);
  report.inputs_beyond = totals[0];
  report.sums_beyond = totals[1];
  report.sums_attained = totals[2];
  if (options.mu != nullptr) {
    const bool attained = options.mu->counted == AutoScaleCount::attained;
    options.mu->update(attained ? report.sums_attained : report.sums_beyond, n);
  }
  return report;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Replaces the gradients of each rank by the mean of all ranks, with codes of F on the wire
/// (FP8-LM, arXiv 2310.18313, with exact sums): one byte for each element to the rank that adds it
/// up, and one back, of an FP8 format. Its result depends on the ranks' gradients as a set: all
/// ranks get the same bits, whoever has which gradients, whatever the segments and threads.
///
/// Result    With g + residual, rounded to float, for g where there is error feedback:
///             scale      update() of `scale` by the largest amax of all ranks; times mu, where
///                        that stays in 2^-126 ... 2^127
///             q[r][i]    g[r][i] * scale, a float, rounded to F by `rounding`
///             residual   g - q * (1 / scale), the product and the difference floats; 0 where that
///                        is Inf or NaN
///             s[i]       the exact sum over r of q[r][i], rounded once to F by `rounding`
///             gradient   s[i] * mean_scale_inv(), rounded to float; or s[i] * scale_inv: `sums`
///           A keyed rounding draws for element i the bits of index i, the same on all ranks; the
///           rounding of sums those of stream + 2^63. An exact zero is +0.
/// Special   NaN, or Inf and -Inf, among the q gives NaN, the largest value in a format without
///           NaN. An amax of 0, Inf or NaN leaves the scale: skip the step where report.amax is
///           Inf. Lengths that differ between ranks, or from the residuals, a segment of 0, and
///           scales and a mu outside their ranges throw std::invalid_argument with the numbers, on
///           every rank, whoever of them has the fault, and change nothing.
/// Requires  the same options, rounding and states of `scale` and mu on all ranks; scale.workers
///           becomes ranks.size().
/// Promises  the same bits on every instruction set, for every executor and floating-point
///           environment.
/// Cost      2 sizeof(code) (ranks - 1) / ranks bytes an element and rank, where a ring of floats
///           has 8; three messages of a few bytes for a call, and 2 (ranks - 1) for a segment. Sums
///           are made in double, as far as that is exact: in digits, ten times slower, where
///           exponents of a bfloat16 are further apart than 43 on 2 and 3 ranks, 42 on 4 to 7, one
///           less for each doubling, and by Stochastic in that format.
///
/// Example   SingleRank ranks;  // mpi::Ranks(MPI_COMM_WORLD), of io/mpi.hpp
///           AllReduceScale<float8_e4m3fn> scale;
///           std::vector<float> mean = gradients, residuals(gradients.size());
///           const AllReduceReport report =
///               all_reduce(ranks, mean, scale, {.residuals = residuals}, Stochastic<>{.seed = 1});
///           assert(report.amax == amax(gradients) && report.sums_beyond == 0);
///           assert(std::abs(mean[7] + residuals[7] - gradients[7]) < 1e-10f);
template <rank_group Ranks, float_range Values, narrow_float F, rounding_policy R = NearestEven,
          task_executor E = SerialExecutor>
NF_INLINE AllReduceReport all_reduce(Ranks& ranks, Values&& gradients, AllReduceScale<F>& scale,
                                     const AllReduceOptions& options = {}, R rounding = {},
                                     E&& executor = {}) {
  detail::explain_reduction<R>();
  float* const values = std::ranges::data(gradients);
  return detail::reduce_gradients("all_reduce", ranks, values, std::ranges::size(gradients), values,
                                  true, scale, options, rounding, {},
                                  detail::executor_ref::of(executor));
}

/// The first half of all_reduce(): writes to `piece` the mean of this rank's rank_piece() of the
/// gradients, with the bits that all_reduce() has there.
///
/// Special   a piece of another length throws std::invalid_argument, as all_reduce() does.
/// Requires  a piece that shares no memory with the gradients and the residuals.
/// Cost      sizeof(code) (ranks - 1) / ranks bytes an element and rank.
///
/// Example   SingleRank ranks;
///           AllReduceScale<float8_e5m2> scale;
///           std::vector<float> piece(rank_piece(gradients.size(), 1, 0).size);
///           reduce_scatter(ranks, gradients, piece, scale);
///           assert(std::abs(piece[7] - gradients[7]) <= std::abs(gradients[7]) / 8);
template <rank_group Ranks, float_range Values, float_range Piece, narrow_float F,
          rounding_policy R = NearestEven, task_executor E = SerialExecutor>
NF_INLINE AllReduceReport reduce_scatter(Ranks& ranks, const Values& gradients, Piece&& piece,
                                         AllReduceScale<F>& scale,
                                         const AllReduceOptions& options = {}, R rounding = {},
                                         E&& executor = {}) {
  detail::explain_reduction<R>();
  constexpr const char* call = "reduce_scatter";
  const std::size_t n = std::ranges::size(gradients);
  return detail::reduce_gradients(call, ranks, std::ranges::data(gradients), n,
                                  std::ranges::data(piece), false, scale, options, rounding,
                                  detail::piece_problem(ranks, n, std::ranges::size(piece)),
                                  detail::executor_ref::of(executor));
}

/// Gives the pieces of all ranks to all: codes, or any numbers, as they are.
///
/// Special   a piece that is not as long as rank_piece() of `all`, and lengths of `all` that differ
///           between ranks, throw std::invalid_argument with the numbers, on every rank.
///
/// Example   SingleRank ranks;
///           std::vector<float8_e4m3fn> piece(10), all(10);
///           convert(std::span(x).first(10), piece);
///           all_gather(ranks, piece, all);
///           assert(all == piece);
template <rank_group Ranks, number_range Piece, number_range All>
requires(std::is_same_v<detail::number_of<Piece>, detail::number_of<All>>)  //
    NF_INLINE void all_gather(Ranks& ranks, const Piece& piece, All&& all) {
  detail::require_agreement(
      "all_gather", ranks, std::ranges::size(all),
      detail::piece_problem(ranks, std::ranges::size(all), std::ranges::size(piece)));
  ranks.all_gather(
      std::as_bytes(std::span(piece)), std::as_writable_bytes(std::span(all)),
      detail::piece_bytes(std::ranges::size(all), static_cast<std::size_t>(ranks.size()),
                          sizeof(detail::number_of<All>)));
}

}  // namespace narrowfloat
