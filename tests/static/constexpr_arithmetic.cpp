// SPDX-License-Identifier: MIT
// Compile time: operators, sqrt, fma and the functions with policies, their zeros, Infs and NaNs.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/limits.hpp>
#include <narrowfloat/math.hpp>

using namespace narrowfloat;

namespace {

template <class F>
consteval F bits(unsigned code) {
  return F::from_bits(static_cast<typename F::Storage>(code));
}
template <class F>
consteval bool is(F x, unsigned code) {
  return x.bits() == code;
}

using h = float16;
constexpr h one(1), two(2), three(3), zero(0), minus_zero(-0.0);
constexpr h inf = std::numeric_limits<h>::infinity(), nan = std::numeric_limits<h>::quiet_NaN();
constexpr h largest = std::numeric_limits<h>::max(), tiny = std::numeric_limits<h>::denorm_min();

static_assert(one + two == three && three - two == one && two * three == h(6) &&
              h(6) / two == three);
static_assert(-one + one == zero && +one == one && is(one + bits<h>(0x1000), 0x3c00));
static_assert(is(one / three, 0x3555) && is(two / three, 0x3955));
static_assert(one + 1 == two && 7 / two == h(3.5) && is(one * 100000, 0x7c00));

// 1 + 2^-11 is a tie; 2^-11 + 2^-24 more is not.
static_assert(is(one + h(0x1p-11), 0x3c00) && is(one + h(0x1.01p-11), 0x3c01));
// The exact product 2^-24 * 0.5 is a tie between 0 and the smallest; 0.75 of it rounds up.
static_assert(is(tiny * h(0.5), 0) && is(tiny * h(0.75), 1) && is(tiny / two, 0));

static_assert(is(zero + minus_zero, 0) && is(minus_zero + minus_zero, 0x8000) && is(one - one, 0));
static_assert(is(minus_zero * one, 0x8000) && is(zero / -one, 0x8000));
static_assert(is(largest + largest, 0x7c00) && is(-largest - largest, 0xfc00));
static_assert(is(one / zero, 0x7c00) && is(one / minus_zero, 0xfc00) && is(one / inf, 0));
static_assert(is(inf - inf, 0x7e00) && is(zero * inf, 0x7e00) && is(zero / zero, 0x7e00) &&
              is(nan + one, 0x7e00));

static_assert(nan != nan && !(nan < one) && !(nan >= one) && zero == minus_zero);
static_assert(-inf < -largest && minus_zero < tiny && one < two &&
              (one <=> nan) == std::partial_ordering::unordered);

// No Inf: overflow and x / 0 are NaN, and keep the sign where NaN has one.
using e4m3fn = float8_e4m3fn;
static_assert(is(e4m3fn(448) + e4m3fn(448), 0x7f) && is(e4m3fn(-448) * e4m3fn(2), 0xff));
static_assert(is(e4m3fn(1) / e4m3fn(0), 0x7f) && is(e4m3fn(-1) / e4m3fn(0), 0xff));
// No NaN: the largest finite.
static_assert(is(float4_e2m1fn(6) + float4_e2m1fn(6), 0x7) &&
              is(float4_e2m1fn(0) / float4_e2m1fn(0), 0x7));
static_assert(is(float4_e2m1fn(-6) - float4_e2m1fn(6), 0xf) &&
              is(float4_e2m1fn(1) / float4_e2m1fn(-0.0), 0xf));
// No -0; one NaN.
static_assert(is(float8_e4m3fnuz(-1) * float8_e4m3fnuz(0), 0) && is(-float8_e4m3fnuz(0), 0));
static_assert(is(float8_e5m2fnuz(57344) * 2, 0x80) &&
              is(float8_e5m2fnuz(0) / float8_e5m2fnuz(0), 0x80));
// Unsigned: a negative difference is NaN.
static_assert(is(float8_ue4m3(1) - float8_ue4m3(2), 0x7f) &&
              is(float8_ue4m3(2) - float8_ue4m3(2), 0));

consteval h compound() {
  h x = one;
  x += two;
  x *= 4;
  x -= float8_e5m2(2);
  x /= h(4);
  return x;
}
static_assert(compound() == h(2.5));

static_assert(sqrt(h(9)) == three && sqrt(h(9), toward_zero) == three && is(sqrt(two), 0x3da8) &&
              is(sqrt(minus_zero), 0x8000) && is(sqrt(-one), 0x7e00));
static_assert(is(sqrt(inf), 0x7c00) && is(sqrt(tiny), 0x0c00));
// One rounding: the product 2^-11 * (1 - 2^-20) would round to 2^-11, a tie above 0x3c01.
constexpr h odd = bits<h>(0x3c01), below = h(0x1.ff8p-7), above = h(0x1.004p-5);
static_assert(is(fma(above, below, odd), 0x3c01) && is(above * below + odd, 0x3c02));
static_assert(is(fma(inf, zero, one), 0x7e00) && is(fma(one, one, -one), 0));

static_assert(is(add(one, h(0x1p-20), toward_positive), 0x3c01) &&
              is(add(one, h(0x1p-20), to_odd), 0x3c01));
static_assert(is(add(one, h(0x1p-20), toward_zero), 0x3c00) &&
              is(sub(one, h(0x1p-20), toward_zero), 0x3bff));
static_assert(is(sub(one, one, toward_negative), 0x8000) && is(sub(one, one), 0));
static_assert(is(mul(largest, two, toward_zero), 0x7bff) &&
              is(mul(largest, two, nearest_even, Saturation::finite), 0x7bff));
static_assert(is(div(one, three, toward_positive), 0x3556) &&
              is(div(one, three, nearest_away), 0x3555));
static_assert(is(div(one, zero, nearest_even, Saturation::finite), 0x7bff) &&
              is(div(one, zero, nearest_even, Saturation::propagate), 0x7c00));
static_assert(is(sqrt(two, toward_positive), 0x3da9) &&
              is(fma(one, one, h(0x1p-20), toward_positive), 0x3c01));
static_assert(is(add(one, h(0x1p-12), StochasticA<2>{2}), 0x3c00) &&
              is(add(one, h(0x1p-12), StochasticA<2>{3}), 0x3c01));

}  // namespace
