// SPDX-License-Identifier: MIT
// Double quantization: the absmax of the blocks less their mean, by the dynamic code-book in blocks
// of 256.
#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;

namespace {

std::vector<float> weights(std::size_t n) {
  std::vector<float> values;
  std::uint32_t state = 11;
  for (std::size_t i = 0; i < n; ++i) {
    const float x = static_cast<float>(next_random(state) >> 8) - 8388608.0f;
    values.push_back(x * std::ldexp(1.0f, static_cast<int>(i / 64 * 7 % 5) - 24));
  }
  return values;
}

std::uint32_t rounded_sum(float a, float b) {
  return oracle::round(oracle::binary32, oracle::sum(exact_of(a), exact_of(b)), {},
                       oracle::Saturation::none);
}

}  // namespace

TEST_CASE("nested absmax are codes about their mean; the elements are those of the exact ones",
          "[codebook]") {
  const auto values = weights(64 * 600 + 5);
  const auto book = nf::nf4_codebook();
  for (const auto pipeline : {nf::CodebookPipeline::exact, nf::CodebookPipeline::bitsandbytes}) {
    const bool is_exact = pipeline == nf::CodebookPipeline::exact;
    const auto plain = nf::CodebookTensor::quantize(values, book, {.pipeline = pipeline});
    const auto nested =
        nf::CodebookTensor::quantize(values, book, {.pipeline = pipeline, .nested = true});
    const auto absmax = plain.scales();
    REQUIRE(absmax.size() == 601);
    REQUIRE(nested.nested_scales().codes.size() == 601);
    REQUIRE(nested.nested_scales().scales.size() == 3);
    CHECK(plain.nested_scales().codes.empty());
    CHECK(plain.nested_scales().scales.empty());
    std::vector<std::uint32_t> bits;
    for (const float x : absmax) bits.push_back(word_of(x));
    CHECK(word_of(nested.nested_scales().mean) == oracle::mean_of_floats(bits));

    const auto second = is_exact ? nf::dynamic_codebook() : nf::bitsandbytes_dynamic_codebook();
    const auto second_values = bits_of_values(second);
    const auto restored = nested.scales();
    Mismatches bad;
    const auto where = [] { return std::string("block"); };
    for (std::size_t b = 0; b < absmax.size(); ++b) {
      const auto difference =
          std::bit_cast<float>(rounded_sum(absmax[b], -nested.nested_scales().mean));
      const float scale = nested.nested_scales().scales[b / 256];
      const unsigned code =
          oracle::nearest_code(second_values, word_of(difference), word_of(scale));
      if (is_exact) bad.expect_equal(where, b, code, nested.nested_scales().codes[b]);
      const auto product = std::bit_cast<float>(oracle::round(
          oracle::binary32,
          oracle::product(exact_of(second.value(nested.nested_scales().codes[b])), exact_of(scale)),
          {}, oracle::Saturation::none));
      bad.expect_equal(where, b, rounded_sum(product, nested.nested_scales().mean),
                       word_of(restored[b]));
    }
    std::vector<float> out(values.size());
    nested.dequantize(out);
    for (std::size_t i = 0; i < values.size(); ++i) {
      bad.expect_equal(where, i, plain.codes()[i], nested.codes()[i]);
      bad.expect(book.value(nested.codes()[i]) * restored[i / 64] == out[i], where, i, 0, 0);
    }
    CHECK(bad.report() == "");
  }
}

TEST_CASE("a NaN absmax makes NaN of the blocks of its second level, not of others", "[codebook]") {
  auto values = weights(64 * 520);
  values[64 * 300] = std::nanf("");
  const auto nested = nf::CodebookTensor::quantize(values, nf::nf4_codebook(), {.nested = true});
  const auto absmax = nested.scales();
  for (std::size_t b = 0; b < absmax.size(); ++b)
    if (std::isnan(absmax[b]) != (b / 256 == 1)) FAIL_CHECK("block " << b);
  CHECK(!std::isnan(nested.nested_scales().mean));
}

TEST_CASE("the mean of the absmax is exact and rounded once", "[codebook]") {
  const auto mean = [](const std::vector<float>& values) {
    return nf::CodebookTensor::quantize(values, nf::nf4_codebook(),
                                        {.block_size = 1, .nested = true})
        .nested_scales()
        .mean;
  };
  // ties of two floats go to the even one; the least bit more or less decides
  CHECK(mean({1.0f, 0x1.000002p0f}) == 1.0f);
  CHECK(mean({0x1.000002p0f, 0x1.000004p0f}) == 0x1.000004p0f);
  CHECK(mean({2.0f, 0x1.000004p1f, 0x1p-100f, 0.0f}) == 0x1.000002p0f);
  CHECK(mean({0x1.fffffep127f, -0x1.fffffep127f}) == 0x1.fffffep127f);
  CHECK(mean({0x1p-149f, 0x1p-148f}) == 0x1p-148f);
  CHECK(mean({0.0f, 0.0f}) == 0.0f);
}
