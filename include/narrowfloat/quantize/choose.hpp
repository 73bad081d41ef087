// SPDX-License-Identifier: MIT
// The format chooser: what each of a list of formats makes of a tensor, and which of them are worth
// their bits.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "../convert.hpp"
#include "../executor.hpp"
#include "../matrix.hpp"
#include "candidate.hpp"
#include "format_report.hpp"

namespace narrowfloat {
namespace detail {

template <class R>
std::vector<Candidate> usual_candidates(in_library, const R& rounding);

inline namespace NF_BASELINE {

template <class R>
std::vector<Candidate> usual_candidates(here, const R& rounding);

/// The reports of candidates: each is a task.
inline std::vector<FormatReport> measure_all(std::span<const float> values, std::size_t rows,
                                             std::size_t cols,
                                             const std::vector<Candidate>& candidates,
                                             const executor_ref& executor) {
  std::vector<FormatReport> reports(candidates.size());
  run_tasks(executor, candidates.size(), [&](std::size_t i) {
    const Candidate& each = candidates[i];
    FormatReport& report = reports[i];
    report = each.measure(values, rows, cols);
    report.format = each.format;
    report.block = each.block;
    report.rule = each.rule;
    report.rounding = each.rounding;
  });
  return reports;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// What one meets in training code: BF16 and FP16 as they are; FP8 with a scale a tensor, 1 x 128
/// and 128 x 128 values; the OCP MX formats under the rules floor, rceil and even; NVFP4, also four
/// over six; integers of 8 and 4 bits with a float a row, a block; eXmY's e3m1 with an exponent a
/// row; the code-books of optimizers' moments and of frozen weights: the dynamic tree, signed and
/// unsigned without its 0, in blocks of 256 and 2048, NF4 and bitsandbytes' FP4 in blocks of 64,
/// with floats and nested.
///
/// Cost      compiles 17 block formats: call it in one source file.
///
/// Example   std::vector<Candidate> mine = default_candidates();
///           std::erase_if(mine, [](const Candidate& c) { return !c.format.starts_with("mx"); });
///           const auto reports = choose_formats(weights, rows, cols, mine);
///           assert(reports.size() == 18 && reports[0].bits == 4.25 && reports[17].bits == 8.25);
template <rounding_policy R = NearestEven>
NF_INLINE std::vector<Candidate> default_candidates(R rounding = {}) {
  return detail::usual_candidates(detail::place_of<std::same_as<R, NearestEven>, R>(), rounding);
}

/// Quantizes a matrix to every candidate and reads it back.
///
/// Result    a report for each candidate, sorted. Sums are doubles, in the order of the elements
///           within blocks, as format_report() adds them up.
/// Special   a shape that does not fit throws std::invalid_argument. Inf and NaN in the tensor do
///           not count; the usual candidates take scales from the finite values.
/// Promises  the same on every instruction set, for every executor and in every floating-point
///           environment, which is left as it was.
/// Cost      what quantizing and dequantizing cost, and a few reads; memory for codes and one copy
///           in float for each thread, of which each takes one candidate after the other.
///
/// Example   const auto reports =
///               choose_formats(weights, rows, cols, default_candidates(), FormatOrder::sqnr);
///           assert(reports[0].format == "float16" && reports[0].sqnr_db() > 70);
///           assert(reports[0].flushed_percent() < 0.1 && reports[0].clipped == 0);
template <class T, task_executor E = SerialExecutor>
requires(float_source<std::span<T>>)  //
    [[nodiscard]] NF_INLINE std::vector<FormatReport> choose_formats(
        const MatrixView<T>& values,
        const std::vector<Candidate>& candidates = default_candidates(),
        FormatOrder order = FormatOrder::bits, E&& executor = {}) {
  const std::size_t rows = values.rows(), cols = values.cols();
  std::vector<FormatReport> reports;
  const auto measure = [&](std::span<const float> floats) NF_INLINED {
    reports =
        detail::measure_all(floats, rows, cols, candidates, detail::executor_ref::of(executor));
  };
  bool is_measured = false;
  if constexpr (std::is_same_v<std::remove_cv_t<T>, float>) {
    is_measured = values.leading() == cols;
    if (is_measured) measure({values.data(), rows * cols});
  }
  if (!is_measured) {
    std::vector<float> floats(rows * cols);
    for (std::size_t row = 0; row < rows; ++row)
      convert(values.row(row), std::span(floats).subspan(row * cols, cols));
    measure(floats);
  }
  sort_reports(reports, order);
  return reports;
}
template <float_source In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE std::vector<FormatReport> choose_formats(
    const In& values, std::size_t rows, std::size_t cols,
    const std::vector<Candidate>& candidates = default_candidates(),
    FormatOrder order = FormatOrder::bits, E&& executor = {}) {
  return choose_formats(detail::matrix_of("choose_formats", "the input", values, rows, cols),
                        candidates, order, executor);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/usual_candidates.hpp"
#endif
