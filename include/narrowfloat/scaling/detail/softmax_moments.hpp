// SPDX-License-Identifier: MIT
// The moments of a softmax of normal numbers, by numerical integration.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "../../detail/simd/environment.hpp"
#include "activation_integrals.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// E y_i^2, and E of the sum over j of (dy_i / dlogit_j)^2.
struct softmax_moments {
  double square, slope;
};

/// E z^k e^-z for z = t L, L = e^(mult * x), x ~ N(0, 1), k = 0 ... 4, t = e^u; by the trapezoidal
/// rule, as integrate_moments().
inline std::array<double, 5> laplace_moments(double u, double mult) {
  const int steps = 8 * (mult > 1 ? static_cast<int>(mult) + 1 : 1);
  std::array<double, 5> moments{};
  for (int i = -10 * steps; i <= 10 * steps; ++i) {
    const double x = static_cast<double>(i) / steps, log_z = u + mult * x;
    if (log_z > 6.5) break;  // e^-z is below 1e-288
    const double z = log_z < -300 ? 0 : exponential(log_z);
    double term = normal_density(x) / steps * exponential(-z);
    for (double& moment : moments) {
      moment += term;
      term *= z;
    }
  }
  return moments;
}

/// With y_i = L_i / sum L, 1 / sum^p = integral of t^(p-1) e^(-t sum) / (p-1)!, so that each moment
/// of the y is an integral over u of products of the moments above, one for each of the independent
/// L. Its integrand, too, is analytic in a strip of +- pi / 2 and falls to nothing at both ends.
inline softmax_moments integrate_softmax(std::size_t classes, double mult) {
  const float_environment environment(direction::nearest);
  mult = held(mult);
  constexpr double h = 0.25;
  const auto s = static_cast<double>(held(classes));
  const double first = -mult * mult - 30 - std::log(s), last = 12 * mult + 10;
  double square = 0, cube = 0, fourth = 0, two_squares = 0;  // E y1^2, E y1^3, E y1^4, E y1^2 y2^2
  const auto points = static_cast<int>(std::ceil((last - first) / h));
  for (int i = 0; i < points; ++i) {
    const std::array<double, 5> m = laplace_moments(first + i * h, mult);
    const double others = h * std::pow(m[0], s - 2);
    square += others * m[0] * m[2];
    cube += others * m[0] * m[3] / 2;
    fourth += others * m[0] * m[4] / 6;
    two_squares += others * m[2] * m[2] / 6;
  }
  // dy_i / dlogit_j = y_i ([i = j] - y_j): squares y_i^2 (1 - 2 y_i + sum y_j^2)
  return held(softmax_moments{square, square - 2 * cube + fourth + (s - 1) * two_squares});
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
