// SPDX-License-Identifier: MIT
// No rounding mode, no flush-to-zero flag and no unmasked exception moves a scale, a code, a bit of
// a mask or a dequantized value.
#include <narrowfloat/mx.hpp>

#include "support/catch.hpp"
#include "support/checksum.hpp"
#include "support/environments.hpp"

using namespace narrowfloat;

namespace {

template <class Format, class R = NearestEven>
void add_tensor(test::Checksum& sum, const std::vector<float>& values,
                const QuantizeOptions& options = {}, R rounding = {}) {
  const std::size_t cols = 40, rows = values.size() / cols;
  std::vector<std::uint8_t> mask((values.size() + 7) / 8);
  const auto tensor = BlockTensor<Format>::quantize(values, mask, rows, cols, options, rounding);
  for (const std::uint8_t bits : mask) sum.add(bits);
  std::vector<float> back(values.size());
  tensor.dequantize(back);
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum.add(tensor.codes()[i].bits());
    sum.add(std::bit_cast<std::uint32_t>(back[i]));
  }
  for (const auto scale : tensor.scales()) {
    float value = static_cast<float>(scale);
    sum.add(std::bit_cast<std::uint32_t>(value));
  }
  sum.add(std::bit_cast<std::uint32_t>(tensor.tensor_scale()));
}

std::uint64_t block_checksum() {
  static const std::vector<float> inputs = test::checksum_inputs();  // every exponent, Inf and NaN
  test::Checksum sum;
  for (const NonFinite policy : {NonFinite::nan_block, NonFinite::saturate, NonFinite::propagate}) {
    add_tensor<mxfp8_e5m2>(sum, inputs, {.non_finite = policy});
    add_tensor<mxint8>(sum, inputs, {.rule = ScaleRule::even, .axis = 0, .non_finite = policy});
    add_tensor<mxfp4_e2m1>(sum, inputs, {.rule = ScaleRule::search, .non_finite = policy},
                           toward_negative);
    add_tensor<mxfp4_e2m1>(sum, inputs, {.non_finite = policy, .three_quarters = true});
    add_tensor<nvfp4>(sum, inputs, {.non_finite = policy});
    add_tensor<nvfp4>(sum, inputs, {.non_finite = policy, .tensor_scale = 1e-41f});
    add_tensor<nvfp4>(sum, inputs,
                      {.non_finite = policy, .four_over_six = FourOverSix::squared_error});
    add_tensor<nvfp4>(sum, inputs,
                      {.non_finite = policy, .pipeline = ScalePipeline::transformer_engine});
    add_tensor<BlockFormat<float8_e4m3fn, float, 8, 8>>(sum, inputs, {.non_finite = policy},
                                                        Stochastic<>{.seed = 1});
    add_tensor<BlockFormat<bfloat16, ExponentInt8, 32>>(sum, inputs, {.non_finite = policy});
  }
  return sum.value();
}

}  // namespace

TEST_CASE("the four rounding modes change no block", "[environment][block]") {
  test::check_rounding_modes(&block_checksum);
}

TEST_CASE("flush to zero, denormals are zero and unmasked exceptions change no block",
          "[environment][block]") {
  test::check_flush_flags(&block_checksum);
  test::check_unmasked_exceptions(&block_checksum);
}
