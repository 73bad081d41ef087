// SPDX-License-Identifier: MIT
// What a format lost of a tensor, in the order that is asked for, and what is worth its bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../block.hpp"
#include "../block/detail/element_traits.hpp"
#include "../detail/simd/environment.hpp"
#include "../executor.hpp"
#include "codebook_tensor.hpp"
#include "detail/losses.hpp"

namespace narrowfloat {

/// What a format lost of a tensor.
struct FormatReport {
  /// How the candidate was named.
  std::string format{}, block{}, rule{}, rounding{};
  /// How many elements the tensor has.
  std::size_t elements = 0;
  double bits = 0;             ///< an element, scales and the padding of rows included
  std::size_t non_finite = 0;  ///< Inf and NaN in the tensor: they count for nothing else
  std::size_t lost = 0;  ///< finite, and Inf or NaN in the format: the noise is as if they were 0
  std::size_t clipped =
      0;  ///< finite, and by more than half a step beyond the ends of their block (the
          ///< outermost elements times its scales): what rounding alone would not explain,
  ///< so less than ConversionStats::saturated; but for those that are lost or flushed, and zeros
  std::size_t flushed = 0;  ///< finite, not zero, and zero in the format
  double signal = 0;        ///< the sum of x^2 over finite values x
  double noise = 0;         ///< the sum of (x - q(x))^2, q(x) a float

  /// The signal-to-quantization-noise ratio in decibels; infinite without noise, of an empty tensor
  /// too, and minus infinite where zeros are all that was lost.
  NF_INLINE double sqnr_db() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (noise == 0) return lost == 0 ? infinity : -infinity;
    const detail::float_environment environment(detail::direction::nearest);
    return detail::held(10 * std::log10(detail::held(signal) / noise));
  }
  /// Whether there is nothing to measure: elements, and none of them finite.
  NF_INLINE bool is_blank() const noexcept { return non_finite != 0 && elements == non_finite; }
  /// Clipped, and flushed, values in percent of the finite ones; 0 where there are none.
  NF_INLINE double clipped_percent() const noexcept { return percent(clipped); }
  NF_INLINE double flushed_percent() const noexcept { return percent(flushed); }

 private:
  NF_INLINE double percent(std::size_t n) const noexcept {
    return detail::share_of(100 * n, elements - non_finite);
  }
};

/// How reports are sorted. Equal ones stay in the order in which they were given.
enum class FormatOrder {
  bits,  ///< the fewest bits first, among equal bits the highest SQNR
  sqnr,  ///< the highest SQNR first, among equal SQNR the fewest bits
  given  ///< as the candidates
};

namespace detail {
inline namespace NF_BASELINE {
/// Fewer bits, of equals the higher SQNR.
inline bool has_fewer_bits(const FormatReport& a, const FormatReport& b) {
  return a.bits != b.bits ? a.bits < b.bits : a.sqnr_db() > b.sqnr_db();
}
}  // namespace NF_BASELINE
}  // namespace detail

/// Sorts reports.
///
/// Example   std::vector<FormatReport> r = choose_formats(x, rows, cols,
///               {candidate<float8_e5m2>("e5m2"), candidate<float8_e4m3fn>("e4m3")});
///           assert(r[0].format == "e4m3" && r[0].bits == r[1].bits);  // it loses less
///           sort_reports(r, FormatOrder::sqnr);
///           assert(r[0].sqnr_db() > r[1].sqnr_db());
NF_INLINE void sort_reports(std::vector<FormatReport>& reports, FormatOrder order) {
  const auto by_sqnr = [](const FormatReport& a, const FormatReport& b) {
    const double x = a.sqnr_db(), y = b.sqnr_db();
    return x != y ? x > y : a.bits < b.bits;
  };
  if (order == FormatOrder::bits) std::ranges::stable_sort(reports, detail::has_fewer_bits);
  if (order == FormatOrder::sqnr) std::ranges::stable_sort(reports, by_sqnr);
}

