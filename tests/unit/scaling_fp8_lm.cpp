// SPDX-License-Identifier: MIT
// FP8-LM: the window of a tensor's scale, the scale that workers share, the automatic factor.
#include <narrowfloat/scaling/fp8_lm.hpp>

#include <narrowfloat/math.hpp>
#include <narrowfloat/stats.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

template <class F>
void step(nf::ScalingMeta<F>& meta, float amax) {
  meta.record(amax);
  meta.update();
}

}  // namespace

TEST_CASE("scaling meta: in time, a power of two of each tensor", "[scaling][fp8_lm]") {
  nf::ScalingMeta<nf::float8_e4m3fn> meta;
  const struct {
    float amax, scale;
  } steps[] = {{448, 1},
               {449, 0.5f},
               {447, 1},
               {1, 256},
               {0, 256},
               {7, 64},
               {7.5f, 32},
               {infinity, 32},
               {3, 128},
               {not_a_number, 128},
               {-14, 32},
               {1e-40f, 0x1p127f},
               {0x1p127f, 0x1p-119f}};
  for (const auto& [amax, scale] : steps) {
    CHECK(meta.in_time());
    step(meta, amax);
    CHECK(meta.scale == scale);
    CHECK(meta.scale_inv == 1 / scale);
  }
  nf::ScalingMeta<nf::float8_e5m2> margin{.margin = 2};
  step(margin, 57344);
  CHECK(margin.scale == 0.25f);
  nf::ScalingMeta<nf::float16> half;
  step(half, 1);
  CHECK(half.scale == 32768);
}

TEST_CASE("scaling meta: a window is filled, moves on, and begins anew after Inf",
          "[scaling][fp8_lm]") {
  nf::ScalingMeta<nf::float8_e4m3fn> meta{.window = 3};
  CHECK(meta.in_time());
  step(meta, 7);
  CHECK(meta.amax == std::vector<float>{0, 7, 0});
  step(meta, 1);
  CHECK(meta.amax == std::vector<float>{0, 1, 7});
  CHECK(meta.scale == 64);
  CHECK(meta.in_time());
  step(meta, 2);
  CHECK_FALSE(meta.in_time());
  CHECK(meta.scale == 64);  // of 2, 1, 7
  CHECK(meta.amax == std::vector<float>{0, 2, 1});

  const nf::ScalingMeta<nf::float8_e4m3fn> saved = meta;
  step(meta, 1000);
  CHECK(meta.scale == 0.25f);
  meta = saved;
  meta.record(1.5f);
  meta.record(0.5f);  // the larger of two
  meta.update();
  CHECK(meta.scale == 128);  // of 1.5, 2, 1
  CHECK(meta.amax == std::vector<float>{0, 1.5f, 2});
  step(meta, infinity);
  CHECK(meta.scale == 128);  // of 0, 1.5, 2
  CHECK(meta.in_time());
  CHECK(meta.amax == std::vector<float>{0, 0, 1.5f});
  step(meta, 1);
  CHECK(meta.scale == 256);  // of 1, 0, 1.5
  step(meta, 1);
  CHECK(meta.in_time());
  step(meta, 1);
  CHECK_FALSE(meta.in_time());
  meta.amax.resize(2);
  CHECK_THROWS_WITH(
      meta.update(),
      "narrowfloat::ScalingMeta::update: the amax history has 2 entries, its length is 3 and must be at least 1");
}

