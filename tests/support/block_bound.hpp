// SPDX-License-Identifier: MIT
// The bound that every quantized tensor keeps: what is read back lies within half a step of the
// stored scale, or a whole one, of the value. By the codes of the oracle and long doubles, without
// the formulas under test.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/block_check.hpp"

namespace test {

inline long double real_of(const oracle::Exact& x) {
  if (x.is_nan()) return std::nanl("");
  if (x.is_infinity()) return x.negative ? -HUGE_VALL : HUGE_VALL;
  const long double magnitude = std::ldexp(static_cast<long double>(x.significand), x.exponent);
  return x.negative ? -magnitude : magnitude;
}

/// The finite numbers of an element type, in order.
template <class Element>
std::vector<long double> numbers_of(bool full_range) {
  const oracle::Element element = oracle_element<Element>(full_range);
  std::vector<long double> numbers;
  for (std::uint32_t code = 0; code < 1u << Element::width; ++code) {
    const long double x = real_of(oracle::value(element, code));
    const bool left_out =
        !nf::narrow_float<Element> && !full_range && code == 1u << (Element::width - 1);
    if (std::isfinite(x) && !left_out) numbers.push_back(x == 0 ? 0 : x);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

/// What an element may be off from a quotient, and how far a quotient may be off itself.
struct Bound {
  bool whole_step;       ///< directed and stochastic roundings
  long double ulps = 0;  ///< of the quotient, 2^-23
};

/// Whether an element is near enough to its quotient: the nearest end beyond the ends.
inline bool is_within(const std::vector<long double>& numbers, long double quotient,
                      long double element, const Bound& bound) {
  const long double slack = (bound.ulps * 0x1p-23L + 0x1p-56L) * std::fabs(quotient);
  if (quotient >= numbers.back()) return element == numbers.back() || slack > quotient - element;
  if (quotient <= numbers.front()) return element == numbers.front() || slack > element - quotient;
  const auto above = std::upper_bound(numbers.begin(), numbers.end(), quotient);
  const long double step = *above - above[-1];
  return std::fabs(quotient - element) <= (bound.whole_step ? step : step / 2) + slack;
}

/// Checks what a tensor reads back as against its values; `factor` of the quotients is 3/4 where
/// the options say so.
template <class Format>
void check_bound(const std::vector<float>& values, const nf::BlockTensor<Format>& tensor,
                 const nf::QuantizeOptions& options, const Bound& bound, Mismatches& bad) {
  using Element = typename Format::element;
  static const std::vector<long double> of_code = [] {
    std::vector<long double> all;
    for (std::uint32_t code = 0; code < 1u << Element::width; ++code)
      all.push_back(real_of(oracle::value(oracle_element<Element>(), code)));
    return all;
  }();
  static const std::vector<long double> numbers_by_range[] = {numbers_of<Element>(false),
                                                              numbers_of<Element>(true)};
  const auto& numbers = numbers_by_range[options.full_range ? 1 : 0];
  std::vector<double> back(values.size());
  tensor.dequantize(back);
  const long double level = real_of(exact_of(tensor.tensor_scale()));
  for (std::size_t r = 0; r < tensor.block_rows(); ++r) {
    for (std::size_t c = 0; c < tensor.block_cols(); ++c) {
      const auto block = tensor.block(r, c);
      const long double scale = real_of(exact_scale(block.scale)) * level;
      bool is_blank = false;
      for (std::size_t i = 0; i < block.rows * block.cols; ++i) {
        const float x =
            values[(block.row + i / block.cols) * tensor.cols() + block.col + i % block.cols];
        is_blank = is_blank || (std::isnan(x) && options.non_finite != nf::NonFinite::propagate) ||
                   (std::isinf(x) && options.non_finite == nf::NonFinite::nan_block);
      }
      for (std::size_t i = 0; i < block.rows * block.cols; ++i) {
        const std::size_t at =
            (block.row + i / block.cols) * tensor.cols() + block.col + i % block.cols;
        const auto where = [&] {
          return "row " + std::to_string(at / tensor.cols()) + " column " +
                 std::to_string(at % tensor.cols());
        };
        const auto expect = [&](bool ok) {
          bad.expect(ok, where, bits_of(values[at]),
                     std::bit_cast<std::uint64_t>(static_cast<double>(scale)),
                     std::bit_cast<std::uint64_t>(back[at]));
        };
        if (is_blank) {
          expect(std::isnan(back[at]));
        } else if (scale == 0) {
          expect(back[at] == 0 || !std::isfinite(values[at]));
        } else if (std::isfinite(values[at])) {
          const long double quotient = values[at] / scale * (options.three_quarters ? 0.75L : 1.0L);
          const long double element = of_code[tensor.codes()[at].bits()];
          expect(back[at] == static_cast<double>(element * scale) &&
                 is_within(numbers, quotient, element, bound));
        }
      }
    }
  }
}

/// Every combination of options over some tensor scales; rules count only for powers of two.
template <class Format, class Function>
void for_each_options(std::span<const float> tensor_scales, Function f) {
  using enum nf::FourOverSix;
  constexpr bool is_power = is_power_of_two<typename Format::scale>;
  for (int bits = 0; bits < 1 << 6; ++bits) {
    const auto bit = [&](int i) { return (bits >> i & 1) != 0; };
    for (int rule = 0; rule < (is_power ? 5 : 1); ++rule)
      for (int non_finite = 0; non_finite < 3; ++non_finite)
        for (const float tensor_scale : tensor_scales)
          for (const auto four : {none, squared_error, absolute_error})
            f(nf::QuantizeOptions{.rule = static_cast<nf::ScaleRule>(rule),
                                  .axis = bit(5) ? 1 : 0,
                                  .non_finite = static_cast<nf::NonFinite>(non_finite),
                                  .full_range = bit(0),
                                  .tensor_scale = tensor_scale,
                                  .four_over_six = four,
                                  .pipeline = bit(1) ? nf::ScalePipeline::transformer_engine
                                                     : nf::ScalePipeline::exact,
                                  .normal_scales = bit(2),
                                  .three_quarters = bit(3),
                                  .least_amax = bit(4) ? 3e-3f : 0});
  }
}

inline std::string name_of(const nf::QuantizeOptions& o) {
  return std::string(nf::scale_rule_names[static_cast<std::size_t>(o.rule)]) + " axis " +
         std::to_string(o.axis) + " non_finite " + std::to_string(static_cast<int>(o.non_finite)) +
         " tensor_scale " + std::to_string(o.tensor_scale) + " four_over_six " +
         std::to_string(static_cast<int>(o.four_over_six)) +
         (o.pipeline == nf::ScalePipeline::exact ? "" : " te") +
         (o.full_range ? " full_range" : "") + (o.normal_scales ? " normal_scales" : "") +
         (o.three_quarters ? " three_quarters" : "") + (o.least_amax != 0 ? " least_amax" : "");
}

}  // namespace test