/// The reports that no other one beats. A report beats another if it has no more bits and no less
/// SQNR, and is better in one of the two; of equal reports the first stays. A report of a tensor
/// without finite values beats none and is left out.
///
/// Result    their places in `reports`, the fewest bits first, so the SQNR rises.
///
/// Example   const auto reports = choose_formats(x, rows, cols);
///           const std::vector<std::size_t> front = pareto_front(reports);
///           assert(reports[front.front()].bits == reports[0].bits);
///           assert(reports[front.back()].format == "float16");
[[nodiscard]] NF_INLINE std::vector<std::size_t> pareto_front(
    std::span<const FormatReport> reports) {
  std::vector<std::size_t> places(reports.size()), front;
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::stable_sort(places, detail::has_fewer_bits,
                           [&](std::size_t i) -> const FormatReport& { return reports[i]; });
  for (const std::size_t place : places) {
    if (reports[place].is_blank()) continue;
    if (front.empty() || reports[place].sqnr_db() > reports[front.back()].sqnr_db())
      front.push_back(place);
  }
  return front;
}

namespace detail {
inline namespace NF_BASELINE {

/// Half a step beyond the largest elements.
template <class Element>
clip_limits limits_of(bool full_range = false) {
  using F = typename element_traits<Element>::rounded;
  using layout = layout_of<F>;
  const auto largest =
      static_cast<double>(F::from_bits(static_cast<typename F::Storage>(layout::max_code)));
  const double step = std::ldexp(1.0, layout::max_exponent - layout::significant_bits);
  const double high = largest + step / 2;
  return {is_fixed_point<Element> && full_range ? -(high + step) : -high, high};
}
/// The same of a code-book: half the distance to the value next to each end, which are rounded.
inline clip_limits limits_of(const Codebook& book) {
  const auto in_double = [](float x) { return static_cast<double>(x); };
  const double low = in_double(book.least()), high = in_double(book.greatest());
  double above_low = high, below_high = low;
  for (const float x : book.values()) {
    const double value = in_double(x);
    if (value > low) above_low = std::min(above_low, value);
    if (value < high) below_high = std::max(below_high, value);
  }
  const auto ulp = [](double x) { return 0x1p-23 * std::fabs(x); };
  return {low - (above_low - low) / 2 - ulp(low), high + (high - below_high) / 2 + ulp(high)};
}

template <class Format>
losses losses_of_blocks(const float* values, const BlockTensor<Format>& tensor,
                        const QuantizeOptions& options, const executor_ref& executor) {
  std::vector<float> images(tensor.size());
  tensor.dequantize(images, executor);
  const double part = options.three_quarters ? 4.0 / 3 : 1;
  const auto unit = limits_of<typename Format::element>(options.full_range);
  const std::size_t across = tensor.block_cols(), blocks = tensor.block_rows() * across,
                    each = blocks == 0 ? 1 : ceil_divided(tensor.size(), blocks);
  const task_cuts cuts{blocks, units_of_task(each)};
  return losses_of_tasks(executor, cuts, [&](std::size_t first, std::size_t count, losses& found) {
    for (std::size_t i = first; i < first + count; ++i) {
      const auto block = tensor.block(i / across, i % across);
      const double scale = static_cast<double>(static_cast<float>(block.scale)) *
                           static_cast<double>(tensor.tensor_scale()) * part;
      for (std::size_t row = block.row; row < block.row + block.rows; ++row) {
        const std::size_t at = row * tensor.cols() + block.col;
        count_losses(values + at, images.data() + at, block.cols, unit * scale, part, found);
      }
    }
  });
}

inline losses losses_of_codes(const float* values, const CodebookTensor& tensor,
                              const executor_ref& executor) {
  std::vector<float> images(tensor.size());
  tensor.dequantize(images, executor);
  const std::vector<float> scales = tensor.scales();
  const clip_limits unit = limits_of(tensor.codebook());
  const std::size_t block = tensor.block_size();
  const task_cuts cuts{scales.size(), units_of_task(block)};
  return losses_of_tasks(executor, cuts, [&](std::size_t first, std::size_t count, losses& found) {
    for (std::size_t i = first; i < first + count; ++i)
      count_losses(values + i * block, images.data() + i * block,
                   std::min(block, tensor.size() - i * block),
                   unit * static_cast<double>(scales[i]), 1, found);
  });
}

}  // namespace NF_BASELINE
}  // namespace detail

