// SPDX-License-Identifier: MIT
// Blocks with NaN or Inf, by each policy; their neighbours do not change.
#include <limits>

#include "support/blocks.hpp"
#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

using e5m2_by_2 = BlockFormat<float8_e5m2, float8_e8m0fnu, 2>;
using e4m3_by_2 = BlockFormat<float8_e4m3fn, float8_e8m0fnu, 2>;
using fp4_by_2 = BlockFormat<float4_e2m1fn, float8_e8m0fnu, 2>;
using exponents_by_2 = BlockFormat<float4_e2m1fn, ExponentInt8, 2>;
using nvfp4_by_2 = BlockFormat<float4_e2m1fn, float8_e4m3fn, 2>;
using floats_by_2 = BlockFormat<float8_e4m3fn, float, 2>;

struct Result {
  std::vector<unsigned> scales, codes;
  std::vector<float> values;
};

/// The blocks {first, second} and {1, 1}.
template <class Format>
Result quantized(float first, float second, NonFinite policy) {
  const auto tensor = BlockTensor<Format>::quantize(std::vector<float>{first, second, 1.0f, 1.0f},
                                                    1, 4, {.non_finite = policy});
  Result result{{}, {}, std::vector<float>(4)};
  for (const auto scale : tensor.scales())
    result.scales.push_back(
        std::bit_cast<std::conditional_t<sizeof(scale) == 1, std::uint8_t, std::uint32_t>>(scale));
  for (std::size_t i = 0; i < 4; ++i) result.codes.push_back(tensor.codes()[i].bits());
  tensor.dequantize(result.values);
  for (const std::size_t i : {2u, 3u}) CHECK(std::fabs(result.values[i] - 1.0f) < 0.04f);
  return result;
}

template <class Format>
void check_nan_block(float first, float second, NonFinite policy, unsigned scale) {
  const Result result = quantized<Format>(first, second, policy);
  CHECK(result.scales[0] == scale);
  CHECK(result.codes[0] == 0);
  CHECK(result.codes[1] == 0);
  CHECK(std::isnan(result.values[0]));
  CHECK(std::isnan(result.values[1]));
}

}  // namespace

TEST_CASE("a block with NaN or Inf is NaN", "[block]") {
  for (const float bad : {not_a_number, -not_a_number, inf, -inf}) {
    check_nan_block<e5m2_by_2>(bad, 3.0f, NonFinite::nan_block, 0xff);
    check_nan_block<fp4_by_2>(3.0f, bad, NonFinite::nan_block, 0xff);
    check_nan_block<exponents_by_2>(bad, 3.0f, NonFinite::nan_block, 0x80);
    check_nan_block<nvfp4_by_2>(bad, 3.0f, NonFinite::nan_block, 0x7f);
    check_nan_block<floats_by_2>(3.0f, bad, NonFinite::nan_block, 0x7fc00000);
  }
}

TEST_CASE("a saturating block keeps Inf as the largest element of the largest scale", "[block]") {
  check_nan_block<fp4_by_2>(not_a_number, inf, NonFinite::saturate, 0xff);
  check_nan_block<nvfp4_by_2>(not_a_number, inf, NonFinite::saturate, 0x7f);
  const Result mx = quantized<fp4_by_2>(-inf, 0x1p127f, NonFinite::saturate);
  CHECK(mx.scales[0] == 0xfe);
  CHECK(mx.codes[0] == 0xf);
  CHECK(mx.codes[1] == 0x2);
  const Result e5m2 = quantized<e5m2_by_2>(inf, 1.0f, NonFinite::saturate);
  CHECK(e5m2.scales[0] == 0xfe);
  CHECK(e5m2.codes[0] == 0x7b);  // 57344, not Inf
  CHECK(e5m2.codes[1] == 0x00);  // 2^-127 is below the format
  CHECK(quantized<exponents_by_2>(inf, 0.0f, NonFinite::saturate).scales[0] == 0x7f);
  // The tensor scale is that of the finite values: 1 / 2688, so that their block has 448.
  const Result nv = quantized<nvfp4_by_2>(inf, -1.0f, NonFinite::saturate);
  CHECK(nv.scales[0] == 0x7e);
  CHECK(nv.codes[0] == 0x7);
  CHECK(nv.codes[1] == 0xf);
  const Result floats = quantized<floats_by_2>(inf, 1.0f, NonFinite::saturate);
  CHECK(floats.scales[0] == 0x7f7fffff);
  CHECK(floats.codes[0] == 0x7e);
}

TEST_CASE("propagated Inf and NaN are elements; the scale is that of the others", "[block]") {
  const Result e5m2 = quantized<e5m2_by_2>(-inf, 4.0f, NonFinite::propagate);
  CHECK(e5m2.scales[0] == 127 - 13);
  CHECK(e5m2.codes[0] == 0xfc);
  CHECK(e5m2.values[0] == -inf);
  CHECK(e5m2.values[1] == 4.0f);
  const Result e4m3 = quantized<e4m3_by_2>(inf, 4.0f, NonFinite::propagate);
  CHECK(e4m3.codes[0] == 0x7f);
  CHECK(std::isnan(e4m3.values[0]));
  CHECK(e4m3.values[1] == 4.0f);
  const Result both = quantized<fp4_by_2>(inf, not_a_number, NonFinite::propagate);
  CHECK(both.scales[0] == 0x00);
  CHECK(both.codes[0] == 0x7);
  CHECK(both.codes[1] == 0x7);
  const Result nv = quantized<nvfp4_by_2>(-inf, 2.0f, NonFinite::propagate);
  CHECK(nv.codes[0] == 0xf);
  CHECK(nv.codes[1] == 0x7);
  CHECK(nv.values[1] == 2.0f);
  const Result alone = quantized<nvfp4_by_2>(-inf, 0.0f, NonFinite::propagate);  // its scale is 0
  CHECK(alone.codes[0] == 0xf);
  CHECK(alone.codes[1] == 0x0);
  const Result floats = quantized<floats_by_2>(not_a_number, 7.0f, NonFinite::propagate);
  CHECK(floats.values[1] == 7.0f);
  CHECK(std::isnan(floats.values[0]));
  const auto searched = BlockTensor<fp4_by_2>::quantize(
      std::vector<float>{inf, 3.0f}, 1, 2,
      {.rule = ScaleRule::search, .non_finite = NonFinite::propagate});
  std::vector<float> out(2);
  searched.dequantize(out);
  CHECK(out[1] == 3.0f);
}

TEST_CASE("blocks of zeros keep their signs under the least scale", "[block]") {
  const Result mx = quantized<fp4_by_2>(-0.0f, 0.0f, NonFinite::nan_block);
  CHECK(mx.scales[0] == 0x00);
  CHECK(mx.codes[0] == 0x8);
  CHECK(std::signbit(mx.values[0]));
  CHECK(quantized<exponents_by_2>(0.0f, 0.0f, NonFinite::nan_block).scales[0] == 0x81);
  const Result nv = quantized<nvfp4_by_2>(-0.0f, 0.0f, NonFinite::nan_block);
  CHECK(nv.scales[0] == 0x00);
  CHECK(nv.codes[0] == 0x8);
  CHECK(std::signbit(nv.values[0]));
  const auto integers = BlockTensor<mxint8>::quantize(std::vector<float>{-0.0f}, 1, 1);
  CHECK(integers.codes()[0].bits() == 0);
}
