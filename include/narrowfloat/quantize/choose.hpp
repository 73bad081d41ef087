// SPDX-License-Identifier: MIT
// The format chooser: what each of a list of formats makes of a tensor, and which of them are worth their bits.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../mx.hpp"
#include "exponents.hpp"
#include "format_report.hpp"

namespace narrowfloat {

/// A format to try: how to name it, and how to measure it. candidate() makes one of a type; one of your own needs no
/// more than a function.
///
/// Requires  measure(values, rows, cols) takes a row-major matrix; the names in what it returns do not count.
///
/// Example   const Candidate nothing{"nothing", "-", "-", "-", [](auto values, std::size_t, std::size_t) {
///             FormatReport report{.elements = values.size()};
///             for (const float value : values) report.signal += value * value;
///             report.noise = report.signal;
///             return report;
///           }};
///           assert(choose_formats(x, rows, cols, {nothing})[0].sqnr_db() == 0);
struct Candidate {
  std::string format, block, rule, rounding;
  std::function<FormatReport(std::span<const float>, std::size_t, std::size_t)> measure;
};

/// Whether a plain format has a scale of the tensor.
enum class PlainScale {
  tensor,  ///< a float, the largest magnitude over the largest value, rounded once: values are divided by it
  none  ///< values are converted as they are
};

namespace detail {
inline namespace NF_BASELINE {

template <class Format, class R>
struct block_measure {
  QuantizeOptions options;
  R rounding;

  FormatReport operator()(std::span<const float> values, std::size_t rows, std::size_t cols) const {
    const auto tensor = BlockTensor<Format>::quantize(values, rows, cols, options, rounding);
    std::vector<float> images(values.size());
    tensor.dequantize(images);
    const float_environment environment(direction::nearest);
    const double part = options.three_quarters ? 4.0 / 3 : 1;
    const clip_limits unit = limits_of<typename Format::element>(options.full_range);
    FormatReport report{.elements = values.size(), .bits = tensor.bits_per_element()};
    for (std::size_t r = 0; r < tensor.block_rows(); ++r) {
      for (std::size_t c = 0; c < tensor.block_cols(); ++c) {
        const auto block = tensor.block(r, c);
        const double scale =
            static_cast<double>(static_cast<float>(block.scale)) * tensor.tensor_scale() * part;
        for (std::size_t row = block.row; row < block.row + block.rows; ++row) {
          const std::size_t first = row * cols + block.col;
          count_losses(values.data() + first, images.data() + first, block.cols,
                       {unit.below * scale, unit.above * scale}, part, report);
        }
      }
    }
    return report;
  }
};

template <class F, class R>
struct plain_measure {
  R rounding;

  FormatReport operator()(std::span<const float> values, std::size_t rows, std::size_t cols) const {
    require_matrix(rows, cols, 1);
    require_shape("the input", values.size(), rows, cols);
    std::vector<F> codes(values.size());
    std::vector<float> images(values.size());
    convert(values, codes, rounding, Saturation::finite);
    convert(codes, images);
    const float_environment environment(direction::nearest);
    FormatReport report{.elements = values.size(), .bits = F::width};
    count_losses(values.data(), images.data(), values.size(), limits_of<F>(), 1, report);
    return report;
  }
};

/// A float a block.
template <block_element Element, int K, int Rows = 1>
using float_blocks = BlockFormat<Element, float, K, Rows>;

/// Whatever a tensor holds, its finite values are measured.
inline constexpr QuantizeOptions measured_options{.non_finite = NonFinite::propagate};

}  // namespace NF_BASELINE
}  // namespace detail

/// A block format as a candidate, with its options and its rounding.
///
/// Result    named after the blocks, the rule (`amax` for scales that are no powers of two) and the rounding.
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
                             static_cast<std::size_t>(Format::block_size), whole_axis,
                             detail::is_within_rows(options.axis)),
          detail::rule_name(options, is_power), std::string(detail::rounding_name<R>()),
          detail::block_measure<Format, R>{options, rounding}};
}
/// A plain format as a candidate.
///
/// Requires  with a scale F has at most 16 bits; without one every value of F is exact in float.
///
/// Example   const auto c = candidate<bfloat16>("bfloat16", PlainScale::none, Stochastic<>{.seed = 1});
///           assert(choose_formats(x, rows, cols, {c})[0].bits == 16);
template <narrow_float F, rounding_policy R = NearestEven>
NF_INLINE Candidate candidate(std::string name, PlainScale scale = PlainScale::tensor,
                              R rounding = {}) {
  Candidate made{std::move(name), "tensor", "amax", std::string(detail::rounding_name<R>()), {}};
  if (scale == PlainScale::tensor) {
    if constexpr (block_element<F>) {
      using Format = detail::float_blocks<F, whole_axis, whole_axis>;
      made.measure = detail::block_measure<Format, R>{detail::measured_options, rounding};
    } else {
      detail::throw_invalid("a format with a tensor scale has at most 16 bits");
    }
    return made;
  }
  if constexpr (lossless_to<F, float>) {
    made.block = made.rule = "none";
    made.measure = detail::plain_measure<F, R>{rounding};
  } else {
    detail::throw_invalid("a format without a scale is exact in float");
  }
  return made;
}