/// What a tensor in a block format lost of the values that it was made of, with the options that it
/// was made with.
///
/// Result    sums are doubles, in the order of the elements within blocks; of more than 64 Ki
///           elements the sums of so many, in order.
/// Special   another number of values than the tensor has elements throws std::invalid_argument.
/// Promises  the same on every instruction set, for every executor and in every floating-point
///           environment.
/// Cost      one read of both; memory for the numbers of the tensor.
///
/// Example   std::vector<float> values(32, 1.5f);
///           values[7] = std::numeric_limits<float>::infinity();
///           const auto t = BlockTensor<mxfp4_e2m1>::quantize(values, 1, 32);
///           const FormatReport report = format_report(values, t);
///           assert(report.lost == 31);  // a block with Inf is NaN, unless NonFinite says else
///           assert(report.non_finite == 1 && report.sqnr_db() == 0);
template <float_range In, block_format Format, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE FormatReport format_report(const In& values,
                                                   const BlockTensor<Format>& tensor,
                                                   const QuantizeOptions& options = {},
                                                   E&& executor = {}) {
  detail::require_shape("format_report", "the input", std::ranges::size(values), tensor.rows(),
                        tensor.cols());
  FormatReport report{.elements = tensor.size(), .bits = tensor.bits_per_element()};
  detail::losses_of_blocks(std::ranges::data(values), tensor, options,
                           detail::executor_ref::of(executor))
      .write(report);
  return report;
}
/// The same of a code-book's codes.
///
/// Example   const auto t = CodebookTensor::quantize(momentum, dynamic_codebook());
///           const FormatReport report = format_report(momentum, t);
///           assert(report.bits == 8.125 && report.sqnr_db() > 35 && report.clipped == 0);
template <float_range In, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE FormatReport format_report(const In& values, const CodebookTensor& tensor,
                                                   E&& executor = {}) {
  detail::require_equal_sizes("format_report", std::ranges::size(values), tensor.size());
  FormatReport report{.elements = tensor.size(), .bits = tensor.bits_per_element()};
  detail::losses_of_codes(std::ranges::data(values), tensor, detail::executor_ref::of(executor))
      .write(report);
  return report;
}

namespace detail {
inline namespace NF_BASELINE {

/// 1x32, 16x16; a row, a column or the tensor where a block is as large as that.
inline std::string block_name(std::size_t lines, std::size_t along, std::size_t whole,
                              bool within_rows) {
  if (along >= whole && lines >= whole) return "tensor";
  if (along >= whole && lines == 1) return within_rows ? "row" : "column";
  const auto text = [&](std::size_t n) { return n >= whole ? "all" : std::to_string(n); };
  return within_rows ? text(lines) + "x" + text(along) : text(along) + "x" + text(lines);
}

inline std::string rule_name(const QuantizeOptions& options, bool is_power) {
  std::string name(is_power ? scale_rule_names[static_cast<std::size_t>(options.rule)]
                   : options.four_over_six != FourOverSix::none ? "four_over_six"
                                                                : "amax");
  if (options.three_quarters) name += " 3/4";
  if (options.pipeline == ScalePipeline::transformer_engine) name += " te";
  return name;
}

template <class R>
constexpr std::string_view rounding_name() {
  if (R::random_bits > 0) return "stochastic";
  switch (R::rule) {
    case rule::half_even:
      return "nearest_even";
    case rule::half_up:
      return "nearest_away";
    case rule::floor:
      return "toward_zero";
    case rule::up_if_positive:
      return "toward_positive";
    case rule::up_if_negative:
      return "toward_negative";
    case rule::odd:
      return "to_odd";
  }
  return "";
}

}  // namespace NF_BASELINE
}  // namespace detail

}  // namespace narrowfloat
