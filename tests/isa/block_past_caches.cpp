// SPDX-License-Identifier: MIT
// Tensors larger than the last cache, whose numbers are stored past it: the same as those of bands
// of rows that fit, from whatever place in a cache line the output starts, and nothing outside is
// touched.
#include <narrowfloat/mx.hpp>

#include <cstring>

#include "support/blocks.hpp"
#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class Format>
void check_past_caches(std::size_t cols, int axis) {
  constexpr std::size_t band = 32, places = 32;
  const std::size_t cache = nf::detail::find_cpu_features().last_level_cache,
                    bands = cache / sizeof(float) / cols / band + 1, rows = band * bands;
  // Bands of three kinds in turns, so that a tensor is soon made.
  std::vector<float> values(rows * cols);
  std::vector<std::vector<float>> expected;
  for (std::uint32_t kind = 0; kind < 3; ++kind) {
    std::vector<float> one = sample_block(band * cols, static_cast<int>(kind) * 9 - 9, kind);
    for (std::size_t b = kind; b < bands; b += 3)
      std::ranges::copy(one, values.begin() + static_cast<std::ptrdiff_t>(b * band * cols));
    const auto tensor = nf::BlockTensor<Format>::quantize(
        one, band, cols,
        {.axis = axis, .tensor_scale = Format::tensor_scale == nf::TensorScale::none ? 0 : 0.37f});
    tensor.dequantize(one);
    expected.push_back(std::move(one));
  }
  const auto tensor = nf::BlockTensor<Format>::quantize(
      values, rows, cols,
      {.axis = axis, .tensor_scale = Format::tensor_scale == nf::TensorScale::none ? 0 : 0.37f});
  REQUIRE(nf::detail::leaves_caches(tensor.codes().size_bytes() + values.size() * sizeof(float)));
  for (const std::size_t place : {std::size_t{0}, std::size_t{3}, std::size_t{16}}) {
    const std::vector<float> untouched(values.size() + 2 * places, -1234.5f);
    std::vector<float> out = untouched;
    const auto inner = std::span(out).subspan(places + place, values.size());
    place == 3 ? tensor.dequantize(inner, Shuffled{}) : tensor.dequantize(inner);
    Mismatches bad;
    const auto where = [&] {
      return std::to_string(cols) + " columns, place " + std::to_string(place);
    };
    for (std::size_t i = 0; i < out.size(); ++i) {
      const bool inside = i >= places + place && i < places + place + values.size();
      const std::size_t element = i - places - place;
      const float wanted =
          inside ? expected[element / (band * cols) % 3][element % (band * cols)] : untouched[i];
      bad.expect_equal(where, i, bits_of(wanted), bits_of(out[i]));
    }
    CHECK(bad.report() == "");
  }
}

}  // namespace

TEST_CASE("tensors beyond the caches come back as their parts", "[block]") {
  check_past_caches<nf::mxfp8_e4m3>(1024, 1);
  check_past_caches<nf::mxfp6_e2m3>(1001, 1);
  check_past_caches<nf::mxfp4_e2m1>(992, 0);
  check_past_caches<nf::nvfp4>(1008, 1);
}
