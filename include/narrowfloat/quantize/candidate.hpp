// SPDX-License-Identifier: MIT
// A format to try on a tensor, and how it is measured.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../matrix.hpp"
#include "../mx.hpp"
#include "exponents.hpp"
#include "format_report.hpp"

namespace narrowfloat {

/// A format to try: how to name it, and how to measure it. candidate() makes one of a type; one of
/// your own needs no more than a function.
///
/// Requires  measure(values, rows, cols) takes a row-major matrix; the names in what it returns do
///           not count. Threads of choose_formats() may call several at a time.
///
/// Example   const Candidate nothing{"nothing", "-", "-", "-",
///                                   [](auto values, std::size_t, std::size_t) {
///                                     FormatReport report{.elements = values.size()};
///                                     for (const float value : values)
///                                       report.signal += value * value;
///                                     report.noise = report.signal;
///                                     return report;
///                                   }};
///           assert(choose_formats(x, rows, cols, {nothing})[0].sqnr_db() == 0);
struct Candidate {
  /// Names for reports: the format, what shares a scale, the rule of scales, the rounding.
  std::string format, block, rule, rounding;
  /// Measures what the format loses of a matrix: values, rows, cols.
  std::function<FormatReport(std::span<const float>, std::size_t, std::size_t)> measure;
};

namespace detail {
inline namespace NF_BASELINE {

template <class Format, class R>
struct block_measure {
  QuantizeOptions options;
  R rounding;

  FormatReport operator()(std::span<const float> values, std::size_t rows, std::size_t cols) const {
    return format_report(
        values, BlockTensor<Format>::quantize(values, rows, cols, options, rounding), options);
  }
};

template <class F, class R>
struct plain_measure {
  R rounding;

  FormatReport operator()(std::span<const float> values, std::size_t rows, std::size_t cols) const {
    matrix_of("choose_formats", "the input", values, rows, cols);
    std::vector<F> codes(values.size());
    std::vector<float> images(values.size());
    convert(values, codes, rounding, Saturation::finite);
    convert(codes, images);
    FormatReport report{.elements = values.size(), .bits = F::width};
    const auto count = [&](std::size_t first, std::size_t n, losses& found) {
      count_losses(values.data() + first, images.data() + first, n, limits_of<F>(), 1, found);
    };
    losses_of_tasks(executor_ref::serial(), {values.size()}, count).write(report);
    return report;
  }
};

struct codebook_measure {
  Codebook book;
  CodebookOptions options;

  FormatReport operator()(std::span<const float> values, std::size_t rows, std::size_t cols) const {
    matrix_of("choose_formats", "the input", values, rows, cols);
    return format_report(values, CodebookTensor::quantize(values, book, options));
  }
};

/// A float a block.
template <block_element Element, int K, int Rows = 1>
using float_blocks = BlockFormat<Element, float, K, Rows>;

/// Whatever a tensor holds, its finite values are measured.
inline constexpr QuantizeOptions measured_options{.non_finite = NonFinite::propagate};
inline constexpr CodebookOptions measured_codebook_options{.non_finite = NonFinite::propagate};

}  // namespace NF_BASELINE
}  // namespace detail

/// A block format as a candidate, with its options and its rounding.
///
/// Result    named after the blocks, the rule (`amax` for scales that are no powers of two) and the
///           rounding.
/// Special   options that do not fit the format throw std::invalid_argument when it is measured.
///
/// Example   using mine = BlockFormat<Float<3, 2, 5, Specials::finite>, float8_e8m0fnu, 64>;
///           const auto c = candidate<mine>("mine", {.rule = ScaleRule::search}, nearest_away);
///           assert(c.block == "1x64" && c.rule == "search" && c.rounding == "nearest_away");
///           assert(choose_formats(x, rows, cols, {c})[0].bits == 6.125);
template <block_format Format, rounding_policy R = NearestEven>
NF_INLINE Candidate candidate(std::string name,
                              const QuantizeOptions& options = detail::measured_options,
                              R rounding = {}) {
  constexpr bool is_power = detail::power_of_two_scale<typename Format::scale>;
  return {std::move(name),
          detail::block_name(static_cast<std::size_t>(Format::block_rows),
                             static_cast<std::size_t>(Format::block_size), whole,
                             detail::is_within_rows(options.axis)),
          detail::rule_name(options, is_power), std::string(detail::rounding_name<R>()),
          detail::block_measure<Format, R>{options, rounding}};
}
/// A format without a scale as a candidate: values are converted as they are, and saturate. With a
/// float a tensor, the largest magnitude over the largest value, the candidate is BlockFormat<F,
/// float, whole, whole>.
///
/// Requires  every value of F is exact in float.
///
/// Example   const auto c = candidate<bfloat16>("bfloat16", Stochastic<>{.seed = 1});
///           assert(c.block == "none" && choose_formats(x, rows, cols, {c})[0].bits == 16);
///           using scaled = BlockFormat<float8_e4m3fn, float, whole, whole>;
///           assert(candidate<scaled>("float8_e4m3fn").block == "tensor");
template <narrow_float F, rounding_policy R = NearestEven>
requires lossless_to<F, float> NF_INLINE Candidate candidate(std::string name, R rounding = {}) {
  return {std::move(name), "none", "none", std::string(detail::rounding_name<R>()),
          detail::plain_measure<F, R>{rounding}};
}
/// A code-book as a candidate: the blocks run through the rows of the matrix.
///
/// Result    named after the size of its blocks and what they share: `absmax`, `nested` where that
///           is quantized too; `headroom` and `bitsandbytes` as the options say.
///
/// Example   const Codebook book = quantile_codebook(weights, 4);
///           const auto c = candidate("quantile4", book, {.block_size = 128, .nested = true});
///           assert(c.block == "128" && c.rule == "absmax nested" && c.rounding == "nearest");
///           assert(choose_formats(weights, rows, cols, {c})[0].bits < 4.2);
NF_INLINE Candidate candidate(std::string name, const Codebook& book,
                              const CodebookOptions& options = detail::measured_codebook_options) {
  std::string rule = "absmax";
  if (options.nested) rule += " nested";
  if (options.headroom) rule += " headroom";
  if (options.pipeline == CodebookPipeline::bitsandbytes) rule += " bitsandbytes";
  const std::size_t block = CodebookTensor::zeros(0, book, options).block_size();
  return {std::move(name), std::to_string(block), std::move(rule), "nearest",
          detail::codebook_measure{book, options}};
}

}  // namespace narrowfloat
