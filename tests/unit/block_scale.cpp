// SPDX-License-Identifier: MIT
// scale_of_block() and scale_of_tensor() are the scales that BlockTensor has.
#include <narrowfloat/mx.hpp>

#include <bit>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

namespace nf = narrowfloat;

namespace {

/// The upper halves of all positive floats, NaN and Inf too, with some lower ones.
std::vector<float> magnitudes() {
  std::vector<float> all;
  for (std::uint32_t upper = 0; upper < 0x8000; ++upper)
    all.push_back(
        std::bit_cast<float>(upper << 16 | (upper % 3 == 0 ? 0 : upper * 0x9e37u & 0xffff)));
  return all;
}

/// Blocks of which only the first number is not zero, and with other numbers than amax in their
/// bits.
template <class Format>
std::size_t mismatches(nf::ScaleRule rule, nf::NonFinite non_finite, float tensor_scale) {
  constexpr auto k = static_cast<std::size_t>(Format::block_size);
  const std::vector<float> amax = magnitudes();
  std::vector<float> values(amax.size() * k);
  for (std::size_t b = 0; b < amax.size(); ++b)
    values[b * k + b % k] = b % 2 == 0 ? amax[b] : -amax[b];
  nf::QuantizeOptions options{.rule = rule, .non_finite = non_finite};
  if (Format::tensor_scale == nf::TensorScale::float32) options.tensor_scale = tensor_scale;
  const auto tensor = nf::BlockTensor<Format>::quantize(values, amax.size(), k, options);
  std::size_t wrong = 0;
  for (std::size_t b = 0; b < amax.size(); ++b) {
    const auto scale = nf::scale_of_block<Format>(amax[b], rule, tensor_scale, non_finite);
    if (scale.bits() != tensor.scales()[b].bits()) ++wrong;
  }
  return wrong;
}

}  // namespace

TEST_CASE("the scale of a block is that of BlockTensor, for every rule", "[block]") {
  using nf::NonFinite;
  using nf::ScaleRule;
  for (const auto rule : {ScaleRule::floor, ScaleRule::ceil, ScaleRule::rceil, ScaleRule::even}) {
    for (const auto non_finite : {NonFinite::nan_block, NonFinite::saturate}) {
      CHECK(mismatches<nf::mxfp8_e4m3>(rule, non_finite, 1) == 0);
      CHECK(mismatches<nf::mxfp4_e2m1>(rule, non_finite, 1) == 0);
      CHECK(mismatches<nf::mxint8>(rule, non_finite, 1) == 0);
    }
  }
  for (const float tensor : {1.0f, 0x1.8p-100f, 0x1.234568p90f}) {
    CHECK(mismatches<nf::nvfp4>(ScaleRule::floor, NonFinite::nan_block, tensor) == 0);
    CHECK(mismatches<nf::nvfp4>(ScaleRule::floor, NonFinite::saturate, tensor) == 0);
  }
}

TEST_CASE("the scale of a tensor is that of BlockTensor", "[block]") {
  std::vector<float> values(16);
  std::size_t wrong = 0;
  for (const float amax : magnitudes()) {
    if (!(amax < std::bit_cast<float>(0x7f800000u))) continue;
    values[3] = -amax;
    const auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(values, 1, 16);
    if (tensor.tensor_scale() != nf::scale_of_tensor<nf::nvfp4>(amax)) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(nf::scale_of_tensor<nf::mxfp4_e2m1>(100.0f) == 1);
}
