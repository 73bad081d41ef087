// SPDX-License-Identifier: MIT
// A long double is rounded once, by all its bits: where its double would be a midpoint too, at the
// ends of its range, in constant expressions, in arrays; and holds every number.
#include <narrowfloat/convert.hpp>
#include <narrowfloat/limits.hpp>

#include <array>
#include <cfloat>
#include <cmath>
#include <cstring>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

oracle::Exact exact_of(long double x) {
  oracle::Exact result{.negative = std::signbit(x), .subnormal = std::fabs(x) < LDBL_MIN};
  if (std::isnan(x)) result.kind = oracle::Exact::Kind::nan;
  if (std::isinf(x)) result.kind = oracle::Exact::Kind::infinity;
  if (!std::isfinite(x) || x == 0) return result;
  const long double fraction = std::frexp(std::fabs(x), &result.exponent);
  result.significand = static_cast<oracle::Wide>(std::ldexp(fraction, LDBL_MANT_DIG));
  result.exponent -= LDBL_MANT_DIG;
  return result;
}

constexpr long double infinite = std::numeric_limits<long double>::infinity(),
                      nan = std::numeric_limits<long double>::quiet_NaN();
const std::array ends{LDBL_MAX,       -LDBL_MAX, LDBL_MIN,  -LDBL_MIN, LDBL_TRUE_MIN,
                      -LDBL_TRUE_MIN, infinite,  -infinite, nan,       -nan,
                      0.0L,           -0.0L,     0x1p4001L, 0x1p-4001L};

/// The numbers that decide a conversion to F, and the nearest long doubles on both sides of each.
template <class F>
std::vector<long double> inputs() {
  std::vector<long double> result(ends.begin(), ends.end());
  for (const double x : deciding_doubles<F>()) {
    const long double middle = x;
    result.insert(result.end(),
                  {middle, std::nextafter(middle, infinite), std::nextafter(middle, -infinite)});
  }
  return result;
}

template <class F, class R>
void check(const std::vector<long double>& values, R policy, const oracle::Rounding& rounding,
           nf::Subnormals subnormals, Mismatches& bad) {
  const bool flush = subnormals == nf::Subnormals::flush;
  for (const long double x : values) {
    for (const nf::Saturation saturation : saturations) {
      const std::uint32_t expected = oracle::round(oracle_format<F>(), exact_of(x), rounding,
                                                   oracle_saturation(saturation), flush);
      const std::uint32_t got = nf::convert<F>(x, policy, saturation, subnormals).bits();
      bad.expect_equal(name_of<F>, bits_of(static_cast<double>(x)), expected, got);
    }
  }
}

using formats =
    std::tuple<nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e4m3fnuz, nf::float8_e8m0fnu,
               nf::float8_ue4m3, nf::float4_e2m1fn, nf::float16, nf::bfloat16,
               Float<0, 7, 1, Specials::finite>, Float<8, 23, 140, Specials::finite>>;

template <class F, class T>
constexpr bool is(T x, unsigned code) {
  return F(x).bits() == code;
}
// 1 + 2^-11 is the midpoint of 1 and its successor in float16: its double would be rounded to the
// even code, 1.
static_assert(LDBL_MANT_DIG == 53 || is<nf::float16>(1 + 0x1p-11L + 0x1p-63L, 0x3c01));
static_assert(is<nf::float16>(1 + 0x1p-11L, 0x3c00) && is<nf::float16>(-0.0L, 0x8000));
static_assert(LDBL_MANT_DIG == 53 || is<nf::float8_e4m3fn>(-(464 - 0x1p-55L), 0xfe));
static_assert(is<nf::float16>(infinite, 0x7c00) && is<nf::float16>(-nan, 0xfe00));
static_assert(is<nf::float8_e5m2>(LDBL_TRUE_MIN, 0) && is<nf::float8_e5m2>(LDBL_MAX, 0x7b));
static_assert(nf::convert<nf::float8_e5m2>(LDBL_TRUE_MIN, nf::toward_positive).bits() == 1);
static_assert(nf::convert<long double>(nf::float16(-0.1f)) ==
              static_cast<float>(nf::float16(-0.1f)));

}  // namespace

