// SPDX-License-Identifier: MIT
// Elementary functions of every code of every format of up to 16 bits, against the functions of
// double, which are exact there; what they return is rounded by the oracle.
#include <narrowfloat/math.hpp>

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F>
std::uint32_t rounded(double x) {
  return oracle::round(oracle_format<F>(), exact_of(x), {}, oracle::Saturation::none);
}

template <class F>
struct Checker {
  Mismatches& bad;

  void expect(const char* function, std::uint32_t code, std::uint32_t expected, std::uint32_t got) {
    bad.expect_equal([&] { return name_of<F>() + " " + function; }, code, expected, got);
  }
  void classification(F x, double value) {
    expect("isnan", x.bits(), std::isnan(value), isnan(x));
    expect("isinf", x.bits(), std::isinf(value), isinf(x));
    expect("isfinite", x.bits(), std::isfinite(value), isfinite(x));
    expect("signbit", x.bits(), std::signbit(value), signbit(x));
  }
  void sign(F x, double value) {
    if (std::isnan(value)) return;  // the last test
    expect("abs", x.bits(), rounded<F>(std::fabs(value)), abs(x).bits());
    for (const double other : {1.0, -1.0}) {
      if (!F::is_signed && other < 0) continue;
      expect("copysign", x.bits(), rounded<F>(std::copysign(value, other)),
             copysign(x, F(other)).bits());
    }
  }
  void exponent(F x, double value) {
    const bool regular = std::isfinite(value) && value != 0;
    const int expected = regular ? std::ilogb(value) : value == 0 ? INT_MIN : INT_MAX;
    expect("ilogb", x.bits(), static_cast<std::uint32_t>(expected),
           static_cast<std::uint32_t>(ilogb(x)));

    int n = 0, got_n = -1;
    const double fraction = std::frexp(value, &n);
    const F got = frexp(x, &got_n);
    const std::uint32_t code = regular ? rounded<F>(fraction) : x.bits();
    expect("frexp", x.bits(), code, got.bits());
    expect("frexp's exponent", x.bits(), static_cast<std::uint32_t>(regular ? n : 0),
           static_cast<std::uint32_t>(got_n));

    for (const int scale : {0, 1, -1, 5, -5, 17, -17, 300, -300, 900, -900}) {
      const std::uint32_t scaled = regular ? rounded<F>(std::ldexp(value, scale)) : x.bits();
      expect("ldexp", x.bits(), scaled, ldexp(x, scale).bits());
    }
  }
};

template <class F>
void check_each_code(Mismatches& bad) {
  Checker<F> check{bad};
  for (std::uint32_t code = 0; code < code_count<F>(); ++code) {
    const F x = from_code<F>(code);
    const double value = static_cast<double>(x);
    check.classification(x, value);
    check.sign(x, value);
    check.exponent(x, value);
  }
}

/// nextafter walks the values in order: sorted as doubles, each steps to the next.
template <class F>
void check_neighbours(Mismatches& bad) {
  std::vector<double> values;
  for (std::uint32_t code = 0; code < code_count<F>(); ++code) {
    const double value = static_cast<double>(from_code<F>(code));
    if (!std::isnan(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  Checker<F> check{bad};
  const auto code_of = [](double x) { return rounded<F>(x); };
  const auto step = [](std::uint32_t from, double to) {
    return nextafter(from_code<F>(from), from_code<F>(rounded<F>(to))).bits();
  };
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const double low = values[i] + 0.0, high = values[i + 1] + 0.0;  // zero is +0
    // Toward zero from below, the zero is the negative one where the format has it.
    const double next = high == 0 ? -0.0 : high;
    check.expect("nextafter up", code_of(low), code_of(next), step(code_of(low), values.back()));
    check.expect("nextafter down", code_of(high), code_of(low),
                 step(code_of(high), values.front()));
    check.expect("nextafter itself", code_of(low), code_of(low), step(code_of(low), low));
    if (low == 0 && std::signbit(static_cast<double>(F(-0.0)))) {
      check.expect("nextafter of -0", 0, code_of(high), step(code_of(-0.0), values.back()));
    }
  }
}

template <class List>
std::string check_all() {
  Mismatches bad;
  for_each_format<List>([&]<class F>() {
    if constexpr (F::width <= 16) {
      check_each_code<F>(bad);
      check_neighbours<F>(bad);
    }
  });
  return bad.report();
}

}  // namespace

TEST_CASE("named formats: elementary functions are those of double", "[math]") {
  CHECK(check_all<named_formats>() == "");
}

TEST_CASE("custom formats: elementary functions are those of double", "[math]") {
  CHECK(check_all<custom_formats>() == "");
}

TEST_CASE("NaN in, NaN out; its sign bit obeys abs and copysign where it has one", "[math]") {
  const auto nan = nf::float16::from_bits(0xfe01);
  CHECK(abs(nan).bits() == 0x7e01);
  CHECK(copysign(nan, nf::float16(1)).bits() == 0x7e01);
  CHECK(copysign(abs(nan), nf::float16(-1)).bits() == 0xfe01);
  const auto unsigned_nan = nf::float8_e4m3fnuz::from_bits(0x80);
  CHECK(abs(unsigned_nan).bits() == 0x80);
  CHECK(copysign(unsigned_nan, nf::float8_e4m3fnuz(-1)).bits() == 0x80);
  CHECK(isnan(nextafter(nf::float16(1), nan)));
  CHECK(isnan(nextafter(nan, nf::float16(1))));
  CHECK(isnan(ldexp(nan, 3)));
}
