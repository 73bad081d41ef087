// SPDX-License-Identifier: MIT
// The signal-to-noise ratio of a format over the standard deviation: published points, the
// asymptote of 6 dB a bit, and a plain integration with the conversion itself.
#include <narrowfloat/scaling/snr.hpp>

#include <narrowfloat/convert.hpp>
#include <narrowfloat/quantize/runtime_format.hpp>

#include <cmath>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

using e3m2 = nf::float6_e3m2fn;
using e2m3 = nf::float6_e2m3fn;
using e2m1 = nf::float4_e2m1fn;

struct Point {
  int log2_sigma;
  double decibels;
};
template <class F>
void check_points(std::initializer_list<Point> points) {
  for (const Point& point : points) {
    CHECK(std::fabs(nf::snr_db<F>(std::ldexp(1.0, point.log2_sigma)) - point.decibels) <= 0.0501);
  }
}

/// The mean squared error by the conversion itself, at the middles of many short intervals.
template <class F>
double plain_snr(double sigma, nf::Distribution distribution) {
  const bool normal = distribution == nf::Distribution::normal;
  const double end = normal ? 9 : std::sqrt(3.0);
  const int steps = 1 << 20;
  double error = 0, weights = 0;
  for (int i = 0; i < steps; ++i) {
    const double x = end * (i + 0.5) / steps;
    const double weight = normal ? std::exp(-x * x / 2) : 1;
    const F y = nf::convert<F>(x * sigma, nf::nearest_even, nf::Saturation::finite);
    const double difference = static_cast<double>(y) / sigma - x;
    error += weight * difference * difference;
    weights += weight;
  }
  return weights / error;
}

}  // namespace

TEST_CASE("snr: the published points of each format", "[scaling][snr]") {
  check_points<nf::float16>(
      {{-20, 34.9}, {-16, 59.0}, {-14, 70.4}, {0, 73.7}, {14, 52.0}, {16, 8.2}});
  check_points<nf::float8_e5m2>(
      {{-18, 0.6}, {-16, 10.8}, {-14, 22.3}, {0, 25.5}, {14, 25.5}, {16, 7.0}});
  check_points<nf::float8_e4m3fn>(
      {{-10, 4.8}, {-8, 16.8}, {-6, 28.3}, {0, 31.5}, {6, 31.5}, {8, 16.2}, {10, 3.3}});
  check_points<nf::float8_e4m3fnuz>(
      {{-12, 0.6}, {-10, 10.8}, {-8, 22.8}, {-6, 30.9}, {0, 31.5}, {6, 31.4}, {8, 7.6}});
  check_points<e3m2>({{-4, 10.8}, {-2, 22.3}, {0, 25.5}, {2, 25.5}, {4, 16.0}});
  check_points<e2m3>({{-2, 16.8}, {0, 28.3}, {2, 17.7}});
  check_points<e2m1>({{-2, 4.8}, {0, 16.3}, {2, 12.9}});
  check_points<nf::bfloat16>({{0, 55.6}});
}

TEST_CASE("snr: 6.02 M + 13.46 dB wherever nearly all values are normal", "[scaling][snr]") {
  const auto check = []<class F>(F) {
    CAPTURE(name_of<F>());
    const double plateau = 20 * std::log10(2.0) * F::mantissa_bits + 13.46;
    // within what 4 exponent bits hold as normal numbers, and so within what more do
    for (const double sigma : {0.7, 1.0, 1.3, 2.0})
      CHECK(std::fabs(nf::snr_db<F>(sigma) - plateau) <= 0.1);
  };
  check(Float<4, 2>{});
  check(Float<4, 3>{});
  check(Float<4, 7>{});
  check(Float<4, 10>{});
  check(Float<5, 2>{});
  check(Float<5, 6>{});
  check(Float<6, 9>{});
  check(Float<8, 2>{});
  check(Float<8, 7>{});
  check(Float<8, 10>{});
}

TEST_CASE("snr: as the conversion itself makes the noise", "[scaling][snr]") {
  for (const double sigma : {0.03, 1.0, 1.37, 90.0}) {
    for (const auto distribution : {nf::Distribution::normal, nf::Distribution::uniform}) {
      // the plain sum cuts cells at steps of 1e-5, of which it sees the jump in the error with a
      // square of that
      CHECK(std::fabs(nf::snr<nf::float8_e4m3fn>(sigma, distribution) /
                          plain_snr<nf::float8_e4m3fn>(sigma, distribution) -
                      1) < 1e-5);
      CHECK(std::fabs(nf::snr<e2m1>(sigma, distribution) / plain_snr<e2m1>(sigma, distribution) -
                      1) < 1e-5);
    }
  }
}

