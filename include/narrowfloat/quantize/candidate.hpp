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

}  // namespace narrowfloat