TEST_CASE("a long double is rounded once, to every kind of format", "[long_double]") {
  for_each_format<formats>([]<class F>() {
    Mismatches bad;
    const auto values = inputs<F>();
    for (const auto x : values) {
      const auto saturation = oracle_saturation(nf::default_saturation<F>);
      bad.expect_equal(name_of<F>, 0,
                       oracle::round(oracle_format<F>(), exact_of(x), {}, saturation), F(x).bits());
    }
    check<F>(values, nf::nearest_even, {}, nf::Subnormals::keep, bad);
    check<F>(values, nf::to_odd, {oracle::Mode::to_odd}, nf::Subnormals::flush, bad);
    check<F>(values, nf::toward_positive, {oracle::Mode::toward_positive}, nf::Subnormals::keep,
             bad);
    for (const std::uint32_t r : {0u, 1u, 0x8000'0000u, ~0u})
      check<F>(values, nf::StochasticC<32>{r}, {oracle::Mode::stochastic_c, 32, r},
               nf::Subnormals::keep, bad);
    CHECK(bad.report() == "");
  });
}

TEST_CASE("a long double is rounded once to float and to double", "[long_double]") {
  Mismatches bad;
  const auto name = [] { return std::string("float, double"); };
  for (const int power : {-1075, -1074, -1022, -150, -149, -126, 0, 127, 128, 1023, 1024}) {
    for (const long double step : {0x1p-24L, 0x1p-53L}) {
      const long double middle = std::ldexp(1 + step, power);
      for (const long double to : {infinite, middle, -infinite}) {
        const long double x = std::nextafter(middle, to);
        bad.expect_equal(name, 32,
                         oracle::round(oracle::binary32, exact_of(x), {}, oracle::Saturation::none),
                         bits_of(nf::convert<float>(x)));
        bad.expect_equal(name, 64, oracle::round_to_f64(exact_of(x)),
                         bits_of(nf::convert<double>(x)));
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("arrays of long double are converted one by one", "[long_double]") {
  using F = nf::float8_e5m2;
  const std::vector<long double> values = inputs<F>();
  std::vector<F> codes(values.size());
  const nf::Stochastic<> noise{.seed = 7, .offset = 5};
  nf::convert(values, codes, noise);
  Mismatches bad;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const F expected = nf::convert<F>(values[i], nf::Stochastic<>{.seed = 7, .offset = 5 + i});
    bad.expect_equal(name_of<F>, i, expected.bits(), codes[i].bits());
  }
  CHECK(bad.report() == "");
  std::vector<long double> back(codes.size());
  nf::convert(codes, back);
  for (std::size_t i = 0; i < codes.size(); ++i)
    bad.expect_equal(name_of<F>, i, bits_of(static_cast<double>(codes[i])),
                     bits_of(static_cast<double>(back[i])));
  CHECK(bad.report() == "");
  back.pop_back();
  CHECK_THROWS_AS(nf::convert(codes, back), std::invalid_argument);
  CHECK(nf::convert<long double>(-std::numeric_limits<F>::infinity(), nf::nearest_even,
                                 nf::Saturation::finite) == -LDBL_MAX);
  CHECK(nf::convert<long double>(F::from_bits(1), nf::nearest_even, nf::Saturation::none,
                                 nf::Subnormals::flush) == 0);
}

#if LDBL_MANT_DIG == 64
TEST_CASE("encodings that are no numbers to x87's instructions are NaN", "[long_double]") {
  const auto code = [](std::uint64_t significand, std::uint16_t head) {
    long double x = 0;
    std::memcpy(&x, &significand, 8);
    std::memcpy(reinterpret_cast<char*>(&x) + 8, &head, 2);
    return nf::float16(x).bits();
  };
  CHECK(code(std::uint64_t{1} << 63, 0x3fff) == 0x3c00);
  CHECK(code(std::uint64_t{1} << 62, 0x3fff) == 0x7e00);
  CHECK(code(0, 0xffff) == 0xfe00);
  CHECK(code(std::uint64_t{1} << 63, 0) == 0);
}
#endif
