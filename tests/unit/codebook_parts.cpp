// SPDX-License-Identifier: MIT
// Code-book tensors from all of their parts, codes as a range, and what shapes are refused before
// memory is taken.
#include <iterator>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;
using nf::CodebookTensor;

namespace {

std::vector<float> numbers(std::size_t n) {
  std::uint32_t state = 19;
  std::vector<float> values(n);
  for (float& x : values) x = static_cast<float>(next_random(state) >> 8) * 0x1p-20f - 8.1f;
  return values;
}

constexpr std::size_t huge[] = {std::size_t{1} << 44, std::size_t{1} << 60, std::size_t{1} << 61,
                                std::size_t{1} << 63, ~std::size_t{0} / 2,  ~std::size_t{0}};

}  // namespace

TEST_CASE("nested tensors are made from all their parts", "[codebook]") {
  for (const auto pipeline : {nf::CodebookPipeline::exact, nf::CodebookPipeline::bitsandbytes}) {
    const auto values = numbers(64 * 600 + 5);
    const auto t = CodebookTensor::quantize(values, nf::nf4_codebook(),
                                            {.pipeline = pipeline, .nested = true});
    const auto scales = t.nested_scales();
    CHECK(scales.book == (pipeline == nf::CodebookPipeline::exact
                              ? nf::dynamic_codebook()
                              : nf::bitsandbytes_dynamic_codebook()));
    const auto same =
        CodebookTensor::from_parts(t.codes().bytes(), scales, t.size(), t.codebook(), t.options());
    CHECK(same == t);
    CHECK(same.scales() == t.scales());
    // the book of the scales is that of the parts, and counts
    nf::NestedScales other = scales;
    other.book = nf::bitsandbytes_dynamic_codebook(nf::Signedness::is_signed,
                                                   nf::BitsandbytesTable::torch_1_13);
    const auto u = CodebookTensor::from_parts(t.codes().bytes(), other, t.size(), t.codebook());
    CHECK(!(u == t));
    CHECK(u.options().nested);
    CHECK(u.nested_scales().book == other.book);
    const float product = other.book.value(other.codes[9]) * other.scales[0];
    CHECK(u.scales()[9] == product + other.mean);
  }
}

TEST_CASE("parts that do not fit are refused with the numbers", "[codebook]") {
  const auto book = nf::nf4_codebook();
  const std::vector<std::uint8_t> codes{0x10, 0x32};
  const std::vector<float> one{1.0f}, two{1.0f, 1.0f};
  CHECK_THROWS_WITH(
      CodebookTensor::from_parts(codes, two, 4, book),
      "narrowfloat::CodebookTensor::from_parts: 4 elements have 2 bytes of codes and 1 "
      "scales, not 2 and 2");
  CHECK_THROWS_WITH(CodebookTensor::from_parts(codes, one, 4, nf::Codebook{0, 1, 2}),
                    "narrowfloat::CodebookTensor::from_parts: code 3 of element 3 is beyond a "
                    "code-book of 3 values");
  CHECK_THROWS_WITH(CodebookTensor::from_parts(codes, one, 4, book, {.nested = true}),
                    "narrowfloat::CodebookTensor::from_parts: nested scales are NestedScales, not "
                    "floats");
  const std::vector<std::uint8_t> few{1}, beyond{5};
  const nf::Codebook three{0, 1, 2};
  CHECK_NOTHROW(CodebookTensor::from_parts(codes, {few, one, 0, three}, 4, book));
  CHECK_THROWS_AS(CodebookTensor::from_parts(codes, {few, two, 0, three}, 4, book),
                  std::invalid_argument);
  CHECK_THROWS_AS(CodebookTensor::from_parts(codes, {codes, one, 0, book}, 4, book),
                  std::invalid_argument);
  CHECK_THROWS_AS(CodebookTensor::from_parts(codes, {beyond, one, 0, three}, 4, book),
                  std::invalid_argument);
}

TEST_CASE("shapes that fit no memory are refused before any is taken", "[codebook]") {
  const auto book = nf::nf4_codebook(), bytes = nf::dynamic_codebook();
  const nf::NestedScales none{{}, {}, 0, bytes};
  for (const std::size_t n : huge) {
    for (const std::size_t block : {std::size_t{0}, std::size_t{1}, ~std::size_t{0}}) {
      for (const nf::Codebook& any : {book, bytes}) {
        const nf::CodebookOptions options{.block_size = block};
        CHECK_THROWS_AS(CodebookTensor::from_parts({}, std::span<const float>(), n, any, options),
                        std::invalid_argument);
        CHECK_THROWS_AS(CodebookTensor::from_parts({}, none, n, any, options),
                        std::invalid_argument);
        if (n >= std::size_t{1} << 60)
          CHECK_THROWS_AS(CodebookTensor::zeros(n, any, options), std::invalid_argument);
      }
    }
  }
}

TEST_CASE("a nibble that pads becomes 0", "[codebook]") {
  const auto book = nf::nf4_codebook();
  const std::vector<float> one{1.0f};
  for (const auto order : {nf::NibbleOrder::low_first, nf::NibbleOrder::high_first}) {
    const std::vector<std::uint8_t> padded{0x21, 0x77};
    const nf::CodebookOptions options{.nibbles = order};
    const auto t = CodebookTensor::from_parts(padded, one, 3, book, options);
    CHECK(t.codes().bytes()[1] == (order == nf::NibbleOrder::low_first ? 0x07 : 0x70));
    // what a tensor of zeros had there stays away from what is assigned
    auto u = CodebookTensor::zeros(3, book, options);
    CHECK((u.codes().bytes()[1] & (order == nf::NibbleOrder::low_first ? 0xf0 : 0x0f)) == 0);
    u.assign(std::vector<float>{1, 1, 1});
    CHECK((u.codes().bytes()[1] & (order == nf::NibbleOrder::low_first ? 0xf0 : 0x0f)) == 0);
  }
}

TEST_CASE("codes are a range, and convert() reads it", "[codebook]") {
  static_assert(std::random_access_iterator<nf::CodebookCodes::iterator>);
  static_assert(std::ranges::random_access_range<nf::CodebookCodes>);
  for (const auto& book : {nf::nf4_codebook(), nf::dynamic_codebook()}) {
    for (const auto order : {nf::NibbleOrder::low_first, nf::NibbleOrder::high_first}) {
      const auto t = CodebookTensor::quantize(numbers(3001), book, {.nibbles = order});
      const auto codes = t.codes();
      REQUIRE(static_cast<std::size_t>(codes.end() - codes.begin()) == 3001);
      std::size_t i = 0;
      bool right = true;
      for (const std::uint8_t code : codes) right = right && code == codes[i++];
      CHECK(right);
      CHECK(codes.begin()[7] == codes[7]);
      CHECK(*(codes.end() - 1) == codes[3000]);
      std::vector<float> values(3001);
      std::vector<nf::float8_e4m3fn> narrow(3001), wanted(3001);
      nf::convert(codes, values);
      for (i = 0; i < 3001; ++i) right = right && values[i] == book.value(codes[i]);
      CHECK(right);
      nf::convert(codes, narrow, nf::Stochastic<>{4});
      nf::convert(values, wanted, nf::Stochastic<>{4});
      for (i = 0; i < 3001; ++i) right = right && narrow[i].bits() == wanted[i].bits();
      CHECK(right);
      CHECK_THROWS_AS(nf::convert(codes, values = std::vector<float>(3000)), std::invalid_argument);
    }
  }
}
