// SPDX-License-Identifier: MIT
// What every recipe does with an amax of 0, Inf and NaN and with a scale that overflows, side by
// side; and in which steps its scale moves.
#include <narrowfloat/mx.hpp>
#include <narrowfloat/scaling/bias.hpp>
#include <narrowfloat/scaling/current.hpp>
#include <narrowfloat/scaling/delayed.hpp>
#include <narrowfloat/scaling/fp8_lm.hpp>

#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float tiny = 0x1p-149f, largest = std::numeric_limits<float>::max();

/// The scale of a recipe with a state that was 64 before.
float delayed(float amax) {
  nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 1};
  s.record(7);
  s.update();
  REQUIRE(s.scale == 64);
  s.record(amax);
  s.update();
  return s.scale;
}
float tensor_meta(float amax) {
  nf::ScalingMeta<nf::float8_e4m3fn> s{.scale = 64, .scale_inv = 1 / 64.0f};
  s.record(amax);
  s.update();
  CHECK(s.scale * s.scale_inv == 1);
  return s.scale;
}
float current(float amax) { return nf::current_scale<nf::float8_e4m3fn>(amax); }
int bias(float amax) { return nf::amax_bias<nf::float8_e4m3fnuz>(amax).bias; }

/// The byte of MX's scale, rounded up.
int mx_byte(float amax) {
  std::vector<float> block(32);
  block[5] = amax;
  const auto tensor =
      nf::BlockTensor<nf::mxfp8_e4m3>::quantize(block, 1, 32, {.rule = nf::ScaleRule::rceil});
  return static_cast<int>(tensor.scales()[0].bits());
}

}  // namespace

TEST_CASE("an amax of 0", "[scaling]") {
  for (const float zero : {0.0f, -0.0f}) {
    CHECK(bias(zero) == 31);
    CHECK(delayed(zero) == 64);
    CHECK(current(zero) == 1);
    CHECK(tensor_meta(zero) == 64);
    CHECK(mx_byte(zero) == 0);
  }
}

TEST_CASE("an amax of Inf", "[scaling]") {
  CHECK(bias(infinity) == -31);
  CHECK(delayed(infinity) == 64);
  CHECK(current(infinity) == 1);
  CHECK(tensor_meta(infinity) == 64);
  CHECK(mx_byte(infinity) == 0xff);
}

TEST_CASE("an amax of NaN", "[scaling]") {
  CHECK(bias(not_a_number) == -31);
  CHECK(delayed(not_a_number) == 64);
  CHECK(current(not_a_number) == 1);
  CHECK(tensor_meta(not_a_number) == 64);
  CHECK(mx_byte(not_a_number) == 0xff);
}

TEST_CASE("a scale that overflows", "[scaling]") {
  CHECK(bias(tiny) == 31);
  CHECK(bias(largest) == -31);
  CHECK(delayed(tiny) == largest);
  CHECK(current(tiny) == largest);
  CHECK(nf::current_scale<nf::float8_e4m3fn, double>(tiny) == largest);
  CHECK(nf::current_scale<nf::float8_e4m3fn, nf::float16>(tiny) == 65504);
  CHECK(nf::current_scale<nf::float8_e4m3fn, nf::bfloat16>(tiny) ==
        static_cast<float>(nf::bfloat16::from_bits(0x7f7f)));
  CHECK(nf::current_scale<nf::float8_e4m3fn>(tiny, {.power_of_two = true}) == 0x1p127f);
  CHECK(nf::current_scale<nf::float8_e4m3fn, nf::float16>(tiny, {.power_of_two = true}) == 32768);
  CHECK(tensor_meta(tiny) == 0x1p127f);  // its inverse is a float as well
}

TEST_CASE("powers of two are rounded down and never clip; other scales are floats", "[scaling]") {
  // just below, at and just above 7 * 2^k and powers of two, where 448 / amax and 240 / amax change
  // binades
  int count = 0;
  for (int exponent = -100; exponent <= 100; ++exponent) {
    for (const float mantissa : {1.0f, 1.25f, 1.5f, 1.75f, 1.875f}) {
      const float middle = mantissa * nf::detail::power_of_two<float>(exponent);
      for (const int step : {-1, 0, 1}) {
        const float amax = std::bit_cast<float>(static_cast<std::uint32_t>(
            static_cast<int>(std::bit_cast<std::uint32_t>(middle)) + step));
        // the largest power of two p with p * amax <= most, found by trying: all products are exact
        // in double
        const auto power_below = [&](double most) {
          double p = 0x1p-200;
          while (p * 2 * static_cast<double>(amax) <= most) p *= 2;
          return p;
        };
        ++count;
        REQUIRE(static_cast<double>(tensor_meta(amax)) == power_below(448));
        REQUIRE(static_cast<double>(nf::current_scale<nf::float8_e4m3fn>(
                    amax, {.power_of_two = true})) == power_below(448));
        const double p = power_below(240);
        if (p >= 0x1p-31 && p <= 0x1p31)
          REQUIRE(static_cast<double>(nf::amax_bias<nf::float8_e4m3fnuz>(amax).scale()) == p);
        REQUIRE(current(amax) == 448 / amax);
        REQUIRE(delayed(amax) == 448 / amax);
      }
    }
  }
  CHECK(count == 201 * 15);
}