namespace detail {
inline namespace NF_BASELINE {

template <class Format, class R>
void add_rules(std::vector<Candidate>& all, const char* name, const R& rounding) {
  for (const ScaleRule rule : {ScaleRule::floor, ScaleRule::rceil, ScaleRule::even}) {
    QuantizeOptions options = measured_options;
    options.rule = rule;
    all.push_back(candidate<Format>(name, options, rounding));
  }
}

template <class R>
std::vector<Candidate> usual_candidates(const R& rounding) {
  std::vector<Candidate> all;
  all.push_back(candidate<bfloat16>("bfloat16", PlainScale::none, rounding));
  all.push_back(candidate<float16>("float16", PlainScale::none, rounding));
  all.push_back(candidate<float8_e4m3fn>("float8_e4m3fn", PlainScale::tensor, rounding));
  all.push_back(candidate<float8_e5m2>("float8_e5m2", PlainScale::tensor, rounding));
  all.push_back(
      candidate<float_blocks<float8_e4m3fn, 128>>("float8_e4m3fn", measured_options, rounding));
  all.push_back(candidate<float_blocks<float8_e4m3fn, 128, 128>>("float8_e4m3fn", measured_options,
                                                                 rounding));
  add_rules<mxfp8_e4m3>(all, "mxfp8_e4m3", rounding);
  add_rules<mxfp8_e5m2>(all, "mxfp8_e5m2", rounding);
  add_rules<mxfp6_e2m3>(all, "mxfp6_e2m3", rounding);
  add_rules<mxfp6_e3m2>(all, "mxfp6_e3m2", rounding);
  add_rules<mxfp4_e2m1>(all, "mxfp4_e2m1", rounding);
  add_rules<mxint8>(all, "mxint8", rounding);
  QuantizeOptions four_over_six = measured_options;
  four_over_six.four_over_six = true;
  all.push_back(candidate<nvfp4>("nvfp4", measured_options, rounding));
  all.push_back(candidate<nvfp4>("nvfp4", four_over_six, rounding));
  all.push_back(
      candidate<float_blocks<FixedPoint<8, 6>, whole_axis>>("int8", measured_options, rounding));
  all.push_back(candidate<float_blocks<FixedPoint<8, 6>, 128>>("int8", measured_options, rounding));
  all.push_back(
      candidate<BlockFormat<FixedPoint<4, 2>, bfloat16, 32>>("int4", measured_options, rounding));
  QuantizeOptions carry = measured_options;
  carry.rule = scale_rule(BiasGuard::carry);
  all.push_back(candidate<exmy<3, 1, whole_axis>>("exmy_e3m1", carry, rounding));
  return all;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// What one meets in training code: BF16 and FP16 as they are; FP8 with a scale a tensor, 1 x 128 and 128 x 128
/// values; the OCP MX formats under the rules floor, rceil and even; NVFP4, also four over six; integers of 8 and 4
/// bits with a float a row, a block; eXmY's e3m1 with an exponent a row.
///
/// Cost      compiles 17 formats: call it in one source file.
///
/// Example   std::vector<Candidate> mine = default_candidates();
///           std::erase_if(mine, [](const Candidate& c) { return !c.format.starts_with("mx"); });
///           const auto reports = choose_formats(weights, rows, cols, mine);
///           assert(reports.size() == 18 && reports[0].bits == 4.25 && reports[17].bits == 8.25);
template <rounding_policy R = NearestEven>
NF_INLINE std::vector<Candidate> default_candidates(R rounding = {}) {
  return detail::usual_candidates(rounding);
}

/// Quantizes a row-major matrix to every candidate and reads it back.
///
/// Result    a report for each candidate, sorted. Sums are doubles, in the order of the elements within blocks.
/// Special   a shape that does not fit throws std::invalid_argument. Inf and NaN in the tensor do not count; the
///           usual candidates take scales from the finite values.
/// Promises  the same on every instruction set and in every floating-point environment, which is left as it was.
/// Cost      what quantizing and dequantizing cost, and a few reads; memory for codes and one copy in float.
///
/// Example   const auto reports = choose_formats(weights, rows, cols, default_candidates(), FormatOrder::sqnr);
///           assert(reports[0].format == "float16" && reports[0].sqnr_db() > 70);
///           assert(reports[0].flushed_percent() < 0.1 && reports[0].clipped == 0);
template <counted_range In>
NF_INLINE std::vector<FormatReport> choose_formats(
    const In& values, std::size_t rows, std::size_t cols,
    const std::vector<Candidate>& candidates = default_candidates(),
    FormatOrder order = FormatOrder::bits) {
  detail::require_matrix(rows, cols, 1);
  detail::require_shape("the input", std::ranges::size(values), rows, cols);
  std::vector<FormatReport> reports;
  reports.reserve(candidates.size());
  const auto measure = [&](std::span<const float> floats) {
    for (const Candidate& each : candidates) {
      FormatReport report = each.measure(floats, rows, cols);
      report.format = each.format;
      report.block = each.block;
      report.rule = each.rule;
      report.rounding = each.rounding;
      reports.push_back(std::move(report));
    }
  };
  if constexpr (float_range<In>) {
    measure({std::ranges::data(values), std::ranges::size(values)});
  } else {
    std::vector<float> floats(std::ranges::size(values));
    convert(values, floats);
    measure(floats);
  }
  sort_reports(reports, order);
  return reports;
}

}  // namespace narrowfloat
