// SPDX-License-Identifier: MIT
// The experiments of distributions.cpp: how much of a random variable 8 bits keep, by how they are
// split, with the best range for each. Errors are integrals over the cells of the values: nothing
// is sampled.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <narrowfloat/quantize/format_search.hpp>
#include <narrowfloat/quantize/runtime_format.hpp>
#include <narrowfloat/scaling/snr.hpp>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace example {

namespace nf = narrowfloat;

/// The splits of Kuzmin et al. 2022, by mantissa and exponent bits, and symmetric INT8 of 255
/// levels; c = 1.
struct Split {
  const char* name;
  nf::RuntimeFormat format;
};
constexpr Split split(const char* name, int mantissa_bits) {
  return {name,
          {.exponent_bits = 7 - mantissa_bits, .mantissa_bits = mantissa_bits, .max_value = 1}};
}
constexpr std::array splits{split("INT8", 7), split("5M2E", 5), split("4M3E", 4), split("3M4E", 3),
                            split("2M5E", 2)};

/// The error E (q(x) - x)^2 / E x^2 of a format of largest value 1, where x is scaled so that c is
/// so many standard deviations.
using ErrorOf = std::function<double(const nf::RuntimeFormat& format, double c)>;

template <class Distribution>
ErrorOf error_of(Distribution distribution) {
  return [=](const nf::RuntimeFormat& format, double c) {
    return 1 / nf::snr(format, 1 / c, distribution);
  };
}

/// Of a normal variable, a part of which is an outlier of `size` times the standard deviation of
/// the others.
inline ErrorOf error_with_outliers(double part, double size) {
  return [=](const nf::RuntimeFormat& format, double c) {
    const double variance = 1 - part + part * size * size;
    const double sigma = 1 / (c * std::sqrt(variance));  // of the others
    return ((1 - part) / nf::snr(format, sigma) +
            part * size * size / nf::snr(format, size * sigma)) /
           variance;
  };
}

/// The range c, in standard deviations, with the least error, and what is left of the signal.
struct Best {
  double c, decibels;
};

/// Of ranges from 1 to 2^12 standard deviations, 16 in each binade; then by golden sections between
/// the neighbours of the best one.
inline Best best_range(const nf::RuntimeFormat& format, const ErrorOf& error) {
  const auto at = [&](double log2) { return error(format, std::exp2(log2)); };
  double best = 0, least = at(0);
  for (int i = 1; i <= 16 * 12; ++i) {
    const double found = at(i / 16.0);
    if (found < least) {
      least = found;
      best = i / 16.0;
    }
  }
  const double golden = std::numbers::phi - 1;
  double low = best - 1.0 / 16, high = best + 1.0 / 16;
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double at_left = at(left), at_right = at(right);
  for (int i = 0; i < 16; ++i) {
    if (at_left < at_right) {
      high = std::exchange(right, left);
      at_right = at_left;
      left = high - golden * (high - low);
      at_left = at(left);
    } else {
      low = std::exchange(left, right);
      at_left = at_right;
      right = low + golden * (high - low);
      at_right = at(right);
    }
  }
  const double c = at_left < at_right ? left : right;
  return {std::exp2(c), -10 * std::log10(std::min(at_left, at_right))};
}

/// Of each split.
inline std::vector<double> best_decibels(const ErrorOf& error) {
  std::vector<double> all;
  all.reserve(splits.size());
  for (const Split& each : splits) all.push_back(best_range(each.format, error).decibels);
  return all;
}

/// Of the numbers of a tensor, each split with the best range that search_format() finds.
inline std::vector<double> searched_decibels(const std::vector<float>& values) {
  double signal = 0;
  for (const float x : values) signal += static_cast<double>(x) * static_cast<double>(x);
  std::vector<double> all;
  for (const Split& each : splits) {
    const nf::FoundFormat found =
        nf::search_format(values, {.mantissa_bits = each.format.mantissa_bits});
    all.push_back(10 * std::log10(signal / found.squared_error));
  }
  return all;
}

/// A distribution, its variance as papers write it, and the errors of formats.
struct Variable {
  std::string name;
  double variance;
  ErrorOf error;
};
inline std::vector<Variable> variables() {
  std::vector<Variable> all{{"uniform", 1.0 / 3, error_of(nf::Distribution::uniform)},
                            {"normal", 1, error_of(nf::Distribution::normal)}};
  for (const int degrees : {8, 5, 4, 3}) {
    const double n = degrees;
    all.push_back({"t " + std::to_string(degrees), n / (n - 2), error_of(nf::StudentT{n})});
  }
  return all;
}

}  // namespace example
