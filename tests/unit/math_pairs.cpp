// SPDX-License-Identifier: MIT
// The functions of two arguments, of pairs of codes of the 8-bit formats (every 7th, or all with
// NARROWFLOAT_TEST_LOG2_INPUTS=16), are GNU MPFR's values rounded once by the oracle.
#include "support/mpfr.hpp"

#include <narrowfloat/math.hpp>

#include <array>
#include <cstdlib>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

int midpoint_of(mpfr_ptr y, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t rounding) {
  const int inexact = mpfr_add(y, a, b, rounding);
  return mpfr_div_2ui(y, y, 1, rounding) | inexact;
}
/// MPFR takes the first of two zeros.
int least_of(mpfr_ptr y, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t rounding) {
  const bool swap = mpfr_zero_p(a) != 0 && mpfr_zero_p(b) != 0 && mpfr_signbit(b) != 0;
  return swap ? mpfr_min(y, b, a, rounding) : mpfr_min(y, a, b, rounding);
}
int most_of(mpfr_ptr y, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t rounding) {
  const bool swap = mpfr_zero_p(a) != 0 && mpfr_zero_p(b) != 0 && mpfr_signbit(b) == 0;
  return swap ? mpfr_max(y, b, a, rounding) : mpfr_max(y, a, b, rounding);
}

struct Function {
  const char* name;
  int (*expected)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);
};
constexpr Function functions[] = {
    {"pow", mpfr_pow},         {"atan2", mpfr_atan2}, {"hypot", mpfr_hypot},
    {"fmod", mpfr_fmod},       {"fdim", mpfr_dim},    {"remainder", mpfr_remainder},
    {"midpoint", midpoint_of}, {"fmin", least_of},    {"fmax", most_of}};

template <class F>
constexpr std::array<F (*)(F, F), std::size(functions)> tested() {
  return {[](F a, F b) { return pow(a, b); },      [](F a, F b) { return atan2(a, b); },
          [](F a, F b) { return hypot(a, b); },    [](F a, F b) { return fmod(a, b); },
          [](F a, F b) { return fdim(a, b); },     [](F a, F b) { return remainder(a, b); },
          [](F a, F b) { return midpoint(a, b); }, [](F a, F b) { return fmin(a, b); },
          [](F a, F b) { return fmax(a, b); }};
}

template <class F>
void check_pairs(Mismatches& bad) {
  constexpr auto format = oracle_format<F>();
  constexpr auto got = tested<F>();
  const std::uint32_t step = std::getenv("NARROWFLOAT_TEST_LOG2_INPUTS") != nullptr ? 1 : 7;
  Real y;
  for (std::uint32_t pair = 0; pair < code_count<F>() * code_count<F>(); pair += step) {
    const std::uint32_t a = pair % code_count<F>(), b = pair / code_count<F>();
    const Real x(oracle::decode(format, a)), z(oracle::decode(format, b));
    for (std::size_t i = 0; i < std::size(functions); ++i) {
      const bool inexact = functions[i].expected(y, x, z, MPFR_RNDZ) != 0;
      const std::uint32_t expected =
          oracle::round(format, y.exact(inexact), {}, oracle::Saturation::none);
      bad.expect_equal([&] { return name_of<F>() + " " + functions[i].name; }, a << 16 | b,
                       expected, got[i](from_code<F>(a), from_code<F>(b)).bits());
    }
  }
}

}  // namespace

TEST_CASE("functions of two arguments are rounded once", "[math]") {
  limit_exponents();
  Mismatches bad;
  for_each_format<named_formats>([&]<class F>() {
    if constexpr (F::width <= 8) check_pairs<F>(bad);
  });
  for_each_format<std::tuple<
      Float<0, 3, 1, Specials::finite>, Float<0, 4, -3, Specials::fn>, Float<4, 0, 7>, Float<6, 1>,
      Float<4, 0, 30, Specials::scale, Signedness::is_unsigned>, Float<4, 3, 8, Specials::p3109>,
      Float<4, 2, 8, Specials::p3109, Signedness::is_unsigned>>>(
      [&]<class F>() { check_pairs<F>(bad); });
  CHECK(bad.report() == "");
}
