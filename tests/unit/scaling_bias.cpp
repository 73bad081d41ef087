// SPDX-License-Identifier: MIT
// Scaling biases by the largest magnitude, with and without headroom, and by the least squared
// error, which is found by trying all of them in integers.
#include <narrowfloat/scaling/bias.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// The squared error of one bias, in units of 2^-2q: every value and every image is a multiple of
/// 2^-q. The images come from the oracle; sums of products of integers of less than 2^50.
__extension__ typedef __int128 wide;
template <class F>
wide squared_error(const std::vector<float>& values, const std::vector<std::uint64_t>& counts,
                   int bias, int q) {
  wide sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double scaled = std::ldexp(static_cast<double>(values[i]), bias);  // exact
    const std::uint32_t code =
        oracle::round(oracle_format<F>(), exact_of(scaled), {}, oracle::Saturation::finite);
    const double image = std::ldexp(static_cast<double>(from_code<F>(code)), q - bias);
    const double value = std::ldexp(static_cast<double>(values[i]), q);
    REQUIRE(std::floor(image) == image);
    REQUIRE(std::floor(value) == value);
    const wide difference = static_cast<wide>(image) - static_cast<wide>(value);
    sum += difference * difference * static_cast<wide>(counts.empty() ? 1 : counts[i]);
  }
  return sum;
}

template <class F>
int best_bias(const std::vector<float>& values, const std::vector<std::uint64_t>& counts, int q) {
  int best = 0;
  wide least = squared_error<F>(values, counts, 0, q);
  for (int distance = 1; distance <= 31; ++distance) {
    for (const int bias : {-distance, distance}) {
      const wide error = squared_error<F>(values, counts, bias, q);
      if (error < least) least = error, best = bias;
    }
  }
  return best;
}

/// n numbers of about the same sizes, multiples of 2^-24.
std::vector<float> numbers(std::size_t n, float size, std::uint32_t seed) {
  std::vector<float> values(n);
  for (float& x : values) {
    float sum = 0;
    for (int k = 0; k < 4; ++k) {
      seed = seed * 1664525u + 1013904223u;
      sum += std::ldexp(static_cast<float>(seed >> 20), -12) - 0.5f;
    }
    x = std::round(sum * size * 0x1p24f) * 0x1p-24f;
  }
  return values;
}

}  // namespace

TEST_CASE("amax bias: floor(log2(max / amax)) within 31", "[scaling][bias]") {
  using e4m3 = nf::float8_e4m3fnuz;
  using e5m2 = nf::float8_e5m2fnuz;
  const struct {
    float amax;
    int forward, backward;
  } rows[] = {{240, 0, 4},        {241, -1, 4},        {120, 1, 5},         {1, 7, 12},
              {57344, -8, -3},    {57345, -8, -4},     {0x1p-23f, 30, 31},  {0x1p-24f, 31, 31},
              {0x1p-40f, 31, 31}, {0x1p38f, -31, -26}, {0x1p39f, -31, -27}, {0x1p120f, -31, -31}};
  for (const auto& row : rows) {
    CHECK(nf::amax_bias<e4m3>(row.amax).bias == row.forward);
    CHECK(nf::amax_bias<e4m3>(-row.amax).bias == row.forward);
    CHECK(nf::amax_bias<e5m2>(row.amax, nf::gradient_bias_margin).bias ==
          std::max(row.backward == 31 ? 28 : row.backward, -31));
  }
  CHECK(nf::amax_bias<e5m2>(1, 0).bias == 15);
  CHECK(nf::amax_bias<e5m2>(0, nf::gradient_bias_margin).bias == 28);
  CHECK(nf::amax_bias<e5m2>(1, -100).bias == 31);
  CHECK(nf::amax_bias<e5m2>(1, 1000).bias == -31);
}

TEST_CASE("biases scale by powers of two, and a product by their inverse", "[scaling][bias]") {
  for (int b = -31; b <= 31; ++b) {
    REQUIRE(nf::ScalingBias{b}.scale() == std::ldexp(1.0f, b));
    REQUIRE(nf::ScalingBias{b}.scale_inv() == std::ldexp(1.0f, -b));
    REQUIRE(nf::output_scale({b}, {31}) == std::ldexp(1.0f, -b - 31));
    REQUIRE(nf::output_scale({b}, {-31}) == std::ldexp(1.0f, -b + 31));
  }
}

TEST_CASE("mse bias: the least squared error of all biases", "[scaling][bias]") {
  for (const float size : {0.01f, 1.0f, 100.0f, 2000.0f}) {
    std::vector<float> values = numbers(60, size, static_cast<std::uint32_t>(size * 100));
    CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(values).bias ==
          best_bias<nf::float8_e4m3fnuz>(values, {}, 41));
    CHECK(nf::mse_bias<nf::float8_e5m2fnuz>(values).bias ==
          best_bias<nf::float8_e5m2fnuz>(values, {}, 48));
    values[5] = infinity;  // counts for nothing
    values[9] = std::numeric_limits<float>::quiet_NaN();
    CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(values).bias ==
          best_bias<nf::float8_e4m3fnuz>(values, {}, 41));
  }
  // One large value among small ones: where they are many enough it is better clipped.
  std::vector<float> outlier = numbers(3000, 0.001f, 5);
  outlier[77] = 2;
  const nf::ScalingBias by_error = nf::mse_bias<nf::float8_e4m3fnuz>(outlier);
  CHECK(by_error.bias == best_bias<nf::float8_e4m3fnuz>(outlier, {}, 41));
}

TEST_CASE("mse bias: of a histogram", "[scaling][bias]") {
  const std::vector<float> values = numbers(40, 3, 9);
  std::vector<std::uint64_t> counts(values.size());
  std::vector<float> all;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = i % 7 == 0 ? 0 : i * i % 23 + 1;
    for (std::uint64_t k = 0; k < counts[i]; ++k) all.push_back(values[i]);
  }
  const nf::ScalingBias b = nf::mse_bias<nf::float8_e5m2fnuz>(values, counts);
  CHECK(b == nf::mse_bias<nf::float8_e5m2fnuz>(all));
  CHECK(b.bias == best_bias<nf::float8_e5m2fnuz>(values, counts, 48));
  // 1.1 loses the same by every bias that keeps it normal, 2^64 times and all; then 300, which bias
  // 0 clips, decides
  const std::vector<float> two{1.1f, 300.0f};
  CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(two, std::vector<std::uint64_t>{~0ull, 1}).bias == -1);
  counts.pop_back();
  CHECK_THROWS_WITH(nf::mse_bias<nf::float8_e5m2fnuz>(values, counts),
                    "narrowfloat::mse_bias: 40 values and 39 counts");
}

TEST_CASE("mse bias: of equals the one closest to 0", "[scaling][bias]") {
  CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(std::vector<float>{}).bias == 0);
  CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(std::vector<float>{0, infinity}).bias == 0);
  CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(std::vector<float>{1, 1.125f}).bias == 0);
  CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(std::vector<float>{512}).bias == -2);  // 128, largest 240
  CHECK(nf::mse_bias<nf::float8_e4m3fnuz>(std::vector<float>{0x1p-13f}).bias == 3);  // 2^-10
}
