// SPDX-License-Identifier: MIT
// Formats with a tensor scale: exact against the oracle for scales of several formats, Transformer
// Engine's pipeline against the same operations of the processor.
#include <limits>

#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

using ue5m3_by_32 = nf::BlockFormat<nf::float4_e2m1fn, nf::float8_ue5m3, 32>;
using ue4m3_by_16 = nf::BlockFormat<nf::float6_e3m2fn, nf::float8_ue4m3, 16>;
using one_level =
    nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e4m3fn, 16, 1, nf::TensorScale::none>;
using half_scale = nf::BlockFormat<nf::mxint8::element, nf::float16, 32>;
using brain_scale = nf::BlockFormat<nf::float4_e2m1fn, nf::bfloat16, 32>;

std::vector<float> sample(std::size_t n, int top, std::uint32_t seed) {
  std::vector<float> values;
  for (std::uint32_t i = 0; values.size() < n; ++i) {
    const auto block = sample_block(16, top - static_cast<int>(i * 7 % 19), seed + i);
    values.insert(values.end(), block.begin(), block.end());
  }
  values.resize(n);
  return values;
}

/// Round to nearest even, saturating, by the library's scalar conversion, which other tests prove.
template <class F>
F nearest(float x) {
  return nf::convert<F>(x, nf::nearest_even, nf::Saturation::finite);
}

/// Transformer Engine's arithmetic in the processor's floats.
void check_folded(const std::vector<float>& values, Mismatches& bad) {
  constexpr float largest = std::numeric_limits<float>::max();
  const auto where = [] { return std::string("folded"); };
  const auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(
      values, 1, values.size(), {.pipeline = nf::ScalePipeline::transformer_engine});
  float amax = 0;
  for (const float x : values) amax = std::max(amax, std::fabs(x));
  float encode = std::min(448.0f * 6.0f / amax, largest);
  if (amax == 0 || encode == 0) encode = 1;
  const float decode = 1.0f / encode;
  bad.expect_equal(where, 0, bits_of(decode), bits_of(tensor.tensor_scale()));
  for (std::size_t b = 0; b < tensor.scales().size(); ++b) {
    const std::size_t first = 16 * b, last = std::min(first + 16, values.size());
    float block_amax = 0;
    for (std::size_t i = first; i < last; ++i)
      block_amax = std::max(block_amax, std::fabs(values[i]));
    const float sixth = 1.0f / 6.0f;
    const auto scale = nearest<nf::float8_e4m3fn>(block_amax * (encode * sixth));
    bad.expect_equal(where, b, scale.bits(), tensor.scales()[b].bits());
    const float reciprocal = std::min(1.0f / (static_cast<float>(scale) * decode), largest);
    for (std::size_t i = first; i < last; ++i) {
      const float scaled = std::clamp(values[i] * reciprocal, -6.0f, 6.0f);
      bad.expect_equal(where, bits_of(values[i]), nearest<nf::float4_e2m1fn>(scaled).bits(),
                       tensor.codes()[i].bits());
    }
  }
}

}  // namespace

TEST_CASE("exact quotients by two levels of scales", "[block]") {
  Mismatches bad;
  const auto check = [&]<class Format>() {
    for (const int top : {-145, -127, -100, 0, 60, 127}) {
      const auto values = sample(200, top, 3);
      check_tensor<Format>(values, 2, 100, {}, bad);
      check_tensor<Format>(values, 2, 100, {.axis = 0}, bad, nf::toward_negative,
                           oracle::Mode::toward_negative);
      check_tensor<Format>(values, 2, 100, {}, bad, nf::to_odd, oracle::Mode::to_odd);
    }
    check_tensor<Format>(std::vector<float>(5, -0.0f), 1, 5, {}, bad);
  };
  for_each_format<std::tuple<nf::nvfp4, ue5m3_by_32, ue4m3_by_16, one_level, half_scale,
                             brain_scale, nf::BlockFormat<nf::float8_e5m2, float, 128>>>(check);
  CHECK(bad.report() == "");
}

TEST_CASE("a tensor scale of the caller's", "[block]") {
  Mismatches bad;
  for (const float scale : {1.0f, 0.75f, 3.1e-5f, 1e-41f, 2e30f})
    check_tensor<nf::nvfp4>(sample(64, 2, 9), 1, 64, {.tensor_scale = scale}, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("a tensor scale that rounds to zero is 1", "[block]") {
  // n * 2^-149 / 2688 is below half of 2^-149 for n < 1344.
  const auto scale_of = [](std::uint32_t bits) {
    return nf::BlockTensor<nf::nvfp4>::quantize(std::vector<float>{std::bit_cast<float>(bits)}, 1,
                                                1)
        .tensor_scale();
  };
  CHECK(scale_of(0) == 1.0f);
  CHECK(scale_of(1) == 1.0f);
  CHECK(scale_of(1344) == 1.0f);  // the tie goes to 0
  CHECK(bits_of(scale_of(1345)) == 1);
}

TEST_CASE("the pipeline of Transformer Engine", "[block]") {
  Mismatches bad;
  for (std::uint32_t seed = 0; seed < 60; ++seed)
    check_folded(sample(500, static_cast<int>(seed) * 4 - 120, seed), bad);
  check_folded(std::vector<float>(40, 0.0f), bad);
  // Blocks whose scale stands at a tie, where every rounding of the multiplier counts.
  for (const float amax : {2688.0f, 2000.0f, 3.1f, 0.7f, 1e-20f, 12345.678f}) {
    const float multiplier = 2688.0f / amax * (1.0f / 6.0f);
    std::vector<float> values{amax};
    for (std::uint32_t code = 1; code < 0x7e; ++code) {
      const float tie = (static_cast<float>(from_code<nf::float8_e4m3fn>(code)) +
                         static_cast<float>(from_code<nf::float8_e4m3fn>(code + 1))) /
                        2;
      const auto bits = std::bit_cast<std::uint32_t>(tie / multiplier);
      for (std::uint32_t near = bits - 3; near <= bits + 3; ++near) {
        values.resize((values.size() + 15) / 16 * 16);
        values.push_back(std::bit_cast<float>(near));
      }
    }
    check_folded(values, bad);
  }
  CHECK(bad.report() == "");
}
