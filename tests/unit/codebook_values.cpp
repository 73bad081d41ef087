// SPDX-License-Identifier: MIT
// What a code-book may be made of, and the values of the named ones.
#include <limits>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;

namespace {

/// What std::invalid_argument says of these values.
std::string complaint(const std::vector<float>& values, nf::CodeOrder order) {
  try {
    nf::Codebook{values, order};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

bool says(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    if (text.find(part) == std::string::npos) return false;
  return !text.empty();
}

}  // namespace

TEST_CASE("values that make no code-book are refused, with the numbers", "[codebook]") {
  constexpr auto ascending = nf::CodeOrder::ascending, any = nf::CodeOrder::any;
  constexpr float inf = std::numeric_limits<float>::infinity();
  for (const auto order : {ascending, any}) {
    CHECK(says(complaint({}, order), {"0"}));
    CHECK(says(complaint({1}, order), {"2 to 256", "1"}));
    CHECK(says(complaint(std::vector<float>(257, 1.0f), order), {"257"}));
    CHECK(says(complaint({0, inf}, order), {"value 1"}));
    CHECK(says(complaint({std::numeric_limits<float>::quiet_NaN(), 1}, order), {"value 0"}));
    CHECK(says(complaint({-0.0f, 0.0f, 0}, order), {"3 values"}));
  }
  CHECK(says(complaint({0, 0.5f, 0.25f}, ascending), {"value 2", "0.25", "value 1", "0.5"}));
  CHECK(complaint({0, 0.5f, 0.25f}, any).empty());
  CHECK(complaint({0, 0.5f, 0.5f, 0.75f}, ascending).empty());
  CHECK(complaint({0, -0.0f, 1}, ascending).empty());  // one number
  CHECK(nf::Codebook(std::vector<float>{0, 1}).code_bits() == 4);
  std::vector<float> seventeen;
  for (int i = 0; i < 17; ++i) seventeen.push_back(static_cast<float>(i));
  CHECK(nf::Codebook(seventeen).code_bits() == 8);
}

TEST_CASE("of equal values the least code is given, every code is known", "[codebook]") {
  const nf::Codebook book({0.5f, -1, 0.5f, 0, -0.0f, 1}, nf::CodeOrder::any);
  CHECK(book.nearest(0.6f) == 0);
  CHECK(book.nearest(-0.1f) == 3);
  CHECK(book.nearest(0.1f) == 3);
  CHECK(book.nearest(-2) == 1);
  CHECK(book.nearest(std::numeric_limits<float>::infinity()) == 5);
  CHECK(book.nearest(-std::numeric_limits<float>::infinity()) == 1);
  CHECK(book.nearest(std::numeric_limits<float>::quiet_NaN()) == 5);
  CHECK(book.nearest(-0.5f) == 1);  // a tie: the lower value
  CHECK(book.nearest(0.25f) == 3);
  CHECK(book.least() == -1);
  CHECK(book.greatest() == 1);
  const std::vector<std::uint8_t> codes{0x20, 0x43};
  const std::vector<float> absmax{2.0f};
  std::vector<float> out(4);
  nf::CodebookTensor::from_parts(codes, absmax, 4, book).dequantize(out);
  CHECK(out == std::vector<float>{1, 1, 0, 0});
  CHECK(std::signbit(out[3]));
}

TEST_CASE("code-books are equal where their values are, bit by bit and in order", "[codebook]") {
  CHECK(nf::Codebook{-1, 0, 1} == nf::Codebook(std::vector<float>{-1, 0, 1}));
  CHECK(!(nf::Codebook{-1, 0, 1} == nf::Codebook{-1, -0.0f, 1}));
  CHECK(!(nf::Codebook{-1, 0, 1} == nf::Codebook{-1, 0}));
  CHECK(!(nf::Codebook{0, 1} == nf::Codebook({1, 0}, nf::CodeOrder::any)));
}

TEST_CASE("the dynamic trees have their values rounded once", "[codebook]") {
  Mismatches bad;
  for (int bits = 2; bits <= 8; ++bits) {
    for (int exponent = 1; exponent < bits; ++exponent) {
      for (const auto sign : {nf::Signedness::is_signed, nf::Signedness::is_unsigned}) {
        const bool is_signed = sign == nf::Signedness::is_signed;
        const auto book = nf::dynamic_codebook(sign, bits, exponent);
        std::vector<std::uint32_t> positive{word_of(1.0f)};
        const auto add = [&](std::uint64_t n, int down) {
          std::uint64_t power = 1;
          for (int i = 0; i < down; ++i) power *= 10;
          for (std::uint64_t k = 0; k < n; ++k)
            positive.push_back(oracle::nearest_float(2 * n + 18 * k + 9, 20 * n * power));
        };
        const int spare = bits - 1 - exponent + (is_signed ? 0 : 1);
        for (int i = 0; i < exponent; ++i) add(std::uint64_t{1} << (i + spare), exponent - 1 - i);
        add((std::uint64_t{1} << spare) - (is_signed ? 1 : 2), 0);
        std::vector<std::uint32_t> wanted{0};
        std::sort(positive.begin(), positive.end());
        for (const std::uint32_t x : positive) {
          wanted.push_back(x);
          if (is_signed && x != word_of(1.0f)) wanted.insert(wanted.begin(), x | 0x80000000u);
        }
        const auto where = [&] {
          return std::to_string(bits) + " bits, " + std::to_string(exponent) + " of exponent";
        };
        bad.expect_equal(where, 0, std::size_t{1} << bits, book.size());
        REQUIRE(wanted.size() == book.size());
        for (std::size_t i = 0; i < book.size(); ++i)
          bad.expect_equal(where, i, wanted[i], word_of(book.value(i)));
      }
    }
  }
  CHECK(bad.report() == "");
  CHECK_THROWS_AS(nf::dynamic_codebook(nf::Signedness::is_signed, 8, 8), std::invalid_argument);
  CHECK_THROWS_AS(nf::dynamic_codebook(nf::Signedness::is_signed, 9), std::invalid_argument);
  CHECK_THROWS_AS(nf::dynamic_codebook(nf::Signedness::is_signed, 1), std::invalid_argument);
}

TEST_CASE("the linear code-books have equal steps", "[codebook]") {
  Mismatches bad;
  for (int bits = 2; bits <= 8; ++bits) {
    const std::uint64_t half = (std::uint64_t{1} << (bits - 1)) - 1, all = 2 * half + 1;
    const auto book = nf::linear_codebook(nf::Signedness::is_signed, bits);
    const auto positive = nf::linear_codebook(nf::Signedness::is_unsigned, bits);
    const auto where = [&] { return std::to_string(bits) + " bits"; };
    REQUIRE(book.size() == std::size_t{1} << bits);
    REQUIRE(positive.size() == std::size_t{1} << bits);
    for (std::uint64_t i = 0; i <= all; ++i) {
      bad.expect_equal(where, i, oracle::nearest_float(i, all), word_of(positive.value(i)));
      const std::uint64_t steps = i > half ? i - half - 1 : half - i;
      const std::uint32_t sign = i < half ? 0x80000000u : 0;
      bad.expect_equal(where, i, oracle::nearest_float(steps, half) | sign, word_of(book.value(i)));
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("NF4, AF4 and FP4 have their published values", "[codebook]") {
  constexpr std::uint32_t nf4[] = {0xbf800000, 0xbf3239b1, 0xbf066b30, 0xbeca32a0,
                                   0xbe91a24d, 0xbe3d353f, 0xbdba7871, 0x00000000,
                                   0x3da2faff, 0x3e24cae3, 0x3e7c04dd, 0x3ead033a,
                                   0x3ee1a4b8, 0x3f1007ab, 0x3f3913b3, 0x3f800000};
  const auto book = nf::nf4_codebook();
  REQUIRE(book.size() == 16);
  for (std::size_t i = 0; i < 16; ++i) CHECK(word_of(book.value(i)) == nf4[i]);
  CHECK(nf::af4_codebook().value(1) == -0.69441008f);
  CHECK(nf::af4_codebook().value(14) == 0.72424863f);
  const auto fp4 = nf::fp4_bitsandbytes_codebook();
  CHECK(word_of(fp4.value(1)) == oracle::nearest_float(1, 192));
  CHECK(word_of(fp4.value(2)) == oracle::nearest_float(2, 3));
  CHECK(fp4.value(8) == 0);
  CHECK(fp4.value(11) == -1);
}

TEST_CASE("quantiles are the middles of bins of equal mass", "[codebook]") {
  // boundaries of index 0, 2, 4, 6, 8 of the sorted numbers
  const std::vector<float> sample{8, -4, 1, 0, -2, 2, 5, 3, -3};
  const auto book = nf::quantile_codebook(sample, 2);
  CHECK(std::vector<float>(book.values().begin(), book.values().end()) ==
        std::vector<float>{-3.0f / 8, -0.5f / 8, 2.0f / 8, 5.5f / 8});
  CHECK_THROWS_AS(nf::quantile_codebook(std::vector<float>{1}, 2), std::invalid_argument);
  CHECK_THROWS_AS(nf::quantile_codebook(std::vector<float>{0, 0}, 2), std::invalid_argument);
  CHECK_THROWS_AS(nf::quantile_codebook(std::vector<float>{3, 3}, 2), std::invalid_argument);
  CHECK_THROWS_AS(
      nf::quantile_codebook(std::vector<float>{1, std::numeric_limits<float>::infinity()}),
      std::invalid_argument);
}