TEST_CASE("fp8-lm: a restored scale that is none is refused", "[scaling][fp8_lm]") {
  for (const float bad : {0.0f, -1.0f, infinity, not_a_number}) {
    nf::ScalingMeta<nf::float8_e4m3fn> meta{.scale = bad}, inverse{.scale_inv = bad};
    CHECK_THROWS_AS(meta.record(1), std::invalid_argument);
    CHECK_THROWS_AS(meta.update(), std::invalid_argument);
    CHECK_THROWS_AS(inverse.update(), std::invalid_argument);
    nf::AllReduceScale<nf::float8_e4m3fn> shared{.scale_inv = bad};
    CHECK_THROWS_AS(shared.update(1), std::invalid_argument);
    CHECK_THROWS_AS(shared.mean_scale_inv(), std::invalid_argument);
    nf::AutoScale mu{.mu = static_cast<double>(bad)};
    CHECK_THROWS_AS(mu.update(0, 1), std::invalid_argument);
    CHECK_THROWS_AS(mu.factor(), std::invalid_argument);
  }
  nf::ScalingMeta<nf::float8_e4m3fn> meta{.scale_inv = 0};
  CHECK_THROWS_WITH(meta.record(1),
                    "narrowfloat::ScalingMeta::record: the inverse scale is 0, not a number from "
                    "2^-127 to the largest float");
  nf::AllReduceScale<nf::float8_e4m3fn> far{.exponent = 1 << 30};
  CHECK_THROWS_WITH(far.update(1),
                    "narrowfloat::AllReduceScale::update: the exponent is 1073741824, beyond 127");
  nf::AutoScale bounds{.lowest = 2, .highest = 1};
  CHECK_THROWS_WITH(bounds.update(0, 1),
                    "narrowfloat::AutoScale::update: highest is 1, outside [2, 1.70141183e+38]");
  nf::AutoScale mu;
  CHECK_THROWS_WITH(mu.update(2, 1), "narrowfloat::AutoScale::update: 2 elements of 1 overflowed");
}

TEST_CASE("all-reduce: the scale that all workers share", "[scaling][fp8_lm]") {
  CHECK(nf::reducible_amax(-3.0f) == 3);
  CHECK(nf::reducible_amax(not_a_number) == infinity);
  CHECK(nf::reducible_amax(std::vector<float>{1, 5, 2}) == 5);
  CHECK(nf::reducible_amax(std::vector<float>{1, not_a_number, 2}) == infinity);
  CHECK(nf::reducible_amax(std::vector<float>{}) == 0);

  // It is the smallest of the workers' own scales.
  const std::vector<float> amaxes{0.3f, 2.5f, 0.01f, 1.0f};
  float least = infinity;
  for (const float amax : amaxes) {
    nf::ScalingMeta<nf::float8_e4m3fn> own;
    step(own, amax);
    least = std::min(least, own.scale);
  }
  nf::AllReduceScale<nf::float8_e4m3fn> shared{.workers = 4};
  shared.update(nf::reducible_amax(amaxes));
  CHECK(shared.scale == least / 2);
  CHECK(shared.scale_inv == 2 / least);
  CHECK(shared.mean_scale_inv() == 0.5f / least);
  for (const float keeps : {0.0f, infinity, not_a_number}) {
    shared.update(keeps);
    CHECK(shared.scale == least / 2);
  }
  // 1 / sqrt(N) is the float f next to it: (2f - ulp)^2 N <= 4 <= (2f + ulp)^2 N, exact in double
  for (std::int32_t workers = 1; workers < 3000; ++workers) {
    nf::AllReduceScale<nf::float8_e4m3fn> s{.workers = workers};
    s.update(448);
    const double f = static_cast<double>(s.scale), ulp = std::ldexp(1.0, std::ilogb(f) - 23);
    REQUIRE((2 * f - ulp) * (2 * f - ulp) * workers <= 4);
    REQUIRE((2 * f + ulp) * (2 * f + ulp) * workers >= 4);
    REQUIRE(s.scale_inv == 1 / s.scale);
    REQUIRE(s.mean_scale_inv() == s.scale_inv / static_cast<float>(workers));
  }
  nf::AllReduceScale<nf::float8_e4m3fn> nobody{.workers = 0};
  CHECK_THROWS_WITH(nobody.update(1),
                    "narrowfloat::AllReduceScale::update: 0 workers cannot reduce");
}

TEST_CASE("all-reduce: the mean of gradients summed as codes", "[scaling][fp8_lm]") {
  const std::vector<std::vector<float>> gradients{
      {1, 2, -3, 0.5f}, {3, -2, 1, 0.5f}, {0, 4, -2, 0.5f}, {-4, 0, 2, 0.5f}};
  nf::AllReduceScale<nf::float8_e4m3fn> shared{.workers = 4};
  std::vector<float> amaxes;
  amaxes.reserve(gradients.size());
  for (const auto& g : gradients) amaxes.push_back(nf::amax(g));
  shared.update(nf::reducible_amax(amaxes));
  CHECK(shared.scale == 32);  // 4 * 64 = 256, over sqrt(4)
  std::vector<nf::float8_e4m3fn> sum(4, nf::float8_e4m3fn(0)), codes(4);
  for (const auto& g : gradients) {
    nf::convert(g, codes, nf::Scale{shared.scale});
    CHECK(nf::add(sum, codes, sum) == 0);
  }
  const float expected[] = {0, 1, -0.5f, 0.5f};
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(static_cast<float>(sum[i]) * shared.mean_scale_inv() == expected[i]);
}

