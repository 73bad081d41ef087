// SPDX-License-Identifier: MIT
// The moments of activation functions of a normal variable, by numerical integration at compile
// time.
#pragma once

#include <numbers>

#include "../../config.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// e^x for |x| < 700, to about 1e-16.
constexpr double exponential(double x) {
  constexpr double high = 0x1.62e42feep-1, low = 1.9082149292705877e-10;  // ln 2, high of 32 bits
  const int k = static_cast<int>(x * std::numbers::log2e + (x < 0 ? -0.5 : 0.5));
  const double r = (x - k * high) - k * low;  // |r| < 0.35
  double sum = 1;
  for (int n = 14; n > 0; --n) sum = 1 + r * sum / n;
  for (int i = k; i > 0; --i) sum *= 2;
  for (int i = k; i < 0; ++i) sum /= 2;
  return sum;
}
/// The density of N(0, 1).
constexpr double normal_density(double x) {
  return exponential(-x * x / 2) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
}
/// The distribution function of N(0, 1): 1/2 + density(x) * (x + x^3 / 3 + x^5 / (3 * 5) + ...).
constexpr double normal_distribution(double x) {
  if (x < -12 || x > 12) return x < 0 ? 0 : 1;  // to 1e-33
  const double magnitude = x < 0 ? -x : x;
  double term = magnitude, sum = magnitude;
  for (int n = 3; term > 1e-18 * sum; n += 2) {
    term *= x * x / n;
    sum += term;
  }
  return 0.5 + normal_density(x) * (x < 0 ? -sum : sum);
}

/// 1 / (1 + e^-x).
constexpr double logistic(double x) {
  if (x < -300 || x > 300) return x < 0 ? 0 : 1;
  return 1 / (1 + exponential(-x));
}

struct value_and_slope {
  double value, slope;
};
/// x * Phi(mult * x)
struct gelu {
  double mult = 1;
  constexpr value_and_slope at(double x) const {
    const double t = mult * x, below = normal_distribution(t);
    return {x * below, below + (t < -12 || t > 12 ? 0 : t * normal_density(t))};
  }
};
/// x / (1 + e^(-mult * x))
struct silu {
  double mult = 1;
  constexpr value_and_slope at(double x) const {
    const double s = logistic(mult * x);
    return {x * s, s + mult * x * s * (1 - s)};
  }
};
struct tanh {
  static constexpr value_and_slope at(double x) {
    const double t = 1 - 2 / (exponential(2 * x) + 1);
    return {t, 1 - t * t};
  }
};
struct sigmoid {
  static constexpr value_and_slope at(double x) {
    const double s = logistic(x);
    return {s, s * (1 - s)};
  }
};

/// var f(x), E f'(x)^2 and E f(x)^2 for x ~ N(0, 1).
struct moments {
  double variance, square_of_slope, square;
};

/// By the trapezoidal rule, whose error for functions that are analytic in a strip |Im x| < d about
/// the real line is about e^(-2 pi d / h): d >= pi / 2 (the poles of tanh) and h = 1/8 make that
/// e^-78. The density at the ends is 1e-22. A function of mult * x needs steps that are as much
/// finer.
template <class F>
constexpr moments integrate_moments(const F& f = {}, double mult = 1) {
  const int steps = 8 * (mult > 1 ? static_cast<int>(mult) + 1 : 1);
  const double h = 1.0 / steps;
  double mean = 0, square = 0, slope = 0;
  for (int i = -10 * steps; i <= 10 * steps; ++i) {
    const double weight = h * normal_density(i * h);
    const value_and_slope y = f.at(i * h);
    mean += weight * y.value;
    square += weight * y.value * y.value;
    slope += weight * y.slope * y.slope;
  }
  return {square - mean * mean, slope, square};
}

template <class F>
inline constexpr moments moments_of = integrate_moments<F>();

/// In the order of Activation. max(0, x): mean 1 / sqrt(2 pi), square 1/2, slope 1 half the time.
inline constexpr moments activation_moments[] = {{0.5 - std::numbers::inv_pi / 2, 0.5, 0.5},
                                                 moments_of<gelu>,
                                                 moments_of<silu>,
                                                 moments_of<tanh>,
                                                 moments_of<sigmoid>};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
