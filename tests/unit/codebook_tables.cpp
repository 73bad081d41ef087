// SPDX-License-Identifier: MIT
// The tables of bitsandbytes by the version of PyTorch that made them, and code-books without 0.
#include <string_view>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;
using nf::BitsandbytesTable, nf::Signedness;

namespace {

/// What create_dynamic_map() gave, run with the linspace of PyTorch 2.15.0 on a processor with
/// AVX2: a letter a value from 0 on, its distance from the exact value rounded once, in units in
/// the last place; = - . + # are -2 -1 0 1 2.
constexpr std::string_view signed_units =
    ".++.-...++++++.+-...-.-+......-....+..+..+.-.....+..+-...+...++.+......."
    "..-.+..-....-....-.-.-...+....+....+.....................";
constexpr std::string_view unsigned_units =
    ".+.--.--+.-+.-...++-+++..+.#+.+.....-.-+..-.-..-.-.+-.-..-.--+.++-+.+.-+"
    ".-+#-.-...+...-...-.-.++#+-.++....+..++.+..+..-...+..+.....-.+..-.+..-.+"
    "..-.-......-....-....-....-....-....-..-....-..+....+....+....+....+...."
    "+....+.-..+.-..+.-..+.-..+.-..+.-..+.-..";

std::size_t differences(const nf::Codebook& a, const nf::Codebook& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < 256; ++i) count += word_of(a.value(i)) != word_of(b.value(i)) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("bitsandbytes' tables are those of a version of PyTorch", "[codebook]") {
  Mismatches bad;
  for (const auto sign : {Signedness::is_signed, Signedness::is_unsigned}) {
    const bool is_signed = sign == Signedness::is_signed;
    const auto exact = nf::dynamic_codebook(sign), today = nf::bitsandbytes_dynamic_codebook(sign);
    const auto old = nf::bitsandbytes_dynamic_codebook(sign, BitsandbytesTable::torch_1_13);
    const std::string_view units = is_signed ? signed_units : unsigned_units;
    const std::size_t zero = is_signed ? 127 : 0;
    REQUIRE(units.size() == 256 - zero);
    const auto where = [&] { return std::string(is_signed ? "signed" : "unsigned"); };
    for (std::size_t i = zero; i < 256; ++i) {
      const auto off =
          static_cast<std::uint32_t>(std::string_view("=-.+#").find(units[i - zero]) - 2);
      const std::uint32_t wanted = word_of(exact.value(i)) + off;
      bad.expect_equal(where, i, wanted, word_of(today.value(i)));
      if (i > zero && i < 255 && is_signed)
        bad.expect_equal(where, 254 - i, wanted | 0x80000000u, word_of(today.value(254 - i)));
    }
    CHECK(nf::bitsandbytes_dynamic_codebook(sign, BitsandbytesTable::torch_2_15) == today);
    CHECK(differences(old, today) == (is_signed ? 42u : 43u));
  }
  CHECK(bad.report() == "");
  CHECK(word_of(nf::bitsandbytes_dynamic_codebook().value(1)) == 0xbf7a999au);
  CHECK(word_of(
            nf::bitsandbytes_dynamic_codebook(Signedness::is_signed, BitsandbytesTable::torch_1_13)
                .value(1)) == 0xbf7a9999u);
}

TEST_CASE("codes of a file are read by the table of the file", "[codebook]") {
  const auto table =
      nf::bitsandbytes_dynamic_codebook(Signedness::is_signed, BitsandbytesTable::torch_1_13);
  const std::vector<float> of_file(table.values().begin(), table.values().end());
  const std::vector<std::uint8_t> codes{1, 200};
  const std::vector<float> scales{1.0f};
  std::vector<float> out(2);
  nf::CodebookTensor::from_parts(codes, scales, 2, nf::Codebook(of_file)).dequantize(out);
  CHECK(word_of(out[0]) == 0xbf7a9999u);
}

TEST_CASE("a code-book without 0 has the other values in their order", "[codebook]") {
  const auto v = nf::dynamic_codebook(Signedness::is_unsigned).without_zero();
  REQUIRE(v.size() == 255);
  for (std::size_t i = 0; i < 255; ++i)
    CHECK(v.value(i) == nf::dynamic_codebook(Signedness::is_unsigned).value(i + 1));
  CHECK(v.without_zero() == v);
  CHECK(nf::Codebook({0.5f, 0, -0.0f, -1, 0}, nf::CodeOrder::any).without_zero() ==
        nf::Codebook({0.5f, -1}, nf::CodeOrder::any));
  CHECK(nf::nf4_codebook().without_zero().size() == 15);
  CHECK_THROWS_AS((nf::Codebook{0, 1}.without_zero()), std::invalid_argument);
  // what is small in its block is not lost
  std::vector<float> moments(256, 1e-12f);
  moments[7] = 1;
  const auto least = [&](const nf::Codebook& book) {
    nf::CodebookTensor::quantize(moments, book).dequantize(moments);
    return *std::min_element(moments.begin(), moments.end());
  };
  CHECK(least(v) == v.least());
  moments.assign(256, 1e-12f);
  moments[7] = 1;
  CHECK(least(nf::dynamic_codebook(Signedness::is_unsigned)) == 0);
}
