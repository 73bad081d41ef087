// SPDX-License-Identifier: MIT
// Finite values are read back as finite ones, wherever a choice of scales can have it so;
// infinities keep their signs.
#include <limits>

#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

constexpr float largest = std::numeric_limits<float>::max();
constexpr float inf = std::numeric_limits<float>::infinity();

/// The floats next to the largest ones, and to other powers of two that rounding up leaves.
std::vector<float> large_values() {
  std::vector<float> values;
  for (std::uint32_t bits = 0x7f7fffff; bits > 0x7e800000; bits -= 0x3dd1)
    values.push_back(std::bit_cast<float>(bits));
  for (std::uint32_t below = 1; below < 40; ++below)
    values.push_back(std::bit_cast<float>(0x7f7fffff - below));
  return values;
}

template <class Format, class R = nf::NearestEven>
std::size_t infinities(const nf::QuantizeOptions& options) {
  constexpr std::size_t n = 16;
  std::size_t count = 0;
  for (const float x : large_values()) {
    for (const float sign : {1.0f, -1.0f}) {
      std::vector<float> values(n, 0.75f * x), back(n);
      values[5] = sign * x;
      R rounding;
      if constexpr (R::random_bits != 0) rounding = nf::Stochastic{std::bit_cast<std::uint32_t>(x)};
      nf::BlockTensor<Format>::quantize(values, 1, n, options, rounding).dequantize(back);
      for (const float y : back) count += std::isfinite(y) ? 0 : 1;
    }
  }
  return count;
}

template <class Element, class Scale, nf::TensorScale Tensor = nf::TensorScale::none>
using by_16 = nf::BlockFormat<Element, Scale, 16, 1, Tensor>;

}  // namespace

TEST_CASE("search takes no scale under which a value is Inf", "[block]") {
  const nf::QuantizeOptions search{.rule = nf::ScaleRule::search};
  CHECK(infinities<by_16<nf::float8_e4m3fn, nf::float8_e8m0fnu>>(search) == 0);
  CHECK(infinities<by_16<nf::float8_e5m2, nf::float8_e8m0fnu>>(search) == 0);
  CHECK(infinities<by_16<nf::float6_e3m2fn, nf::ExponentInt8>>(search) == 0);
  CHECK(infinities<by_16<nf::float4_e2m1fn, nf::float8_e8m0fnu>>(search) == 0);
  CHECK(infinities<by_16<nf::FixedPoint<8, 6>, nf::float8_e8m0fnu>>(search) == 0);
  CHECK(infinities<by_16<nf::FixedPoint<8, 6>, nf::float8_e8m0fnu>>(
            {.rule = nf::ScaleRule::search, .full_range = true}) == 0);
  // nor under which its rounding, to whichever neighbour, can make it
  CHECK(infinities<nf::mxfp4_e2m1, nf::Stochastic<>>(search) == 0);
  CHECK(infinities<nf::mxint8, nf::Stochastic<>>(
            {.rule = nf::ScaleRule::search, .full_range = true}) == 0);
}

TEST_CASE("no scale with mantissa bits makes Inf of a value", "[block]") {
  using int8 = nf::FixedPoint<8, 0>;
  CHECK(infinities<by_16<int8, float>>({}) == 0);
  CHECK(infinities<by_16<int8, float>>({.full_range = true}) == 0);
  CHECK(infinities<by_16<nf::float8_e4m3fn, float>>({}) == 0);
  CHECK(infinities<by_16<nf::float8_e5m2, float>>({}) == 0);
  CHECK(infinities<by_16<nf::float4_e2m1fn, nf::bfloat16>>({}) == 0);
  CHECK(infinities<by_16<nf::float6_e2m3fn, nf::float8_ue5m3, nf::TensorScale::float32>>({}) == 0);
  CHECK(infinities<by_16<int8, nf::float8_e4m3fn, nf::TensorScale::float32>>({}) == 0);
  for (const auto four :
       {nf::FourOverSix::none, nf::FourOverSix::squared_error, nf::FourOverSix::absolute_error}) {
    for (const float tensor_scale : {0.0f, 0x1p120f, 0x1.8p127f}) {
      CHECK(infinities<nf::nvfp4>({.tensor_scale = tensor_scale, .four_over_six = four}) == 0);
      CHECK(infinities<nf::nvfp4>({.tensor_scale = tensor_scale,
                                   .four_over_six = four,
                                   .pipeline = nf::ScalePipeline::transformer_engine}) == 0);
    }
  }
}

TEST_CASE("the scale is the largest under which the largest element is finite", "[block]") {
  const auto scale_for = [](float x, bool full_range) {
    return nf::BlockTensor<by_16<nf::FixedPoint<8, 0>, float>>::quantize(
               std::vector<float>{x}, 1, 1, {.full_range = full_range})
        .scales()[0];
  };
  const auto is_finite = [](double scale, double code) {
    return static_cast<float>(scale * code) <= largest;  // the product is exact
  };
  for (const bool full_range : {false, true}) {
    const double top = full_range ? 128 : 127;
    const float scale = scale_for(largest, full_range), next = std::nextafter(scale, inf);
    CHECK(is_finite(static_cast<double>(scale), top));
    CHECK(!is_finite(static_cast<double>(next), top));
    CHECK(scale_for(127.0f, full_range) == 1.0f);
  }
}

TEST_CASE("Inf keeps its sign under every tensor scale", "[block]") {
  for (const float tensor_scale : {0x1p110f, 0x1p120f, 0x1p127f, largest}) {
    for (const auto pipeline : {nf::ScalePipeline::exact, nf::ScalePipeline::transformer_engine}) {
      for (const auto policy : {nf::NonFinite::saturate, nf::NonFinite::propagate}) {
        std::vector<float> values(16, 0.0f), back(16);
        values[2] = -inf;
        values[3] = inf;
        const auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(
            values, 1, 16,
            {.non_finite = policy, .tensor_scale = tensor_scale, .pipeline = pipeline});
        tensor.dequantize(back);
        CHECK(tensor.codes()[2].bits() == 0xf);
        CHECK(tensor.codes()[3].bits() == 0x7);
        if (policy == nf::NonFinite::propagate) continue;  // the scale is 0
        CHECK(back[2] == (tensor_scale < 0x1p116f ? -2688 * tensor_scale : -inf));
        CHECK(back[3] == -back[2]);
      }
    }
  }
}
