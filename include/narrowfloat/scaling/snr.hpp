// SPDX-License-Identifier: MIT
// How much of a random tensor a format keeps, by its standard deviation: the argument for unit
// scaling.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>

#include "../detail/simd/environment.hpp"
#include "detail/activation_integrals.hpp"
#include "detail/scales.hpp"

namespace narrowfloat {

/// Distributions of zero mean.
enum class Distribution {
  normal,  ///< the normal distribution
  uniform  ///< all values of an interval around 0 alike
};
/// Student's t with more than 2 degrees of freedom, which has a variance: heavier tails than the
/// normal distribution.
struct StudentT {
  /// Degrees of freedom.
  double degrees = 5;
};

namespace detail {
inline namespace NF_BASELINE {

/// The integral of a smooth function, in pieces in which Gauss's rule of 5 points is exact to
/// 1e-16.
template <class Function>
double gauss(double low, double high, double widest, Function&& at) {
  if (!(high > low)) return 0;
  const double far = std::sqrt(5 + 2 * std::sqrt(10.0 / 7)) / 3,
               near = std::sqrt(5 - 2 * std::sqrt(10.0 / 7)) / 3;
  const double far_weight = (322 - 13 * std::sqrt(70.0)) / 1800,
               near_weight = (322 + 13 * std::sqrt(70.0)) / 1800, middle_weight = 64.0 / 225;
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

/// The integral of (x - v)^2 over the density of N(0, 1) from `low` to `high`.
inline double normal_error(double v, double low, double high) {
  return gauss(low, high, 0.25, [v](double x) { return (x - v) * (x - v) * normal_density(x); });
}
/// The same over the uniform density of variance 1.
inline double uniform_error(double v, double low, double high) {
  const double above = high - v, below = v - low;
  return (above * above * above + below * below * below) / (6 * std::sqrt(3.0));
}

/// The integral of (x - v)^2 over a density of variance 1 between two places, and the last place
/// that counts.
struct plain_density {
  Distribution which;
  double last() const { return which == Distribution::normal ? 12 : std::sqrt(3.0); }  // 1e-32
  double error(double v, double low, double high) const {
    return which == Distribution::normal ? normal_error(v, low, high) : uniform_error(v, low, high);
  }
};

/// Student's t by x = a sinh(t), a = sqrt(degrees - 2), under which its density is cosh(t)^-degrees
/// times a constant.
class student_density {
 public:
  explicit student_density(double degrees)
      : degrees_(degrees),
        a_(std::sqrt(degrees - 2)),
        widest_(0.25 / std::sqrt(degrees)),
        end_(std::min(300.0, std::acosh(std::exp(std::min(700.0, 80 / (degrees - 2)))))) {
    double all = 0;
    for (const double t : {0.0, 1.0})
      all += integral(t * end_ / 2, (t + 1) * end_ / 2, [](double) { return 1.0; });
    constant_ = 0.5 / all;
  }
  double last() const { return a_ * std::sinh(end_); }
  double error(double v, double low, double high) const {
    const double inside =
        integral(std::asinh(low / a_), std::min(std::asinh(high / a_), end_), [&](double t) {
          const double x = a_ * std::sinh(t) - v;
          return x * x;
        });
    return constant_ * (high < last() ? inside : inside + tail(v));
  }

 private:
  template <class Function>
  double integral(double low, double high, Function&& f) const {
    return gauss(low, high, widest_,
                 [&](double t) { return f(t) * std::exp(-degrees_ * std::log(std::cosh(t))); });
  }
  /// From the end on, where sinh(t) and cosh(t) are e^t / 2.
  double tail(double v) const {
    if (end_ < 300) return 0;  // e^-80
    const double n = degrees_, log_2 = std::log(2.0);
    return std::exp(n * log_2 - (n - 2) * end_) *
           (a_ * a_ / 4 / (n - 2) - a_ * v * std::exp(-end_) / (n - 1) +
            v * v * std::exp(-2 * end_) / n);
  }

  double degrees_, a_, widest_, end_, constant_ = 1;
};

inline plain_density density_of(const char*, Distribution which) { return {which}; }
inline student_density density_of(const char* call, StudentT t) {
  if (!(t.degrees >= 2.05 && t.degrees <= 1e6))
    throw_invalid(call, "Student's t with " + shown(t.degrees) +
                            " degrees of freedom, not 2.05 to 1,000,000");
  return student_density(t.degrees);
}

/// E (q(x) - x)^2 of a variable of variance 1 that is multiplied by sigma, rounded to the nearest
/// value and saturated, and divided by it: a sum over the cells of the values, the largest of which
/// has no upper end.
template <class Values, class Density>
double mean_squared_error(std::uint32_t largest_code, const Values& value_of, double sigma,
                          const Density& density) {
  const double last = density.last();
  double sum = 0, low = 0, value = 0;
  for (std::uint32_t code = 0; code <= largest_code && low < last; ++code) {
    const double next = value_of(std::min(code + 1, largest_code)) / sigma;
    const double middle = code == largest_code ? last : (value + next) / 2;
    const double high = std::min(middle, last);
    sum += density.error(value, low, high);
    low = middle;
    value = next;
  }
  return 2 * sum;  // both signs
}

template <class Values, class Density>
double signal_to_noise(const char* call, std::uint32_t largest_code, const Values& value_of,
                       double sigma, Density density) {
  if (!(sigma > 0 && sigma < 0x1p1000))
    throw_invalid(call, "a standard deviation of " + shown(sigma));
  const float_environment environment(direction::nearest);
  const auto held_density = held(density_of(call, density));
  return held(1 / mean_squared_error(largest_code, value_of, held(sigma), held_density));
}

inline double decibels(double ratio) {
  const float_environment environment(direction::nearest);
  return held(10 * std::log10(held(ratio)));
}

template <class F, class Density>
double signal_to_noise_of(const char* call, double sigma, Density density) {
  return signal_to_noise(
      call, layout_of<F>::max_code,
      [](std::uint32_t code) {
        return static_cast<double>(F::from_bits(static_cast<typename F::Storage>(code)));
      },
      sigma, density);
}
template <class Format, class Density>
double signal_to_noise_of(const char* call, const Format& format, double sigma, Density density) {
  if (!format.is_signed) throw_invalid(call, "the format is unsigned");
  return signal_to_noise(
      call, (std::uint32_t{1} << (format.width() - 1)) - 1,
      [&](std::uint32_t code) { return static_cast<double>(format.decode(code)); }, sigma, density);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// A distribution that snr() knows.
template <class T>
concept snr_distribution = std::same_as<T, Distribution> || std::same_as<T, StudentT>;
/// A format of run time, as RuntimeFormat is: signed, all codes finite, values ascending with the
/// codes of one sign.
template <class T>
concept decodable_format = requires(const T& format, std::uint32_t code) {
  { format.decode(code) } -> std::convertible_to<double>;
  { format.width() } -> std::convertible_to<int>;
  { format.is_signed } -> std::convertible_to<bool>;
};

/// The signal-to-noise ratio of a random number x of standard deviation sigma in the format F:
/// E x^2 / E (F(x) - x)^2, rounded to nearest even and saturated.
///
/// Result    by integration over the cell of each value, to 10 digits and more; the normal
///           distribution and Student's t by Gauss's rule, the uniform one (on +- sqrt(3) sigma) in
///           closed form.
/// Special   a sigma that is no positive number, degrees of freedom outside [2.05, 10^6], and an
///           unsigned format of run time throw std::invalid_argument.
/// Requires  F is signed, of at most 19 bits.
/// Promises  no floating-point environment matters, and no flag is raised.
/// Cost      the values of F below 12 sigma; by Student's t up to all of them.
///
/// Example   assert(snr_db<float8_e4m3fn>(1) > 31);
///           assert(snr_db<float8_e4m3fn>(1.0 / 1024) < 5);  // most of it is flushed to zero
///           assert(snr_db<float8_e4m3fn>(1024) < 4);        // most of it is clipped
///           assert(snr_db<float4_e2m1fn>(1, StudentT{5}) < snr_db<float4_e2m1fn>(1));
template <narrow_float F, snr_distribution D = Distribution>
requires(F::is_signed&& F::width <= 19 && lossless_to<F, double>)  //
    NF_INLINE double snr(double sigma, D distribution = {}) {
  return detail::signal_to_noise_of<F>("snr", sigma, distribution);
}
/// The same in decibels.
template <narrow_float F, snr_distribution D = Distribution>
requires(F::is_signed&& F::width <= 19 && lossless_to<F, double>)  //
    NF_INLINE double snr_db(double sigma, D distribution = {}) {
  return detail::decibels(detail::signal_to_noise_of<F>("snr_db", sigma, distribution));
}

/// The same of a format of run time.
///
/// Example   const RuntimeFormat f{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 240};
///           assert(std::abs(snr(f, 1.0) - snr<float8_e4m3fnuz>(1)) < 1e-9 * snr(f, 1.0));
template <decodable_format Format, snr_distribution D = Distribution>
NF_INLINE double snr(const Format& format, double sigma, D distribution = {}) {
  return detail::signal_to_noise_of("snr", format, sigma, distribution);
}
template <decodable_format Format, snr_distribution D = Distribution>
NF_INLINE double snr_db(const Format& format, double sigma, D distribution = {}) {
  return detail::decibels(detail::signal_to_noise_of("snr_db", format, sigma, distribution));
}

}  // namespace narrowfloat
