// SPDX-License-Identifier: MIT
// Checks a whole quantized tensor against the oracle: every scale, code and dequantized value.
#pragma once

#include <algorithm>
#include <functional>

#include "support/blocks.hpp"
#include "support/mismatches.hpp"

namespace test {

template <class Scale>
constexpr bool is_power_of_two =
    std::is_same_v<Scale, nf::ExponentInt8> || std::is_same_v<Scale, nf::float8_e8m0fnu>;

/// The exponent that the search must find: of those around the floor rule's, the one with the least
/// squared error, the larger of equals.
template <class Element>
int searched_exponent(const std::vector<float>& values, const oracle::Exact& amax,
                      const oracle::Element& element) {
  const int floor = oracle::scale_exponent(element, amax, oracle::Rule::floor);
  std::vector<oracle::Exact> x;
  for (const float value : values) x.push_back(exact_of(value));
  const int unit = oracle::bit_length(amax.significand) + amax.exponent - 40;
  int best = 0;
  oracle::Wide least = ~oracle::Wide{0};
  for (int e = std::clamp(floor - 1, -127, 127); e <= std::clamp(floor + 2, -127, 127); ++e) {
    std::vector<oracle::Exact> y;
    for (const oracle::Exact& value : x) {
      const std::uint32_t code = oracle::divide(element, value, oracle::power_of_two(e), {});
      y.push_back(oracle::product(oracle::value(element, code), oracle::power_of_two(e)));
    }
    const oracle::Wide error = oracle::squared_error(x, y, unit);
    if (error <= least) best = e;
    least = std::min(least, error);
  }
  return best;
}

/// The code of the scale of a block.
template <class Format>
std::uint32_t expected_scale(const std::vector<float>& block, const nf::QuantizeOptions& options,
                             const oracle::Exact& tensor_scale) {
  using Scale = typename Format::scale;
  const auto element = oracle_element<typename Format::element>(options.full_range);
  const oracle::Exact amax = largest_of(block);
  if constexpr (is_power_of_two<Scale>) {
    int e = -127;
    if (!amax.is_zero()) {
      e = options.rule == nf::ScaleRule::search
              ? searched_exponent<typename Format::element>(block, amax, element)
              : oracle::scale_exponent(element, amax,
                                       static_cast<oracle::Rule>(static_cast<int>(options.rule)));
    }
    e = std::clamp(e, -127, 127);
    return static_cast<std::uint32_t>(std::is_same_v<Scale, nf::ExponentInt8> ? e & 0xff : e + 127);
  } else {
    oracle::Exact ratio{};
    if (!amax.is_zero())
      ratio = oracle::long_quotient(amax, oracle::product(oracle::largest(element), tensor_scale));
    if constexpr (std::is_same_v<Scale, float>)
      return oracle::round(oracle::binary32, ratio, {}, oracle::Saturation::finite);
    else
      return oracle::round(oracle_format<Scale>(), ratio, {}, oracle::Saturation::finite);
  }
}

template <class Scale>
std::uint32_t scale_bits(Scale scale) {
  if constexpr (std::is_same_v<Scale, float>)
    return std::bit_cast<std::uint32_t>(scale);
  else
    return scale.bits();
}

/// The tensor scale: RN(amax / (largest scale * largest element)), 1 where that is 0.
template <class Format>
float expected_tensor_scale(const std::vector<float>& values) {
  if constexpr (Format::tensor_scale == nf::TensorScale::none)
    return 1.0f;
  else {
    const oracle::Exact amax = largest_of(values);
    if (amax.is_zero()) return 1.0f;
    const oracle::Exact range =
        oracle::product(oracle::largest(oracle_element<typename Format::scale>()),
                        oracle::largest(oracle_element<typename Format::element>()));
    const std::uint32_t bits = oracle::round(oracle::binary32, oracle::long_quotient(amax, range),
                                             {}, oracle::Saturation::none);
    return bits == 0 ? 1.0f : std::bit_cast<float>(bits);
  }
}

/// Checks a tensor; rounding_of(i) is the oracle's rounding of element i.
template <class Format>
void compare_tensor(const std::vector<float>& values, const nf::BlockTensor<Format>& tensor,
                    const nf::QuantizeOptions& options,
                    const std::function<oracle::Rounding(std::size_t)>& rounding_of,
                    Mismatches& bad) {
  const std::size_t rows = tensor.rows(), cols = tensor.cols();
  const auto where = [&] {
    return std::to_string(rows) + " x " + std::to_string(cols) + " axis " +
           std::to_string(options.axis) + " rule " + std::to_string(static_cast<int>(options.rule));
  };
  const float tensor_scale =
      options.tensor_scale != 0 ? options.tensor_scale : expected_tensor_scale<Format>(values);
  bad.expect_equal(where, 0, bits_of(tensor_scale), bits_of(tensor.tensor_scale()));
  const auto element = oracle_element<typename Format::element>(options.full_range);
  const bool down = options.axis == 0 || options.axis == -2;
  const std::size_t along = static_cast<std::size_t>(Format::block_size),
                    lines = static_cast<std::size_t>(Format::block_rows);
  const std::size_t height = down ? along : lines, width = down ? lines : along;
  const std::size_t across = (cols + width - 1) / width;
  bad.expect_equal(where, 0, across * ((rows + height - 1) / height), tensor.scales().size());
  std::vector<float> back(values.size());
  tensor.dequantize(back);
  for (std::size_t b = 0; b < tensor.scales().size(); ++b) {
    std::vector<float> block;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i / cols / height * across + i % cols / width != b) continue;
      block.push_back(values[i]);
      places.push_back(i);
    }
    const auto scale = tensor.scales()[b];
    bad.expect_equal(where, b, expected_scale<Format>(block, options, exact_of(tensor_scale)),
                     scale_bits(scale));
    const oracle::Exact divisor = oracle::product(exact_scale(scale), exact_of(tensor_scale));
    for (const std::size_t i : places) {
      const std::uint32_t code =
          oracle::divide(element, exact_of(values[i]), divisor, rounding_of(i));
      bad.expect_equal(where, bits_of(values[i]), code, tensor.codes()[i].bits());
      const oracle::Exact value = oracle::product(oracle::value(element, code), divisor);
      bad.expect_equal(where, i,
                       oracle::round(oracle::binary32, value, {}, oracle::Saturation::none),
                       bits_of(back[i]));
    }
  }
}

template <class Format, class R = nf::NearestEven>
void check_tensor(const std::vector<float>& values, std::size_t rows, std::size_t cols,
                  const nf::QuantizeOptions& options, Mismatches& bad, R rounding = {},
                  oracle::Mode mode = oracle::Mode::nearest_even) {
  compare_tensor(
      values, nf::BlockTensor<Format>::quantize(values, rows, cols, options, rounding), options,
      [&](std::size_t) { return oracle::Rounding{.mode = mode}; }, bad);
}

}  // namespace test
