// SPDX-License-Identifier: MIT
// Codes of the formats of run time: every code of every format up to 12 bits has the oracle's
// value, and is the code of it; the midpoints beside it go to the even code. What is refused,
// before anything is written.
#include <narrowfloat/quantize/fake_quantize.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/check_grid.hpp"

using namespace test;

namespace {

/// Every code of a format, and what lies between it and the next.
void check_every_code(const nf::RuntimeFormat& format, Mismatches& bad) {
  const std::uint32_t count = 1u << format.width();
  std::vector<std::uint16_t> codes(count), again(count);
  std::vector<float> values(count);
  for (std::uint32_t code = 0; code < count; ++code) codes[code] = static_cast<std::uint16_t>(code);
  format.decode(codes, values);
  format.encode(values, again);
  const auto name = [&] { return grid_name(format); };
  for (std::uint32_t code = 0; code < count; ++code) {
    bad.expect_equal(name, code, std::bit_cast<std::uint32_t>(grid_value(code, format)),
                     std::bit_cast<std::uint32_t>(values[code]));
    bad.expect_equal(name, code, std::bit_cast<std::uint32_t>(values[code]),
                     std::bit_cast<std::uint32_t>(format.decode(code)));
    // where neighbours are one float, it is the code that is nearest to that
    bad.expect_equal(name, code, grid_code(values[code], format), again[code]);
    bad.expect_equal(name, code, again[code], format.encode(values[code]));
  }
}

}  // namespace

TEST_CASE("runtime codes: every code of every format up to 12 bits", "[quantize][runtime]") {
  Mismatches bad;
  for (int e = 0; e <= 8; ++e) {
    for (int m = 1; m <= (e == 0 ? 11 : 10); ++m) {
      for (const bool is_signed : {true, false}) {
        const nf::RuntimeFormat shape{e, m, 1, is_signed};
        if (shape.width() > 12) continue;
        for (const float c : {240.0f, 0.3337f}) check_every_code({e, m, c, is_signed}, bad);
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("runtime codes: ties go to the even code", "[quantize][runtime]") {
  Mismatches bad;
  for (const nf::RuntimeFormat& format : grid_formats()) {
    if (format.width() <= 12) check_codes<std::uint16_t>(grid_ties(format), format, bad);
  }
  CHECK(bad.report() == "");
  const nf::RuntimeFormat integers{0, 7, 127};
  CHECK(integers.encode(2.5f) == 2);
  CHECK(integers.encode(-3.5f) == 0x84);
  CHECK(integers.encode(0.5f) == 0);
  CHECK(integers.encode(126.5f) == 126);
}

TEST_CASE("runtime codes: no exponent bits are integers, in the codes of one",
          "[quantize][runtime]") {
  const nf::RuntimeFormat integers{0, 7, 12.7f}, floats{1, 6, 12.7f};
  for (std::uint32_t code = 0; code < 256; ++code) {
    REQUIRE(integers.decode(code) == floats.decode(code));
    REQUIRE(std::fabs(integers.decode(code & 0x7f) - 0.1f * static_cast<float>(code & 0x7f)) <
            1e-6f);
  }
  CHECK(integers.width() == 8);
  CHECK(nf::RuntimeFormat{} == nf::RuntimeFormat{4, 3, 240, true});
  CHECK(nf::RuntimeFormat{0, 7, 127}.bias() == -6);  // of Float<0, 7, -6>: steps of 2^(1 + 6 - 7)
  CHECK(nf::RuntimeFormat::from_bias(0, 7, -6).max_value == 127);
}

TEST_CASE("runtime codes: NaN, Inf, signs", "[quantize][runtime]") {
  const float inf = std::numeric_limits<float>::infinity();
  const nf::RuntimeFormat e4m3{4, 3, 240}, positive{4, 4, 240, false};
  CHECK(e4m3.encode(inf) == 0x7f);
  CHECK(e4m3.encode(-inf) == 0xff);
  CHECK(e4m3.encode(std::bit_cast<float>(0xffc00000u)) == 0x7f);
  CHECK(e4m3.encode(-0.0f) == 0x80);
  CHECK(std::bit_cast<std::uint32_t>(e4m3.decode(0x80)) == 0x80000000u);
  CHECK(positive.encode(-inf) == 0);
  CHECK(positive.encode(-0.0f) == 0);
  CHECK(positive.encode(std::nanf("")) == 0xff);
}

TEST_CASE("runtime codes: what does not fit is refused before anything is written",
          "[quantize][runtime]") {
  const nf::RuntimeFormat e4m3{4, 3, 240}, wide{5, 6, 1};
  const std::vector<float> in(3, 1.0f);
  std::vector<std::uint8_t> three(3, 9), two(2);
  std::vector<float> out(3, 5.0f);
  CHECK_THROWS_WITH(e4m3.encode(in, two),
                    "narrowfloat::RuntimeFormat::encode: the input has 3 elements, the output 2");
  CHECK_THROWS_WITH(wide.encode(in, three),
                    "narrowfloat::RuntimeFormat::encode: codes of 12 bits have no place in 8");
  CHECK_THROWS_AS((nf::RuntimeFormat{9, 3, 1}).encode(in, three), std::invalid_argument);
  CHECK_THROWS_AS((void)(nf::RuntimeFormat{4, 3, -1}).encode(1), std::invalid_argument);
  CHECK(three == std::vector<std::uint8_t>(3, 9));
  CHECK_THROWS_WITH(e4m3.decode(std::vector<std::uint16_t>{1, 2, 256}, out),
                    "narrowfloat::RuntimeFormat::decode: a format of 8 bits has no code 256");
  CHECK_THROWS_AS(e4m3.decode(two, out), std::invalid_argument);
  CHECK(out == std::vector<float>(3, 5.0f));
}
