// SPDX-License-Identifier: MIT
// Compile time: classification, sign, neighbours, exponents, integers, remainders and what is exact
// besides; and which types the functions take and give.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/math.hpp>

#include <climits>
#include <cmath>

using namespace narrowfloat;

namespace {

template <class F>
consteval F at(unsigned code) {
  return F::from_bits(static_cast<typename F::Storage>(code));
}

using h = float16;
using e8m0 = float8_e8m0fnu;
using fnuz = float8_e4m3fnuz;
using p3109 = Float<4, 3, 8, Specials::p3109>;

static_assert(isnan(at<h>(0x7c01)) && isnan(at<h>(0xffff)) && !isnan(at<h>(0x7c00)));
static_assert(isinf(at<h>(0xfc00)) && !isinf(at<h>(0x7bff)) && isfinite(at<h>(0x7bff)) &&
              !isfinite(at<h>(0x7c01)));
static_assert(isnan(at<float8_e4m3fn>(0xff)) && isfinite(at<float8_e4m3fn>(0xfe)));
static_assert(isnan(at<fnuz>(0x80)) && !isnan(at<fnuz>(0xff)) && isnan(at<e8m0>(0xff)) &&
              !isnan(at<float4_e2m1fn>(0xf)));
static_assert(isnan(at<p3109>(0x80)) && isinf(at<p3109>(0x7f)) && isinf(at<p3109>(0xff)) &&
              isfinite(at<p3109>(0x7e)));

static_assert(signbit(h(-0.0)) && !signbit(h(0)) && signbit(at<h>(0xfe00)));
static_assert(!signbit(at<fnuz>(0x80)) && signbit(at<fnuz>(0x81)) && !signbit(at<e8m0>(0xff)));

static_assert(abs(h(-2)) == h(2) && abs(h(-0.0)).bits() == 0 &&
              abs(at<h>(0xfe00)).bits() == 0x7e00);
static_assert(abs(at<fnuz>(0x80)).bits() == 0x80 && abs(at<fnuz>(0x81)).bits() == 0x01 &&
              abs(e8m0(2)) == e8m0(2));
static_assert(copysign(h(2), h(-0.0)) == h(-2) && copysign(h(-2), h(1)) == h(2));
static_assert(copysign(fnuz(0), fnuz(-1)).bits() == 0 &&
              copysign(at<fnuz>(0x80), fnuz(1)).bits() == 0x80);
static_assert(copysign(e8m0(4), e8m0(1)) == e8m0(4));

static_assert(nextafter(h(1), h(2)).bits() == 0x3c01 && nextafter(h(1), h(0)).bits() == 0x3bff);
static_assert(nextafter(h(0), h(-1)).bits() == 0x8001 &&
              nextafter(at<h>(0x8001), h(1)).bits() == 0x8000);
static_assert(nextafter(h(0), h(-0.0)).bits() == 0x8000 &&
              nextafter(h(-0.0), h(1)).bits() == 0x0001);
static_assert(nextafter(at<h>(0x7bff), at<h>(0x7c00)).bits() == 0x7c00 &&
              isnan(nextafter(h(1), at<h>(0x7e00))));
static_assert(nextafter(at<fnuz>(0x81), fnuz(1)).bits() == 0 &&
              nextafter(fnuz(0), fnuz(-1)).bits() == 0x81);
static_assert(nextafter(e8m0(1), e8m0(8)) == e8m0(2) &&
              nextafter(at<e8m0>(1), at<e8m0>(0)).bits() == 0);

static_assert(ilogb(h(1)) == 0 && ilogb(h(-65504)) == 15 && ilogb(at<h>(1)) == -24 &&
              ilogb(at<e8m0>(0)) == -127);
static_assert(ilogb(h(0)) == INT_MIN && ilogb(at<h>(0x7c00)) == INT_MAX &&
              ilogb(at<h>(0x7e00)) == INT_MAX);

static_assert(ldexp(h(1), 15) == h(32768) && ldexp(h(1), 16).bits() == 0x7c00 &&
              ldexp(h(1), -24).bits() == 1);
static_assert(ldexp(h(1), -25).bits() == 0 && ldexp(h(1.5), -25).bits() == 1 &&
              ldexp(h(-1), INT_MIN).bits() == 0x8000);
static_assert(ldexp(h(1), INT_MAX).bits() == 0x7c00 && isnan(ldexp(at<h>(0x7e00), 1)));
static_assert(ldexp(float4_e2m1fn(1), 9) == float4_e2m1fn(6) && isnan(ldexp(float8_e4m3fn(-1), 9)));

template <class F>
consteval bool splits(F x, double fraction, int exponent) {
  int n = -1;
  return static_cast<double>(frexp(x, &n)) == fraction && n == exponent;
}
static_assert(splits(h(6), 0.75, 3) && splits(h(-0.25), -0.5, -1) && splits(at<h>(1), 0.5, -23) &&
              splits(h(0.5), 0.5, 0));
static_assert(splits(h(0), 0, 0) && splits(e8m0(8), 0.5, 4));

static_assert(fpclassify(at<h>(0x7e00)) == FP_NAN && fpclassify(at<h>(0xfc00)) == FP_INFINITE &&
              fpclassify(h(-0.0)) == FP_ZERO && fpclassify(at<h>(0x3ff)) == FP_SUBNORMAL &&
              fpclassify(at<h>(0x8400)) == FP_NORMAL);
static_assert(fpclassify(at<fnuz>(0x80)) == FP_NAN && fpclassify(at<e8m0>(0)) == FP_NORMAL &&
              fpclassify(at<Float<0, 7, 1, Specials::finite>>(1)) == FP_NORMAL);
static_assert(issubnormal(at<h>(0x3ff)) && !issubnormal(at<h>(0x400)) && !issubnormal(h(0)));
static_assert(isnormal(at<h>(0x400)) && !isnormal(at<h>(0x3ff)) && !isnormal(h(0)) &&
              !isnormal(at<h>(0x7c00)) && isnormal(at<e8m0>(0)));

static_assert(floor(h(-1.5)) == -2 && ceil(h(-1.5)) == -1 && trunc(h(-1.5)) == -1 &&
              round(h(-2.5)) == -3 && rint(h(-2.5)) == -2 && nearbyint(h(3.5)) == 4);
static_assert(ceil(h(-0.5)).bits() == 0x8000 && round(at<h>(0x37ff)).bits() == 0 &&
              round(h(0.5)) == 1 && floor(at<h>(0x8001)) == -1 && ceil(at<h>(1)) == 1);
static_assert(floor(at<h>(0xfc00)).bits() == 0xfc00 && floor(at<h>(0xfe01)).bits() == 0x7e00);
// A format without the integer: 1 is an overflow of a fraction, 17 a tie between 16 and 18, and a
// scale has no zero.
using below_one = Float<0, 7, 1, Specials::finite>;
using third = Float<4, 3, 4>;
static_assert(round(at<below_one>(0x7f)).bits() == 0x7f && floor(at<below_one>(0x7f)).bits() == 0);
static_assert(isnan(floor(e8m0(0.5))) && ceil(e8m0(0.25)) == e8m0(1) && rint(third(9)) == third(9));

static_assert(lround(h(2.5)) == 3 && lround(h(-2.5)) == -3 && lrint(h(2.5)) == 2 &&
              llrint(h(-3.5)) == -4 && llround(at<h>(0x7bff)) == 65504 && lrint(h(0.25)) == 0);
static_assert(llround(bfloat16(0x1p62)) == 1LL << 62 && llround(bfloat16(0x1p63)) == LLONG_MAX &&
              llround(bfloat16(-0x1p63)) == LLONG_MIN && llrint(bfloat16(-0x1p100)) == LLONG_MIN &&
              lround(at<h>(0x7c00)) == LONG_MAX && lrint(at<h>(0x7e00)) == 0);

template <class F>
consteval bool parts(F x, F fraction, F integer) {
  F whole;
  return modf(x, &whole).bits() == fraction.bits() && whole.bits() == integer.bits();
}
static_assert(parts(h(-2.25), h(-0.25), h(-2)) && parts(h(-2), h(-0.0), h(-2)) &&
              parts(at<h>(0xfc00), h(-0.0), at<h>(0xfc00)) && parts(h(0.5), h(0.5), h(0)));

static_assert(fmod(h(-7), h(2)) == -1 && remainder(h(7), h(2)) == -1 &&
              remainder(h(5), h(2)) == 1 && remainder(h(3), h(2)) == -1 &&
              remainder(h(1), h(2)) == 1 &&
              fmod(at<h>(0x7bff), at<h>(3)).bits() == 65504ull * (1ull << 24) % 3);
static_assert(isnan(fmod(h(1), h(0))) && isnan(fmod(at<h>(0x7c00), h(1))) &&
              fmod(h(3), at<h>(0x7c00)) == 3 && fmod(h(-4), 2).bits() == 0x8000);
static_assert(remainder(float8_ue4m3(7), float8_ue4m3(8)).bits() == 0x7f &&
              fmod(e8m0(1), e8m0(4)) == e8m0(1) && isnan(fmod(e8m0(4), e8m0(1))));

static_assert(fmin(h(1), at<h>(0x7e00)) == 1 && fmax(at<h>(0x7e00), h(1)) == 1 &&
              fmin(h(0), h(-0.0)).bits() == 0x8000 && fmax(h(-0.0), h(0)).bits() == 0);
static_assert(fdim(h(1), h(3)).bits() == 0 && fdim(h(3), h(1)) == 2 &&
              fdim(at<h>(0x7c00), at<h>(0x7c00)).bits() == 0 && isnan(fdim(h(1), at<h>(0x7e00))));
static_assert(midpoint(at<h>(0x7bff), at<h>(0x7bff)).bits() == 0x7bff &&
              midpoint(h(1), at<h>(0x3c01)) == 1 && midpoint(at<h>(1), h(0)).bits() == 0);
static_assert(hypot(h(3), h(-4)) == 5 && hypot(h(24576), h(32768)) == 40960 &&
              hypot(at<h>(0xfc00), at<h>(0x7e00)).bits() == 0x7c00);
static_assert(cbrt(h(-27)) == -3 && cbrt(h(-0.0)).bits() == 0x8000 && cbrt(h(8)) == 2);
static_assert(logb(h(-5)) == 2 && logb(h(0)).bits() == 0xfc00 &&
              logb(at<h>(0xfc00)).bits() == 0x7c00 && logb(at<h>(1)) == -24 &&
              scalbn(h(3), 2) == 12 && scalbln(h(1), LONG_MIN).bits() == 0);

// A double as near to a tie as a mathematical library's error is a tie; a little farther it is not.
// So in every binade.
static_assert(detail::function_value<h>(0x1.0020000000007p0) == 1 &&
              detail::function_value<h>(0x1.002000000000ap0).bits() == 0x3c01 &&
              detail::function_value<h>(0x1.005fffffffff9p0).bits() == 0x3c02 &&
              detail::function_value<h>(-0x1.ffffffffffff9p3) == -16);
// Below double's normal range it has fewer bits, of which none is lost.
using tiny = Float<8, 23, 1051, Specials::fn>;
static_assert(detail::function_value<tiny>(0x1.8p-1073) == tiny(0x1.8p-1073));

// The operands meet as an operator's; a float beside a Float is a float's business.
using std::fmod, std::pow, std::exp, std::fmin;
static_assert(std::same_as<decltype(exp(h{})), h> && std::same_as<decltype(pow(h{}, 2)), h> &&
              std::same_as<decltype(pow(2, h{})), h> && std::same_as<decltype(exp(1.0f)), float> &&
              std::same_as<decltype(pow(float8_e5m2{}, h{})), h> &&
              std::same_as<decltype(fmod(h{}, 2.0f)), float> &&
              std::same_as<decltype(std::exp(h{})), float> &&
              std::same_as<decltype(std::abs(h{})), float>);
template <class A, class B>
concept have_power = requires(A a, B b) {
  pow(a, b), fmin(a, b), fmod(a, b);
};
static_assert(have_power<h, float8_e4m3> && !have_power<h, bfloat16>);

template <class F>
consteval bool counts(F x, F up, F down) {
  F a = x, b = x;
  return (a++).bits() == x.bits() && a.bits() == up.bits() && (b--).bits() == x.bits() &&
         b.bits() == down.bits() && (--a).bits() == (up - F(1)).bits() && ++b == down + F(1);
}
static_assert(counts(h(2.5), h(3.5), h(1.5)) && counts(h(2048), h(2048), h(2047)) &&
              counts(float8_e5m2(-1), float8_e5m2(0), float8_e5m2(-2)));
consteval below_one next(below_one x) { return ++x; }
static_assert(next(below_one(-0.5)) == below_one(0.5));

}  // namespace
