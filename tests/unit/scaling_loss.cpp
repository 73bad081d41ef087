// SPDX-License-Identifier: MIT
// Loss scales: the state machine of PyTorch's GradScaler over scripted steps, and what unscale()
// promises a caller.
#include <narrowfloat/scaling/loss.hpp>

#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();
}  // namespace

TEST_CASE("dynamic loss scale: doubles after 2000 finite steps in a row", "[scaling][loss]") {
  nf::DynamicLossScale s;
  for (int i = 0; i < 1999; ++i) s.update(false);
  CHECK(s.scale == 65536);
  CHECK(s.growth_tracker == 1999);
  const nf::DynamicLossScale saved = s;
  s.update(true);
  CHECK(s.scale == 32768);
  CHECK(s.growth_tracker == 0);
  s = saved;
  s.update(false);
  CHECK(s.scale == 131072);
  CHECK(s.growth_tracker == 0);
  s.update(true);
  s.update(true);
  CHECK(s.scale == 32768);
}

TEST_CASE("dynamic loss scale: a scripted run, saved in the middle", "[scaling][loss]") {
  nf::DynamicLossScale s{
      .growth_factor = 1.5, .backoff_factor = 0.25, .growth_interval = 3, .scale = 16};
  nf::DynamicLossScale saved;
  const bool overflows[] = {false, false, false, false, true,  false, false, false, false, false,
                            false, true,  true,  false, false, true,  false, false, false, false};
  const float scales[] = {16,         16,         24,         24,          6,
                          6,          6,          9,          9,           9,
                          13.5f,      3.375f,     0.84375f,   0.84375f,    0.84375f,
                          0.2109375f, 0.2109375f, 0.2109375f, 0.31640625f, 0.31640625f};
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = pass == 0 ? 0 : 9; i < std::size(overflows); ++i) {
      if (pass == 0 && i == 9) saved = s;
      s.update(overflows[i]);
      CHECK(s.scale == scales[i]);
    }
    s = saved;
  }
}

TEST_CASE("dynamic loss scale: it stays a float with an inverse", "[scaling][loss]") {
  nf::DynamicLossScale up{.growth_interval = 1};
  for (int i = 0; i < 300; ++i) up.update(false);
  CHECK(up.scale == 0x1p127f);
  CHECK(up.growth_tracker == 0);
  nf::DynamicLossScale down;
  for (int i = 0; i < 300; ++i) down.update(true);
  CHECK(down.scale == 0x1p-126f);
  nf::DynamicLossScale third{.growth_factor = 1.0 / 3, .growth_interval = 1, .scale = 7};
  third.update(false);
  CHECK(third.scale == static_cast<float>(7 * (1.0 / 3)));
}

TEST_CASE("dynamic loss scale: PyTorch's two roundings", "[scaling][loss]") {
  nf::DynamicLossScale once{.growth_factor = 1.7, .growth_interval = 1, .scale = 0x1.e97cacp+6f};
  nf::DynamicLossScale torch = once;
  torch.rounding = nf::LossScaleRounding::torch;
  once.update(false);
  torch.update(false);
  CHECK(once.scale == 0x1.a0105ep+7f);
  CHECK(torch.scale == 0x1.a01060p+7f);
  std::uint32_t state = 1;
  int differ = 0;
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525u + 1013904223u;
    const float scale = std::bit_cast<float>((state >> 9) | 0x45000000u);
    nf::DynamicLossScale s{.growth_factor = 1.7,
                           .backoff_factor = 0.3,
                           .growth_interval = 1,
                           .rounding = nf::LossScaleRounding::torch,
                           .scale = scale};
    s.update(false);
    REQUIRE(s.scale == static_cast<float>(static_cast<double>(scale) * 1.7));
    once.scale = scale;
    once.update(false);
    differ += once.scale != s.scale ? 1 : 0;
    s.scale = scale;
    s.update(true);
    REQUIRE(s.scale == static_cast<float>(static_cast<double>(scale) * 0.3));
  }
  CHECK(differ > 0);
}

TEST_CASE("dynamic loss scale: a restored scale that is none is refused", "[scaling][loss]") {
  for (const float bad : {0.0f, -4.0f, infinity, std::numeric_limits<float>::quiet_NaN()}) {
    nf::DynamicLossScale s{.scale = bad, .growth_tracker = 7};
    CHECK_THROWS_AS(s.update(true), std::invalid_argument);
    CHECK_THROWS_AS(s.update(false), std::invalid_argument);
    CHECK(s.growth_tracker == 7);
  }
  nf::DynamicLossScale s{.scale = -4};
  CHECK_THROWS_WITH(s.update(true),
                    "narrowfloat::DynamicLossScale::update: the scale is -4, not a "
                    "number from 2^-127 to the largest float");
}

TEST_CASE("unscale: an overflow among the results, or among the inputs", "[scaling][loss]") {
  using nf::OverflowCheck;
  const std::vector<float> finite(2500, 1e38f);
  std::vector<float> out(2500);
  CHECK(nf::unscale(finite, out, 1e-3f));
  CHECK(out[0] == infinity);
  CHECK_FALSE(nf::unscale(finite, out, 1e-3f, OverflowCheck::inputs));
  CHECK(out[2499] == infinity);
  std::vector<float> in_place = finite;
  CHECK_FALSE(nf::unscale(in_place, 1e-3f, OverflowCheck::inputs));
  CHECK(in_place == out);
  for (const float scale : {1e-3f, 1.0f, 1024.0f}) {
    for (const auto check : {OverflowCheck::inputs, OverflowCheck::results}) {
      std::vector<float> some(2500, 1.0f);
      CHECK_FALSE(nf::unscale(some, out, scale, check));
      some[2047] = -infinity;
      CHECK(nf::unscale(some, out, scale, check));
      some[2047] = std::numeric_limits<float>::quiet_NaN();
      CHECK(nf::unscale(some, out, scale, check));
      std::vector<std::vector<float>> tensors{some, finite};
      const std::size_t skipped = nf::unscale_each(
          tensors, scale, [](std::size_t) {}, check);
      CHECK(skipped == (scale < 1 && check == OverflowCheck::results ? 2 : 1));
    }
  }
  std::vector<nf::bfloat16> narrow(2500, nf::bfloat16(1e38f));
  CHECK(nf::unscale(narrow, out, 1e-3f));
  CHECK_FALSE(nf::unscale(narrow, out, 1e-3f, OverflowCheck::inputs));
}

