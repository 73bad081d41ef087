// SPDX-License-Identifier: MIT
// operator<<: a Float is written as the float or double of its value, the stream's flags honoured.
// operator>>: it is read as from_chars() reads it.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/io/ostream.hpp>

#include <iomanip>
#include <sstream>

#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

template <class... Parts>
std::string written(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace

TEST_CASE("the exact value is written", "[ostream]") {
  CHECK(written(float16(65504)) == "65504");
  CHECK(written(float8_e4m3fn(-0.001953125)) == "-0.00195312");
  CHECK(written(float8_e5m2::from_bits(0xfc)) == "-inf");
  CHECK(written(float8_e4m3fn::from_bits(0x7f)) == "nan");
  CHECK(written(float8_e8m0fnu(0.25)) == "0.25");
}

TEST_CASE("the flags of the stream are honoured", "[ostream]") {
  CHECK(written(std::setprecision(10), bfloat16(3.140625)) == "3.140625");
  CHECK(written(std::setw(8), std::setfill('*'), float16(1.5)) == "*****1.5");
  CHECK(written(std::showpos, std::scientific, std::setprecision(1), float16(1.5)) == "+1.5e+00");
}

TEST_CASE("values beyond float are written as double", "[ostream]") {
  CHECK(written(std::setprecision(3), Float<5, 3, 300>::from_bits(8)) == "9.82e-91");
  CHECK(written(std::setprecision(3), Float<4, 3, -300>::from_bits(8)) == "4.07e+90");
}

TEST_CASE("wide streams are written to as well", "[ostream]") {
  std::wostringstream out;
  out << float16(0.5);
  CHECK(out.str() == L"0.5");
}

TEST_CASE("numbers are read one after another", "[ostream]") {
  std::istringstream in("0.3 -1e3,\n+7;inf");
  float8_e4m3fn a, b, c;
  char comma = 0, semicolon = 0;
  float16 d;
  in >> a >> b >> comma >> c >> semicolon >> d;
  CHECK(written(a, ' ', b, comma, c, semicolon, d) == "0.3125 -448,7;inf");
  CHECK(in.eof());
  CHECK(in);
}

TEST_CASE("what is no number sets failbit and leaves the number", "[ostream]") {
  for (const char* text : {"", "x", "1.2.3", "+-1", "--1", "1e", "65520"}) {
    std::istringstream in(text);
    float16 x(2);
    CHECK(!(in >> x));
    CHECK(x == float16(2));
  }
  float16 x;
  std::istringstream zeros(std::string(3000, '0') + "7");
  CHECK(zeros >> x);
  CHECK(x == float16(7));
  std::wistringstream wide(L"2.5\u00e9");
  CHECK(wide >> x);
  CHECK(x == float16(2.5));
}
