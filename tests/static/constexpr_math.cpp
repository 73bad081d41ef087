// SPDX-License-Identifier: MIT
// Compile time: classification, sign, neighbours and exponents.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/math.hpp>

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

}  // namespace
