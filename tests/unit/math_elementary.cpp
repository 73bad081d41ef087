// SPDX-License-Identifier: MIT
// The functions of one argument, of every code of the named formats of up to 12 bits and a sample
// of the others (all, with NARROWFLOAT_TEST_LOG2_INPUTS=24), are GNU MPFR's values rounded once by
// the oracle; and their least distance from a tie is far above the errors of a mathematical
// library.
#include "support/mpfr.hpp"

#include <narrowfloat/math.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

int log2_inputs() {
  const char* const text = std::getenv("NARROWFLOAT_TEST_LOG2_INPUTS");
  return text != nullptr ? std::atoi(text) : 12;
}

/// Beyond +-2000 gamma overflows, or its argument is an integer.
int gamma_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t rounding) {
  if (mpfr_number_p(x) == 0 || mpfr_cmpabs(x, Real({.significand = 2000})) <= 0)
    return mpfr_gamma(y, x, rounding);
  if (mpfr_sgn(x) > 0)
    mpfr_set_inf(y, 1);
  else
    mpfr_set_nan(y);
  return 0;
}
int lgamma_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t rounding) {
  int sign = 0;
  return mpfr_lgamma(y, &sign, x, rounding);
}
int floor_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_floor(y, x); }
int ceil_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_ceil(y, x); }
int trunc_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_trunc(y, x); }
int round_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_round(y, x); }
int rint_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_rint(y, x, MPFR_RNDN); }
int fraction_of(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t rounding) {
  const int inexact = mpfr_frac(y, x, rounding);
  if (mpfr_nan_p(x) == 0) mpfr_setsign(y, y, mpfr_signbit(x), MPFR_RNDZ);
  return inexact;
}

struct Function {
  const char* name;
  int (*expected)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
};
constexpr Function functions[] = {
    {"exp", mpfr_exp},     {"exp2", mpfr_exp2},   {"expm1", mpfr_expm1}, {"log", mpfr_log},
    {"log2", mpfr_log2},   {"log10", mpfr_log10}, {"log1p", mpfr_log1p}, {"sin", mpfr_sin},
    {"cos", mpfr_cos},     {"tan", mpfr_tan},     {"asin", mpfr_asin},   {"acos", mpfr_acos},
    {"atan", mpfr_atan},   {"sinh", mpfr_sinh},   {"cosh", mpfr_cosh},   {"tanh", mpfr_tanh},
    {"asinh", mpfr_asinh}, {"acosh", mpfr_acosh}, {"atanh", mpfr_atanh}, {"erf", mpfr_erf},
    {"erfc", mpfr_erfc},   {"tgamma", gamma_of},  {"lgamma", lgamma_of}, {"cbrt", mpfr_cbrt},
    {"floor", floor_of},   {"ceil", ceil_of},     {"trunc", trunc_of},   {"round", round_of},
    {"rint", rint_of},     {"modf", fraction_of}};
constexpr std::size_t function_count = std::size(functions);
constexpr std::size_t through_double = 23, inexact_count = 24;  // the first ones

/// The library's, in the same order.
template <class F>
constexpr std::array<F (*)(F), function_count> tested() {
  return {[](F x) { return exp(x); },
          [](F x) { return exp2(x); },
          [](F x) { return expm1(x); },
          [](F x) { return log(x); },
          [](F x) { return log2(x); },
          [](F x) { return log10(x); },
          [](F x) { return log1p(x); },
          [](F x) { return sin(x); },
          [](F x) { return cos(x); },
          [](F x) { return tan(x); },
          [](F x) { return asin(x); },
          [](F x) { return acos(x); },
          [](F x) { return atan(x); },
          [](F x) { return sinh(x); },
          [](F x) { return cosh(x); },
          [](F x) { return tanh(x); },
          [](F x) { return asinh(x); },
          [](F x) { return acosh(x); },
          [](F x) { return atanh(x); },
          [](F x) { return erf(x); },
          [](F x) { return erfc(x); },
          [](F x) { return tgamma(x); },
          [](F x) { return lgamma(x); },
          [](F x) { return cbrt(x); },
          [](F x) { return floor(x); },
          [](F x) { return ceil(x); },
          [](F x) { return trunc(x); },
          [](F x) { return round(x); },
          [](F x) { return rint(x); },
          [](F x) {
            F whole;
            return modf(x, &whole);
          }};
}

