// SPDX-License-Identifier: MIT
// Compile time: every rounding, saturation and random source of convert(), and arrays.
#include <narrowfloat/convert.hpp>

#include <array>

using namespace narrowfloat;

namespace {

template <class To = float8_e4m3fn, class From = float, class R = NearestEven>
consteval unsigned code(From x, R rounding = {}, Saturation saturation = default_saturation<To>,
                        Subnormals subnormals = Subnormals::keep) {
  return convert<To>(x, rounding, saturation, subnormals).bits();
}

// Between 0x38 = 1 and 0x39 = 1.125: the tie 1.0625, and 1.125 + 0.0625, a tie below an even code.
static_assert(code(1.0625f) == 0x38 && code(1.1875f) == 0x3a && code(1.0626f) == 0x39);
static_assert(code(1.0625f, nearest_away) == 0x39 && code(-1.0625f, nearest_away) == 0xb9);
static_assert(code(1.124f, toward_zero) == 0x38 && code(-1.124f, toward_zero) == 0xb8);
static_assert(code(1.001f, toward_positive) == 0x39 && code(-1.001f, toward_positive) == 0xb8);
static_assert(code(1.001f, toward_negative) == 0x38 && code(-1.001f, toward_negative) == 0xb9);
static_assert(code(1.001f, to_odd) == 0x39 && code(1.2f, to_odd) == 0x39 &&
              code(1.0f, to_odd) == 0x38);

// A double is rounded once: through float 1.0625 + 2^-40 would be a tie, and 1.
static_assert(code(1.0625 + 0x1p-40) == 0x39 && code(1.0625) == 0x38);

constexpr float infinity = __builtin_inff();
constexpr auto finite = Saturation::finite, propagate = Saturation::propagate,
               none = Saturation::none;
static_assert(code(500.f, nearest_even, finite) == 0x7e &&
              code(infinity, nearest_even, finite) == 0x7e);
static_assert(code(500.f, nearest_even, propagate) == 0x7e &&
              code(infinity, nearest_even, propagate) == 0x7f);
static_assert(code(464.f, nearest_even, none) == 0x7e && code(465.f, nearest_even, none) == 0x7f);
static_assert(code(-500.f, nearest_even, none) == 0xff && code(500.f, toward_zero, none) == 0x7e);
static_assert(code<float16>(70000.f) == 0x7c00 &&
              code<float16>(70000.f, nearest_even, finite) == 0x7bff);
static_assert(code<float8_e5m2>(infinity) == 0x7c &&
              code<float8_e5m2>(infinity, nearest_even, finite) == 0x7b);
static_assert(code<float4_e2m1fn>(-infinity) == 0xf &&
              code<float4_e2m1fn>(__builtin_nanf("")) == 0x7);
static_assert(code<float8_e8m0fnu>(-1.f) == 0 &&
              code<float8_e8m0fnu>(-1.f, nearest_even, none) == 0xff);
static_assert(code<float8_e4m3fnuz>(-0.f) == 0 &&
              code<float8_e4m3fnuz>(__builtin_nanf("")) == 0x80);

static_assert(code(0x1p-9f) == 0x01 &&
              code(0x1p-9f, nearest_even, propagate, Subnormals::flush) == 0);
static_assert(code(0x1.fffp-7f, nearest_even, propagate, Subnormals::flush) == 0x08);

// 1 + 0.125 * 5/8: five of the eight 3-bit words round up.
template <class R>
consteval int rounded_up(float x) {
  int count = 0;
  for (std::uint32_t r = 0; r < 8; ++r) count += code(x, R{r}) == 0x39 ? 1 : 0;
  return count;
}
constexpr float five_eighths = 1 + 0.125f * 5 / 8, tie = 1 + 0.125f * 9 / 16;
static_assert(rounded_up<StochasticA<3>>(five_eighths) == 5 &&
              rounded_up<StochasticB<3>>(five_eighths) == 5 &&
              rounded_up<StochasticC<3>>(five_eighths) == 5);
static_assert(rounded_up<StochasticA<3>>(tie) == 4 && rounded_up<StochasticB<3>>(tie) == 5 &&
              rounded_up<StochasticC<3>>(tie) == 4);
static_assert(code(five_eighths, StochasticC<3>{0xfffffff8}) == 0x38);  // the low bits alone

// A key gives the bits that element_bits() says.
constexpr Stochastic<16, StochasticVariant::p3109_a> key{.seed = 7, .stream = 9, .offset = 11};
static_assert(code(five_eighths, key) ==
              code(five_eighths, StochasticA<16>{element_bits<16>(7, 9, 11)}));
consteval int up_in_64() {
  int count = 0;
  for (std::uint64_t i = 0; i < 64; ++i) {
    count += code(five_eighths, Stochastic<>{.seed = 1, .stream = 2, .offset = i}) == 0x39 ? 1 : 0;
  }
  return count;
}
static_assert(20 < up_in_64() && up_in_64() < 60);

static_assert(convert<float>(float8_e4m3fn::from_bits(0x7e)) == 448.0f);
static_assert(convert<double>(Float<5, 3, 300>::from_bits(8)) == 0x1p-299);
static_assert(convert<float8_e5m2>(float8_e4m3fn(448)).bits() == 0x5f &&
              convert<float16>(-65504).bits() == 0xfbff);

// Arrays: element i draws the bits of index offset + i.
consteval bool array_is_elementwise() {
  std::array<float, 40> in{};
  in.fill(five_eighths);
  in[36] = -tie, in[37] = 1000.0f, in[38] = -0.0f, in[39] = 0x1p-9f;
  std::array<float8_e4m3fn, 40> nearest{}, flushed{}, stochastic{};
  convert(in, nearest);
  convert(in, flushed, nearest_even, Saturation::none, Subnormals::flush);
  convert(in, stochastic, Stochastic<>{.seed = 3, .stream = 4, .offset = 5});
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (nearest[i].bits() != code(in[i])) return false;
    if (flushed[i].bits() != code(in[i], nearest_even, none, Subnormals::flush)) return false;
    const Stochastic<> element{.seed = 3, .stream = 4, .offset = 5 + i};
    if (stochastic[i].bits() != code(in[i], element)) return false;
  }
  std::array<double, 40> back{};
  convert(nearest, back);
  return back[37] == 448 && back[36] == -1.125 && flushed[39].bits() == 0;
}
static_assert(array_is_elementwise());

}  // namespace
