// SPDX-License-Identifier: MIT
// The signal-to-noise ratios that each format and scale rule reach on normal, Laplace and uniform
// data, within 0.1 dB of an independent simulation in double.
#include <cmath>
#include <random>

#include <narrowfloat/mx.hpp>

#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

constexpr std::size_t rows = 512, cols = 1024;

enum class Data { normal, laplace, uniform };

const std::vector<float>& samples(Data data) {
  static const std::vector<std::vector<float>> all = [] {
    std::vector<std::vector<float>> made(3, std::vector<float>(rows * cols));
    std::mt19937_64 engine(20240607);
    const auto unit = [&] { return (static_cast<double>(engine() >> 11) + 0.5) * 0x1p-53; };
    for (std::size_t i = 0; i < rows * cols; ++i) {
      const double radius = std::sqrt(-2 * std::log(unit())), angle = 6.283185307179586 * unit();
      made[0][i] = static_cast<float>(radius * std::cos(angle));
      const double sign = unit() < 0.5 ? -1 : 1;
      made[1][i] = static_cast<float>(sign * -std::log(unit()));
      made[2][i] = static_cast<float>(2 * unit() - 1);
    }
    return made;
  }();
  return all[static_cast<std::size_t>(data)];
}

template <class Format, class R = NearestEven>
double sqnr(Data data, ScaleRule rule = ScaleRule::floor, R rounding = {}) {
  const std::vector<float>& in = samples(data);
  std::vector<float> out(in.size());
  BlockTensor<Format>::quantize(in, rows, cols, {.rule = rule}, rounding).dequantize(out);
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double x = in[i], error = x - static_cast<double>(out[i]);
    signal += x * x;
    noise += error * error;
  }
  return 10 * std::log10(signal / noise);
}

void check_near(double got, double expected) {
  CAPTURE(got, expected);
  CHECK(std::fabs(got - expected) <= 0.1);
}

/// E4M3, E5M2, E2M3, E2M1; E3M2 reaches what E5M2 does.
void check(Data data, ScaleRule rule, double e4m3, double e5m2, double e2m3, double e2m1) {
  CAPTURE(static_cast<int>(data), static_cast<int>(rule));
  check_near(sqnr<mxfp8_e4m3>(data, rule), e4m3);
  check_near(sqnr<mxfp8_e5m2>(data, rule), e5m2);
  check_near(sqnr<mxfp6_e3m2>(data, rule), e5m2);
  check_near(sqnr<mxfp6_e2m3>(data, rule), e2m3);
  check_near(sqnr<mxfp4_e2m1>(data, rule), e2m1);
}

}  // namespace

TEST_CASE("the noise of MX formats under each scale rule", "[block]") {
  check(Data::normal, ScaleRule::floor, 30.65, 25.35, 30.94, 18.79);
  check(Data::normal, ScaleRule::rceil, 31.52, 25.53, 30.96, 18.76);
  check(Data::normal, ScaleRule::ceil, 31.52, 25.53, 28.76, 16.82);
  check(Data::normal, ScaleRule::even, 31.18, 25.53, 30.99, 19.03);
  check(Data::laplace, ScaleRule::floor, 29.97, 25.21, 30.28, 17.93);
  check(Data::laplace, ScaleRule::rceil, 31.53, 25.56, 30.23, 17.58);
  check(Data::uniform, ScaleRule::floor, 26.22, 24.32, 31.26, 16.83);
  check(Data::uniform, ScaleRule::rceil, 32.53, 26.51, 32.19, 20.10);
}

TEST_CASE("the noise of MXINT8 and NVFP4", "[block]") {
  check_near(sqnr<mxint8>(Data::normal), 41.66);
  check_near(sqnr<mxint8>(Data::laplace), 40.00);
  check_near(sqnr<mxint8>(Data::uniform), 48.07);
  check_near(sqnr<nvfp4>(Data::normal), 20.44);
  check_near(sqnr<nvfp4>(Data::laplace), 20.66);
  check_near(sqnr<nvfp4>(Data::uniform), 19.86);
  check_near(sqnr<nvfp4>(Data::normal, ScaleRule::floor, Stochastic<>{.seed = 1}), 17.24);
}

TEST_CASE("the search is at least as good as every other rule", "[block]") {
  for (const Data data : {Data::normal, Data::laplace}) {
    const double best = sqnr<mxfp4_e2m1>(data, ScaleRule::search);
    for (const ScaleRule rule :
         {ScaleRule::floor, ScaleRule::ceil, ScaleRule::rceil, ScaleRule::even})
      CHECK(best >= sqnr<mxfp4_e2m1>(data, rule));
  }
}