/// The distance of a value from the nearest tie of the format, in units of double's last place: its
/// logarithm to base 2 rounded down, 99 where it is far away or a tie.
template <class F>
int log2_distance(const oracle::Exact& value) {
  if (value.kind != oracle::Exact::Kind::finite || value.is_zero()) return 99;
  using layout = nf::detail::layout_of<F>;
  const int top = oracle::bit_length(value.significand) - 1 + value.exponent;
  if (top > layout::max_exponent + 1) return 99;
  const int step = std::max(top - layout::mantissa_bits, layout::quantum);
  const int half = step - 1 - value.exponent;  // the bit of the significand
  if (half > Real::bits || half < 1) return 99;
  const oracle::Wide tie = oracle::Wide{1} << half, rest = value.significand & (2 * tie - 1);
  if (rest == tie && !value.tail) return 99;
  const oracle::Wide distance = rest < tie ? tie - rest : rest - tie;
  return oracle::bit_length(distance) - 1 - (top - 52 - value.exponent);
}

template <class F>
void check_codes(Mismatches& bad, std::array<int, function_count>& least) {
  constexpr auto format = oracle_format<F>();
  constexpr auto got = tested<F>();
  const std::uint32_t step = F::width > log2_inputs() ? (1u << (F::width - log2_inputs())) - 1 : 1;
  Real y;
  for (std::uint32_t code = 0; code < code_count<F>(); code += step) {
    const Real x(oracle::decode(format, code));
    for (std::size_t i = 0; i < function_count; ++i) {
      const bool inexact = functions[i].expected(y, x, MPFR_RNDZ) != 0 && i < inexact_count;
      const oracle::Exact value = y.exact(inexact);
      const std::uint32_t expected = oracle::round(format, value, {}, oracle::Saturation::none);
      bad.expect_equal([&] { return name_of<F>() + " " + functions[i].name; }, code, expected,
                       got[i](from_code<F>(code)).bits());
      least[i] = std::min(least[i], log2_distance<F>(value));
    }
  }
}

/// The same over a list of formats; no value that goes through double lies within 2^`distance` of
/// its last places of a tie.
template <class List>
void check(int distance) {
  limit_exponents();
  Mismatches bad;
  std::array<int, function_count> all;
  all.fill(99);
  for_each_format<List>([&]<class F>() {
    std::array<int, function_count> least;
    least.fill(99);
    check_codes<F>(bad, least);
    if (log2_inputs() > 12 && F::width > 8) std::printf("\n%s:", name_of<F>().c_str());
    for (std::size_t i = 0; i < through_double; ++i) {
      if (log2_inputs() > 12 && F::width > 8) std::printf(" %s %d", functions[i].name, least[i]);
      all[i] = std::min(all[i], least[i]);
    }
  });
  CHECK(bad.report() == "");
  for (std::size_t i = 0; i < through_double; ++i) {
    INFO(functions[i].name);
    CHECK(all[i] >= distance);
  }
}

}  // namespace

TEST_CASE("named formats: functions are rounded once, and far from ties", "[math]") {
  check<named_formats>(18);
}

TEST_CASE("custom formats of up to 12 bits: functions are rounded once", "[math]") {
  check<std::tuple<
      Float<0, 3, 1, Specials::finite>, Float<0, 4, -3, Specials::fn>,
      Float<0, 5, 140, Specials::fnuz>, Float<3, 0, 3, Specials::finite>, Float<4, 0, 7>,
      Float<7, 0, 64, Specials::p3109>, Float<4, 0, 30, Specials::scale, Signedness::is_unsigned>,
      Float<4, 3, 8, Specials::p3109>, Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>,
      Float<1, 2, 0, Specials::ieee>, Float<8, 2, -20, Specials::finite>>>(18);
}

TEST_CASE("functions do not depend on the floating-point environment", "[math]") {
  const auto run = [] {
    std::vector<std::uint32_t> codes;
    for_each_format<std::tuple<nf::float8_e5m2, nf::float8_e8m0fnu, nf::bfloat16, nf::tfloat32>>(
        [&]<class F>() {
          for (std::uint32_t code = 0; code < code_count<F>(); code += code_count<F>() / 256 + 1) {
            for (const auto function : tested<F>())
              codes.push_back(function(from_code<F>(code)).bits());
          }
        });
    return codes;
  };
  check_rounding_modes(run);
  check_flush_flags(run);
}
