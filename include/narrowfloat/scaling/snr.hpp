// SPDX-License-Identifier: MIT
// How much of a random tensor a format keeps, by its standard deviation: the argument for unit scaling.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "detail/activation_integrals.hpp"
#include "detail/scales.hpp"

namespace narrowfloat {

/// Distributions of zero mean.
enum class Distribution { normal, uniform };

namespace detail {
inline namespace NF_BASELINE {

/// The integral of (x - v)^2 over the density of N(0, 1) from `low` to `high`, in pieces in which Gauss's rule of 5
/// points is exact to 1e-16.
inline double normal_error(double v, double low, double high) {
  constexpr double widest = 0.25;
  const double far = std::sqrt(5 + 2 * std::sqrt(10.0 / 7)) / 3,
               near = std::sqrt(5 - 2 * std::sqrt(10.0 / 7)) / 3;
  const double far_weight = (322 - 13 * std::sqrt(70.0)) / 1800,
               near_weight = (322 + 13 * std::sqrt(70.0)) / 1800, middle_weight = 64.0 / 225;
  const auto at = [v](double x) { return (x - v) * (x - v) * normal_density(x); };
  const auto pieces = static_cast<int>((high - low) / widest) + 1;
  const double width = (high - low) / pieces;
  double sum = 0;
  for (int i = 0; i < pieces; ++i) {
    const double middle = low + (i + 0.5) * width, half = width / 2;
    sum += middle_weight * at(middle) +
           near_weight * (at(middle - near * half) + at(middle + near * half)) +
           far_weight * (at(middle - far * half) + at(middle + far * half));
  }
  return sum * width;
}
/// The same over the uniform density of variance 1.
inline double uniform_error(double v, double low, double high) {
  const double above = high - v, below = v - low;
  return (above * above * above + below * below * below) / (6 * std::sqrt(3.0));
}

/// E (q(x) - x)^2 of a variable of variance 1 that is multiplied by sigma, converted to F and divided by it: to
/// nearest, saturated. A sum over the cells of the values, the largest of which has no upper end.
template <class F>
double mean_squared_error(double sigma, Distribution distribution) {
  using layout = layout_of<F>;
  const bool normal = distribution == Distribution::normal;
  const double last = normal ? 12 : std::sqrt(3.0);  // beyond 12 the density is 1e-32
  double sum = 0, low = 0, value = 0;
  for (std::uint32_t code = 0; code <= layout::max_code && low < last; ++code) {
    const auto next = static_cast<double>(F::from_bits(
                          static_cast<typename F::Storage>(std::min(code + 1, layout::max_code)))) /
                      sigma;
    const double middle = code == layout::max_code ? last : (value + next) / 2;
    const double high = std::min(middle, last);
    sum += normal ? normal_error(value, low, high) : uniform_error(value, low, high);
    low = middle;
    value = next;
  }
  return 2 * sum;  // both signs
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The signal-to-noise ratio of a random number x of standard deviation sigma in the format F:
/// E x^2 / E (F(x) - x)^2, rounded to nearest even and saturated.
///
/// Result    by integration over the cell of each value, to 10 digits and more; the normal distribution by
///           Gauss's rule, the uniform one (on +- sqrt(3) sigma) in closed form.
/// Special   a sigma that is no positive number throws std::invalid_argument.
/// Requires  F is signed, of at most 19 bits.
/// Cost      the values of F below 12 sigma.
///
/// Example   assert(snr_db<float8_e4m3fn>(1) > 31);
///           assert(snr_db<float8_e4m3fn>(1.0 / 1024) < 5);  // most of it is flushed to zero
///           assert(snr_db<float8_e4m3fn>(1024) < 4);        // most of it is clipped
template <narrow_float F>
requires(F::is_signed&& F::width <= 19 && lossless_to<F, double>)
    NF_INLINE double snr(double sigma, Distribution distribution = Distribution::normal) {
  if (!(sigma > 0 && sigma < 0x1p1000)) {
    throw std::invalid_argument("narrowfloat::snr: a standard deviation of " +
                                detail::shown(sigma));
  }
  return 1 / detail::mean_squared_error<F>(sigma, distribution);
}
/// The same in decibels.
template <narrow_float F>
requires(F::is_signed&& F::width <= 19 && lossless_to<F, double>)
    NF_INLINE double snr_db(double sigma, Distribution distribution = Distribution::normal) {
  return 10 * std::log10(snr<F>(sigma, distribution));
}

}  // namespace narrowfloat