TEST_CASE("unscale: the inverse is a float, made in double", "[scaling][loss]") {
  std::uint32_t state = 1;
  std::vector<float> gradient(1), scaled(1);
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525u + 1013904223u;
    const float scale = std::bit_cast<float>((state & 0x7fffffu) | (1 + (state >> 9) % 254) << 23);
    gradient[0] = 1;
    REQUIRE_FALSE(nf::unscale(gradient, scaled, scale));
    REQUIRE(scaled[0] == static_cast<float>(1 / static_cast<double>(scale)));
  }
}

TEST_CASE("unscale: finds every Inf and NaN, and products that overflow", "[scaling][loss]") {
  for (const std::size_t n : {1u, 5u, 64u, 67u, 1000u}) {
    for (std::size_t at = 0; at < n; at += n / 5 + 1) {
      std::vector<float> gradient(n, 3.0f);
      CHECK_FALSE(nf::unscale(gradient, 1024.0f));
      CHECK(gradient[at] == 3 / 1024.0f);
      for (const float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
        gradient[at] = bad;
        CHECK(nf::unscale(gradient, 1024.0f));
      }
      gradient.assign(n, 1.0f);
      gradient[at] = largest;
      CHECK_FALSE(nf::unscale(gradient, 1.0f));
      CHECK(nf::unscale(gradient, 0.5f));
      CHECK(gradient[at] == infinity);
    }
  }
  std::vector<float> none;
  CHECK_FALSE(nf::unscale(none, 2.0f));
}

TEST_CASE("unscale: gradients of other formats become floats", "[scaling][loss]") {
  const std::size_t n = 3000;  // more than one part
  std::vector<nf::float16> half(n);
  std::vector<nf::float8_e5m2> eight(n);
  for (std::size_t i = 0; i < n; ++i) {
    half[i] = nf::float16::from_bits(static_cast<std::uint16_t>(i * 10));  // below Inf, 0x7c00
    eight[i] = nf::float8_e5m2::from_bits(static_cast<std::uint8_t>(i % 0x7c));
  }
  std::vector<float> out(n);
  CHECK_FALSE(nf::unscale(half, out, 8192.0f));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < n; ++i) wrong += out[i] != static_cast<float>(half[i]) / 8192;
  CHECK(wrong == 0);
  CHECK_FALSE(nf::unscale(eight, out, 3.0f));
  for (std::size_t i = 0; i < n; ++i) wrong += out[i] != static_cast<float>(eight[i]) * (1 / 3.0f);
  CHECK(wrong == 0);
  half[2999] = nf::float16::from_bits(0x7c00);
  CHECK(nf::unscale(half, out, 8192.0f));
  half[2999] = half[0];
  half[3] = nf::float16::from_bits(0xfe00);
  CHECK(nf::unscale(half, out, 8192.0f));
}

TEST_CASE("unscale: bad arguments are refused before anything is written", "[scaling][loss]") {
  std::vector<float> in(3, 1.0f), out(2, 5.0f);
  CHECK_THROWS_WITH(nf::unscale(in, out, 2.0f),
                    "narrowfloat::unscale: the input has 3 elements, the output 2");
  out.resize(3, 5.0f);
  for (const float bad :
       {0.0f, -2.0f, infinity, 0x1p-128f, 0x1p-149f, std::numeric_limits<float>::quiet_NaN()}) {
    CHECK_THROWS_AS(nf::unscale(in, out, bad), std::invalid_argument);
  }
  CHECK_THROWS_WITH(nf::unscale(in, out, -2.0f),
                    "narrowfloat::unscale: a scale of -2 has no inverse among the positive floats");
  CHECK(out[0] == 5);
  CHECK_FALSE(nf::unscale(in, out, 0x1.8p-128f));
  CHECK_FALSE(nf::unscale(in, out, largest));
  CHECK(out[0] == 1 / largest);
}

TEST_CASE("an overflow costs its tensor the step, and only it", "[scaling][loss]") {
  const nf::StaticLossScale s;
  CHECK(s.scale == 65536);
  std::vector<std::vector<float>> tensors{
      {65536, 0}, {1, infinity, 2}, {}, {-131072}, {std::numeric_limits<float>::quiet_NaN()}};
  std::vector<std::size_t> updated;
  const std::size_t skipped =
      nf::unscale_each(tensors, s.scale, [&](std::size_t i) { updated.push_back(i); });
  CHECK(skipped == 2);
  CHECK(updated == std::vector<std::size_t>{0, 2, 3});
  CHECK(tensors[0][0] == 1);
  CHECK(tensors[3][0] == -2);
  CHECK_THROWS_WITH(
      nf::unscale_each(tensors, 0.0f, [](std::size_t) {}),
      "narrowfloat::unscale_each: a scale of 0 has no inverse among the positive floats");
}
