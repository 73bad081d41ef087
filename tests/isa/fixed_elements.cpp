// SPDX-License-Identifier: MIT
// Fixed-point elements, to nearest even: ties and their neighbours, quotients beyond the largest
// and the least element, NaN and Inf of either sign, by the oracle.
#include <narrowfloat/mx.hpp>

#include <bit>
#include <cmath>

#include "support/block_oracle.hpp"
#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

std::uint32_t float_bits(float x) { return std::bit_cast<std::uint32_t>(x); }

/// Blocks of 32 whose largest finite magnitude is (1 + part / 8) * 2^e.
std::vector<float> blocks_of_ties(std::size_t blocks) {
  std::vector<float> values;
  std::uint32_t state = 1;
  for (std::size_t b = 0; b < blocks; ++b) {
    const int e = static_cast<int>(b % 61) - 30;
    const std::uint32_t largest = float_bits(std::ldexp(1 + static_cast<float>(b % 8) / 8, e));
    for (std::size_t i = 0; i < 32; ++i) {
      state = state * 1664525u + 1013904223u;
      const float tie = std::ldexp(static_cast<float>(state >> 24) + 0.5f, e - 6);
      const std::uint32_t sign = state << 31, code = float_bits(tie) + (state >> 5) % 3 - 1;
      values.push_back(std::bit_cast<float>((i < 2 ? largest : std::min(largest, code)) | sign));
    }
    const auto put = [&](std::size_t i, std::uint32_t code) {
      values[values.size() - 32 + i] = std::bit_cast<float>(code);
    };
    if (b % 2 == 0) continue;
    put(3, 0x7fc00000u);
    put(4, 0xffc00001u);
    put(30, 0x7f800000u);
    put(31, 0xff800000u);
  }
  return values;
}

template <class Format>
void check_elements(bool full_range, Mismatches& bad) {
  const std::vector<float> values = blocks_of_ties(1000);
  const auto tensor = nf::BlockTensor<Format>::quantize(
      values, 1, values.size(), {.non_finite = nf::NonFinite::propagate, .full_range = full_range});
  const oracle::Element element{
      .format = {}, .fixed_width = 8, .fraction_bits = 6, .full_range = full_range};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto scale = static_cast<float>(tensor.scales()[i / 32]);
    const std::uint32_t code = oracle::divide(element, oracle::from_f32_bits(float_bits(values[i])),
                                              oracle::from_f32_bits(float_bits(scale)), {});
    bad.expect_equal([&] { return std::string(full_range ? "full range" : "symmetric"); },
                     float_bits(values[i]), code, tensor.codes()[i].bits());
  }
}

}  // namespace

TEST_CASE("fixed-point elements to nearest even", "[isa][block]") {
  Mismatches bad;
  for (const bool full_range : {false, true}) {
    check_elements<nf::mxint8>(full_range, bad);
    check_elements<nf::BlockFormat<nf::FixedPoint<8, 6>, float, 32>>(full_range, bad);
  }
  CHECK(bad.report() == "");
}
