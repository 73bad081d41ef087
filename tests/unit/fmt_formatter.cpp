// SPDX-License-Identifier: MIT
// fmt: the shortest text and the bit fields with fill, align, sign and width; other specifications
// as those of float and double.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/io/fmt.hpp>

#include "support/catch.hpp"

using namespace narrowfloat;

const bfloat16 pi(3.140625);

TEST_CASE("an empty specification gives the shortest text", "[fmt]") {
  CHECK(fmt::format("{}", float16(65504)) == "65504");
  CHECK(fmt::format("{} {:}", pi, float8_e4m3fn(-448)) == "3.14 -448");
  CHECK(fmt::format("{0} {0}", float8_e8m0fnu(0.5)) == "0.5 0.5");
  CHECK(fmt::format("{}", float8_e5m2::from_bits(0xfc)) == "-inf");
}

TEST_CASE("the shortest text is laid out as a number", "[fmt]") {
  CHECK(fmt::format("{:8}|", pi) == "    3.14|");
  CHECK(fmt::format("{:<8}|", pi) == "3.14    |");
  CHECK(fmt::format("{:^8}|", pi) == "  3.14  |");
  CHECK(fmt::format("{:*>8}|", pi) == "****3.14|");
  CHECK(fmt::format("{:<<6}|", pi) == "3.14<<|");
  CHECK(fmt::format("{:\xc3\xa9>6}|", pi) ==
        "\xc3\xa9\xc3\xa9"
        "3.14|");
  CHECK(fmt::format("{:3}|", pi) == "3.14|");
  CHECK(fmt::format("{:>}|", pi) == "3.14|");
}

TEST_CASE("the shortest text takes a sign", "[fmt]") {
  CHECK(fmt::format("{:+}", pi) == "+3.14");
  CHECK(fmt::format("{: }", pi) == " 3.14");
  CHECK(fmt::format("{:-}", pi) == "3.14");
  CHECK(fmt::format("{:+}", -pi) == "-3.14");
  CHECK(fmt::format("{:*>+8}|", pi) == "***+3.14|");
  CHECK(fmt::format("{:+}", float8_e4m3fn::from_bits(0x7f)) == "+nan");
}

TEST_CASE("a width may be an argument", "[fmt]") {
  CHECK(fmt::format("{:{}}|", pi, 6) == "  3.14|");
  CHECK(fmt::format("{:<{}}|{}", pi, 6, 7) == "3.14  |7");
  CHECK(fmt::format("{0:{1}}|{0}", pi, 6) == "  3.14|3.14");
  CHECK(fmt::format("{:{wide}}|", pi, fmt::arg("wide", 6)) == "  3.14|");
  CHECK(fmt::format("{} {} {} {} {} {} {} {} {} {} {:{}}", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, pi, 5) ==
        "0 1 2 3 4 5 6 7 8 9  3.14");
}

TEST_CASE("b shows the fields of the code", "[fmt]") {
  CHECK(fmt::format("{:b}", float8_e4m3fn(448)) == "0|1111|110");
  CHECK(fmt::format("{:b}", float16(-1)) == "1|01111|0000000000");
  CHECK(fmt::format("{:b}", float8_e8m0fnu(1)) == "01111111");
  CHECK(fmt::format("{:b}", float8_ue4m3(1)) == "0111|000");
  CHECK(fmt::format("{:b}", Float<0, 3, 1, Specials::finite>::from_bits(0xd)) == "1|101");
  CHECK(fmt::format("{:b}", Float<3, 0>::from_bits(0xb)) == "1|011");
  CHECK(fmt::format("{:b}", Float<8, 23, 127>(-2)) == "1|10000000|00000000000000000000000");
  CHECK(fmt::format("{:12b}|", float8_e4m3fn(448)) == "  0|1111|110|");
  CHECK(fmt::format("{:.<{}b}|", float8_e4m3fn(448), 12) == "0|1111|110..|");
  CHECK(fmt::format("{:b>12}|", float4_e2m1fn(6)) == "bbbbbbbbbbb6|");
}

TEST_CASE("other specifications show the exact value", "[fmt]") {
  CHECK(fmt::format("{:.2f}", pi) == "3.14");
  CHECK(fmt::format("{:f}", pi) == "3.140625");
  CHECK(fmt::format("{:.3e}", float16(65504)) == "6.550e+04");
  CHECK(fmt::format("{:+g}", float16(0.25)) == "+0.25");
  CHECK(fmt::format("{:a}", float16(1.5)) == "0x1.8p+0");
  CHECK(fmt::format("{:08}", pi) == "3.140625");
  CHECK(fmt::format("{:010.3f}", pi) == "000003.141");
  CHECK(fmt::format("{:#.0f}", float16(3)) == "3.");
  CHECK(fmt::format("{:.{}f}", pi, 1) == "3.1");
  CHECK(fmt::format("{:.1e}", Float<5, 3, 300>::from_bits(1)) == "1.2e-91");
}

TEST_CASE("a specification that fits no number is an error", "[fmt]") {
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:d}"), pi), fmt::format_error);
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:+b}"), pi), fmt::format_error);
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:bb}"), pi), fmt::format_error);
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:8"), pi), fmt::format_error);
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:{}}"), pi), fmt::format_error);
  CHECK_THROWS_AS(
      fmt::format(fmt::runtime("{:{a_name_that_is_far_too_long_to_be_one_of_a_width}}"), pi),
      fmt::format_error);
}