TEST_CASE("all-reduce: workers that agree saturate, and none becomes NaN", "[scaling][fp8_lm]") {
  const std::vector<float> gradient(100, 1.74f);
  nf::AllReduceScale<nf::float8_e4m3fn> shared{.workers = 2};
  shared.update(nf::reducible_amax(nf::amax(gradient)));
  CHECK(shared.scale == 256 / std::sqrt(2.0f));  // 181: codes of 320, whose sum is no code
  std::vector<nf::float8_e4m3fn> codes(100), sum(100);
  nf::convert(gradient, codes, nf::Scale{shared.scale});
  CHECK(static_cast<float>(codes[0]) == 320);
  CHECK(nf::isnan(codes[0] + codes[0]));
  CHECK(nf::add(codes, codes, sum) == 100);
  CHECK(static_cast<float>(sum[99]) == 448);
}

TEST_CASE("auto-scaling: both readings of the paper", "[scaling][fp8_lm]") {
  const auto run = [](nf::AutoScale s) {
    std::vector<double> mus;
    for (const bool overflow : {true, false, true, true, false}) {
      s.growth = 4;
      s.update(overflow ? 1 : 0, 10);
      mus.push_back(s.mu);
    }
    return mus;
  };
  CHECK(run(nf::AutoScale::unbounded()) == std::vector<double>{0.5, 2, 1, 0.5, 2});
  CHECK(run(nf::AutoScale::bounded()) == std::vector<double>{0.5, 2, 0.5, 0.5, 2});
  nf::AutoScale up = nf::AutoScale::bounded();
  for (int i = 0; i < 3000; ++i) up.update(0, 10);
  CHECK(up.mu == 2);

  const nf::ConversionStats stats{.count = 1000, .saturated = 0, .attained = 5};
  nf::AutoScale attained, beyond{.counted = nf::AutoScaleCount::beyond};
  attained.update(stats);
  beyond.update(stats);
  CHECK(attained.mu == 0.5);
  CHECK(beyond.mu > 1);
  CHECK(nf::AutoScale::bounded(nf::AutoScaleCount::beyond).counted == nf::AutoScaleCount::beyond);
}

TEST_CASE("auto-scaling: shrinks at once, doubles in a thousand steps", "[scaling][fp8_lm]") {
  nf::AutoScale s;
  CHECK(std::fabs(s.growth - std::exp2(0.001)) < 1e-15);
  for (int i = 0; i < 1000; ++i) s.update(0, 1000);
  CHECK(std::fabs(s.mu - 2) < 1e-12);
  const nf::AutoScale saved = s;
  s.update(1, 1000);
  CHECK(s.mu == saved.mu / 2);
  s = saved;
  s.update(10, 1000000);  // 1e-5 is not above 1e-5 ...
  CHECK(s.mu > saved.mu);
  s.update(11, 1000000);  // ... and this is
  CHECK(s.mu == saved.mu * s.growth / 2);
  CHECK(s.factor() == static_cast<float>(s.mu));
  s.update(0, 0);
  CHECK(s.mu == saved.mu * s.growth / 2 * s.growth);

  nf::AutoScale fast{.threshold = 0.25, .backoff = 0.125, .growth = 4};
  fast.update(1, 4);
  CHECK(fast.mu == 4);
  fast.update(2, 4);
  CHECK(fast.mu == 0.5);
  for (int i = 0; i < 200; ++i) fast.update(0, 4);
  CHECK(fast.mu == 0x1p127);
  for (int i = 0; i < 200; ++i) fast.update(4, 4);
  CHECK(fast.mu == 0x1p-126);
  CHECK(nf::AutoScale::growth_of(8, 3) == 2);
  CHECK(nf::AutoScale::growth_of(0.25, 2) == 0.5);
}
