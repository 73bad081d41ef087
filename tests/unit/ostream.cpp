// SPDX-License-Identifier: MIT
// operator<<: a Float is written as the float or double of its value, the stream's flags honoured.
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