TEST_CASE("snr: Student's t, by a plain integration and in its limits", "[scaling][snr]") {
  // t = (degrees - 2)^(1/2) sinh(s): a plain sum in s, with the conversion itself
  const auto plain = [](auto format, double sigma, double degrees) {
    using F = decltype(format);
    double error = 0, weights = 0, power = 0;
    const int steps = 1 << 20;
    const double end = 45;
    for (int i = 0; i < steps; ++i) {
      const double s = end * (i + 0.5) / steps, x = std::sqrt(degrees - 2) * std::sinh(s);
      const double weight = std::pow(std::cosh(s), -degrees);
      const F y = nf::convert<F>(x * sigma, nf::nearest_even, nf::Saturation::finite);
      const double difference = static_cast<double>(y) / sigma - x;
      error += weight * difference * difference;
      power += weight * x * x;
      weights += weight;
    }
    CHECK(std::fabs(power / weights - 1) < 1e-6);  // the variance is 1
    return weights / error;
  };
  for (const double degrees : {3.0, 5.0, 30.0}) {
    CAPTURE(degrees);
    for (const double sigma : {0.03, 1.0, 90.0}) {
      const nf::StudentT t{degrees};
      CHECK(std::fabs(nf::snr<nf::float8_e4m3fn>(sigma, t) /
                          plain(nf::float8_e4m3fn{}, sigma, degrees) -
                      1) < 1e-4);
      CHECK(std::fabs(nf::snr<e2m1>(sigma, t) / plain(e2m1{}, sigma, degrees) - 1) < 1e-4);
    }
  }
  // many degrees: normal; nothing is left of what is flushed, whatever the tails
  CHECK(std::fabs(nf::snr<e2m1>(1, nf::StudentT{1e6}) / nf::snr<e2m1>(1) - 1) < 1e-4);
  for (const double degrees : {2.05, 2.5, 4.0, 100.0, 1e6})
    CHECK(std::fabs(nf::snr<nf::float8_e4m3fn>(0x1p-1000, nf::StudentT{degrees}) - 1) < 1e-10);
  CHECK(nf::snr_db<nf::bfloat16>(1, nf::StudentT{3}) > 55);  // tails cost a wide range nothing
  CHECK(nf::snr_db<nf::float8_e4m3fn>(16, nf::StudentT{3}) < 25);
}

TEST_CASE("snr: formats of run time are those of the same values", "[scaling][snr]") {
  const nf::RuntimeFormat bias_8{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 240},
      fp6{.exponent_bits = 3, .mantissa_bits = 2, .max_value = 28};
  for (const double sigma : {0.01, 1.0, 77.0}) {
    CHECK(std::fabs(nf::snr(bias_8, sigma) / nf::snr<nf::float8_e4m3fnuz>(sigma) - 1) < 1e-12);
    CHECK(std::fabs(nf::snr_db(fp6, sigma, nf::StudentT{4}) -
                    nf::snr_db<e3m2>(sigma, nf::StudentT{4})) < 1e-9);
    CHECK(std::fabs(nf::snr(fp6, sigma, nf::Distribution::uniform) /
                        nf::snr<e3m2>(sigma, nf::Distribution::uniform) -
                    1) < 1e-12);
  }
  // between two powers of two, as no other format
  const nf::RuntimeFormat middle{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 300};
  CHECK(std::fabs(nf::snr(middle, 1.25) / nf::snr(bias_8, 1.0) - 1) < 1e-6);
  nf::RuntimeFormat odd = middle;
  odd.is_signed = false;
  CHECK_THROWS_WITH(nf::snr(odd, 1), "narrowfloat::snr: the format is unsigned");
  for (const double degrees : {2.0, -1.0, std::nan("")})
    CHECK_THROWS_AS(nf::snr<e2m1>(1, nf::StudentT{degrees}), std::invalid_argument);
  CHECK_THROWS_WITH(
      nf::snr<e2m1>(1, nf::StudentT{2}),
      "narrowfloat::snr: Student's t with 2 degrees of freedom, not 2.05 to 1,000,000");
}

TEST_CASE("snr: nothing is left of what is flushed", "[scaling][snr]") {
  // E x^2 is 1 by the same integration: its error is the integrator's
  CHECK(std::fabs(nf::snr<nf::float8_e4m3fn>(0x1p-40) - 1) < 1e-13);
  CHECK(std::fabs(nf::snr<nf::float8_e4m3fn>(0x1p-40, nf::Distribution::uniform) - 1) < 1e-13);
  CHECK(std::fabs(nf::snr<nf::float8_e4m3fn>(0x1p60) - 1) < 1e-13);
}

TEST_CASE("snr: uniform numbers within one binade of equal steps", "[scaling][snr]") {
  // 128 fixed-point steps a side up to 127/128, rounded: noise step^2 / 12 but for the ends
  using fixed = Float<0, 7, 1, Specials::finite>;
  const double end = 127.5 / 128, sigma = end / std::sqrt(3.0);
  CHECK(std::fabs(nf::snr<fixed>(sigma, nf::Distribution::uniform) / (255.0 * 255) - 1) < 1e-13);
}

TEST_CASE("snr: a standard deviation that is none is refused", "[scaling][snr]") {
  CHECK_THROWS_WITH(nf::snr<e2m1>(-2), "narrowfloat::snr: a standard deviation of -2");
  CHECK_THROWS_AS(nf::snr<e2m1>(0), std::invalid_argument);
  CHECK_THROWS_WITH(nf::snr_db<e2m1>(0), "narrowfloat::snr_db: a standard deviation of 0");
  CHECK_THROWS_AS(nf::snr_db<e2m1>(std::nan("")), std::invalid_argument);
}
